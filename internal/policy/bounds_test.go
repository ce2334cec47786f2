package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/policy"
)

// bomb is a file in which many entitlements alias one long list.
func bomb(prefix string, items, entitlements int) string {
	var b strings.Builder
	b.WriteString("version: 1\nentitlements:\n  a0: {ticket: {projects: [OPS], statuses: [\"3\"], labels: &l [")
	for i := range items {
		fmt.Fprintf(&b, "%s%d, ", prefix, i)
	}
	b.WriteString("]}}\n")
	for i := 1; i < entitlements; i++ {
		fmt.Fprintf(&b, "  a%d: {ticket: {projects: [OPS], statuses: [\"3\"], labels: *l}, lease: {default: 15m, max: 1h}, ssh: {logins: [ops]}}\n", i)
	}
	return b.String()
}

func TestAliasesAreBounded(t *testing.T) {
	t.Parallel()
	_, err := policy.Compile(source(bomb("x", 2000, 200)), nil)
	if err == nil || !strings.Contains(err.Error(), "p.yaml:1:1: the aliases of this file stand for more than 200000 values") {
		t.Errorf("%.300v", err)
	}
}

func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	_, err := policy.Compile(source(bomb("1", 3000, 3)), nil)
	if list, _ := errors.AsType[policy.Errors](err); len(list) != 1000 {
		t.Errorf("%d mistakes are told", len(list))
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		"version: 1\nentitlements: " + strings.Repeat("[", 200_000),
		"version: 1\nentitlements: " + strings.Repeat("{a: ", 100_000) + "1" + strings.Repeat("}", 100_000),
		strings.Repeat("- ", 200_000),
	} {
		if _, err := policy.Compile(source(data), nil); err == nil {
			t.Errorf("%.40s… is accepted", data)
		}
	}
}

func TestNoTextButUTF8(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"\xff\xfev\x00", "version: 1\x00", "version: \x1b1", "\xc3"} {
		_, err := policy.Compile(source(data), nil)
		if err == nil || !strings.HasPrefix(err.Error(), "p.yaml:1:1: ") {
			t.Errorf("%q: %v", data, err)
		}
	}
}
