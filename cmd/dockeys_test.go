package cmd

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/policy"
)

var span = regexp.MustCompile("`([^`]+)`")

// tableKeys are the code spans of the first column of a document's tables, but
// for those below a heading.
func tableKeys(text, but string) []string {
	prose, _ := split(text)
	keys := map[string]bool{}
	skip := false
	for line := range strings.Lines(prose) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			skip = strings.TrimSpace(title) == but
		}
		cells := strings.Split(line, "|")
		if skip || len(cells) < 3 {
			continue
		}
		for _, m := range span.FindAllStringSubmatch(cells[1], -1) {
			keys[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// policyKeys asks the parser itself, which names the keys that it takes when it
// meets another.
func policyKeys(t *testing.T) []string {
	t.Helper()
	const odd = "{nonsense: 1}"
	const ticket = "{nonsense: 1, provenance: " + odd + ", window: " + odd + ", approvals: " + odd + ", linked: " + odd + "}"
	_, err := policy.Compile([]policy.Source{{Name: "p.yaml", Data: []byte(
		"version: 1\nnonsense: 1\nentitlements:\n  x: {nonsense: 1, ticket: " + ticket + ", lease: " + odd + ", limits: " + odd + ", aws: " + odd + ", ssh: " + odd + "}\n")}}, nil)
	levels := map[string]string{"the policy": "", "entitlement x": ""}
	for _, level := range []string{"ticket", "lease", "limits", "aws", "ssh"} {
		levels[level] = level + "."
	}
	for _, level := range []string{"provenance", "window", "approvals", "linked"} {
		levels[level] = "ticket." + level + "."
	}
	var keys []string
	found := regexp.MustCompile(`unknown key "nonsense" in ([^,]+), which takes (.+)`).FindAllStringSubmatch(fmt.Sprint(err), -1)
	if len(found) != len(levels) {
		t.Fatalf("%d levels of %d in\n%v", len(found), len(levels), err)
	}
	for _, m := range found {
		for key := range strings.SplitSeq(m[2], ", ") {
			keys = append(keys, levels[m[1]]+key)
		}
	}
	slices.Sort(keys)
	return keys
}

// configKeys are the keys of a type, those of its parts with a dot.
func configKeys(of reflect.Type, prefix string) []string {
	var keys []string
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case name == "-":
		case field.Type.Kind() == reflect.Struct:
			keys = append(keys, configKeys(field.Type, prefix+name+".")...)
		default:
			keys = append(keys, prefix+name)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestEveryKeyIsDescribed(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	for path, keys := range map[string]struct {
		want []string
		but  string
	}{
		"../docs/policy.md":        {policyKeys(t), "Expressions"},
		"../docs/configuration.md": {configKeys(reflect.TypeFor[config.Config](), ""), "Environment"},
	} {
		got := tableKeys(docs[path], keys.but)
		if !slices.Equal(got, keys.want) {
			t.Errorf("%s describes\n%q\nand there are\n%q", path, got, keys.want)
		}
	}
}
