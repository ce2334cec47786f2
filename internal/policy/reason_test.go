package policy_test

import (
	"strings"
	"testing"
)

func TestReadsReason(t *testing.T) {
	t.Parallel()
	for when, want := range map[string]bool{
		`request.reason != ""`: true, `size(request.reason) > 3 || ticket.priority == "P1"`: true,
		`ticket.priority == "P1"`: false, `"reason" in ticket.labels`: false,
	} {
		p := compile(t, "version: 1\nentitlements:\n  one:\n    ticket: {projects: [OPS], status_categories: [indeterminate]}\n"+
			"    when: '"+when+"'\n    lease: {default: 15m, max: 1h}\n    ssh: {logins: [ops]}\n")
		if p.ReadsReason("one") != want || p.ReadsReason("two") {
			t.Errorf("%s: %v", when, !want)
		}
		if p.ReadsDuration("one") {
			t.Errorf("%s reads no duration", when)
		}
		d := p.Decide("one", good())
		if strings.Contains(when, "request.reason != ") && !d.OnlyWhen() {
			t.Errorf("%s: %+v", when, d)
		}
		if d.Allowed && d.OnlyWhen() {
			t.Errorf("%s: allowed, and the expression stands in the way", when)
		}
		in := good()
		in.Ticket.Status.Category = "done"
		if p.Decide("one", in).OnlyWhen() {
			t.Errorf("%s: the status stands in the way too", when)
		}
	}
}

func TestReadsDuration(t *testing.T) {
	t.Parallel()
	p := compile(t, "version: 1\nentitlements:\n  one:\n    ticket: {projects: [OPS], status_categories: [indeterminate]}\n"+
		"    when: 'request.ttl < duration(\"1h\")'\n    lease: {default: 15m, max: 2h}\n    ssh: {logins: [ops]}\n")
	if !p.ReadsDuration("one") || p.ReadsReason("one") || p.ReadsDuration("two") {
		t.Error("what the expression reads is not told")
	}
}
