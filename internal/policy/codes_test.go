package policy_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/policy"
)

// What an entitlement is said to ask is what its decisions tell, and nothing else
// can fail but what is asked of every ticket.
func TestCodesOfAnEntitlementAreThoseOfItsReasons(t *testing.T) {
	t.Parallel()
	always := []string{"principal", "ticket", "field", "project", "status", "status_category"}
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var conds []string
		for _, c := range append(conditions, demands...) {
			if r.IntN(3) == 0 {
				conds = append(conds, c)
			}
		}
		text := entitlement("one", pick(r, "[OPS]", `["*"]`), conds, pick(r, expressions...))
		if text == "" {
			continue
		}
		p := compile(t, "version: 1\nentitlements:\n"+text)
		e, _ := p.Entitlement("one")
		codes := e.Codes()
		for range 20 {
			d := p.Decide("one", randomInput(r))
			var told []string
			for _, reason := range d.Reasons {
				told = append(told, reason.Code)
				if !reason.OK && !slices.Contains(codes, reason.Code) && !slices.Contains(always, reason.Code) {
					t.Fatalf("%s%s fails, which is not in %q", text, reason.Code, codes)
				}
			}
			for _, code := range codes {
				if !slices.Contains(told, code) && !slices.Contains(told, "field") {
					t.Fatalf("%s%s is not told in %q", text, code, told)
				}
			}
		}
		for _, code := range codes {
			if !slices.Contains(policy.Codes(), code) {
				t.Errorf("%s is not among all codes", code)
			}
		}
	}
	if list := policy.Codes(); strings.Join(slices.Compact(slices.Sorted(slices.Values(list))), " ") != strings.Join(slices.Sorted(slices.Values(list)), " ") {
		t.Errorf("a code is twice in %q", list)
	}
}
