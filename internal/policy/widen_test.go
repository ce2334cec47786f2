package policy_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// conditions are what can be added to an entitlement. Each list has few values,
// so that random tickets often meet them.
var conditions = []string{
	"types: [Incident]", "types: [Incident, Task]", "labels: [a]", "labels: [a, b]", "components: [x]", "assigned: true",
	`statuses: ["3"]`, "statuses: [Open]", "status_categories: [new]", "status_categories: [new, done]",
}

var expressions = []string{"", `when: ticket.priority == "P1"`, `when: principal.groups.exists(g, g == "sre")`, `when: has(ticket.due) || "a" in ticket.labels`}

// entitlement writes an entitlement with these conditions, or "" where they
// name one key twice.
func entitlement(name, projects string, conds []string, when string) string {
	keys := map[string]bool{"projects": true}
	parts := []string{"projects: " + projects}
	for _, c := range conds {
		key, _, _ := strings.Cut(c, ":")
		if keys[key] {
			return ""
		}
		keys[key] = true
		parts = append(parts, c)
	}
	if !keys["statuses"] {
		parts = append(parts, `statuses: ["*"]`)
	}
	if !keys["assigned"] {
		parts = append(parts, "assigned: false")
	}
	out := fmt.Sprintf("  %s:\n    ticket: {%s}\n    lease: {default: 15m, max: 1h}\n    ssh: {logins: [ops]}\n", name, strings.Join(parts, ", "))
	if when != "" {
		out += "    " + when + "\n"
	}
	return out
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func randomInput(r *rand.Rand) policy.Input {
	person := func() *ticket.Person {
		return pick(r, nil, &ticket.Person{}, &ticket.Person{ID: "ada"}, &ticket.Person{ID: "bob"})
	}
	present := map[ticket.Field]bool{}
	for _, f := range []ticket.Field{"assignee", "components", "duedate", "issuetype", "labels", "priority"} {
		present[f] = r.IntN(8) > 0
	}
	return policy.Input{
		Ticket: ticket.Ticket{
			ID: pick(r, "1", "1", "1", ""), Key: "OPS-1", Project: pick(r, "OPS", "OPS", "DEV", ""), Type: pick(r, "Incident", "Task", ""),
			Status: ticket.Status{ID: pick(r, "3", "4", ""), Untranslated: pick(r, "Open", "Closed", ""), Category: pick(r, "new", "done", "")},
			Labels: pick(r, nil, []string{"a"}, []string{"c", "b"}), Components: pick(r, nil, []string{"x"}),
			Priority: pick(r, "P1", "P2", ""), Due: pick(r, time.Time{}, noon), Assignee: person(), Present: present, Archived: r.IntN(10) == 0,
		},
		Principal: ticket.Principal{Person: ticket.Person{ID: pick(r, "ada", "ada", ""), Type: pick(r, "", "atlassian", "app")}, Groups: pick(r, nil, []string{}, []string{"sre"})},
		StatusIDs: pick(r, nil, map[string][]string{"Open": {"3"}}, map[string][]string{"Open": {"3", "4"}}),
		TTL:       pick(r, 0, 0, 20*time.Minute, 2*time.Hour),
	}
}

// Whatever an entitlement with more conditions allows, the one with fewer
// allows too: adding a condition never widens.
func TestAddingAConditionNeverWidens(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	allowed, checked := 0, 0
	for range 150 {
		var fewer []string
		for _, c := range conditions {
			if r.IntN(4) == 0 {
				fewer = append(fewer, c)
			}
		}
		more := append(slices.Clone(fewer), pick(r, conditions...))
		projects := pick(r, "[OPS]", `["*"]`)
		wide := entitlement("wide", projects, fewer, "")
		narrow := entitlement("narrow", projects, more, pick(r, expressions...))
		if wide == "" || narrow == "" {
			continue
		}
		p := compile(t, "version: 1\nentitlements:\n"+wide+narrow)
		for range 200 {
			in := randomInput(r)
			n, w := p.Decide("narrow", in), p.Decide("wide", in)
			if n.Allowed && !w.Allowed {
				t.Fatalf("%s%s\n%+v\n%q", wide, narrow, in, failing(w))
			}
			checked++
			if n.Allowed {
				allowed++
			}
		}
	}
	if allowed < 100 {
		t.Errorf("only %d of %d were allowed: the test shows little", allowed, checked)
	}
}

// Taking something away from an input that is allowed, rather than changing it,
// never turns a denial into an allow.
func TestLessFromJiraNeverWidens(t *testing.T) {
	t.Parallel()
	p := compile(t, example)
	for _, f := range slices.Sorted(maps.Keys(good().Ticket.Present)) {
		in := good()
		in.Ticket.Labels = nil // denied
		delete(in.Ticket.Present, f)
		if p.Decide("prod-readonly", in).Allowed {
			t.Errorf("without %s it is allowed", f)
		}
	}
}

// Every decision is allowed exactly when all of its reasons are.
func TestAllowedMeansEveryReason(t *testing.T) {
	t.Parallel()
	p := compile(t, example)
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		for _, d := range p.DecideAll(randomInput(r)) {
			if d.Allowed != (len(failing(d)) == 0 && len(d.Reasons) > 0) || d.Allowed != (d.TTL > 0) {
				t.Fatalf("%+v", d)
			}
		}
	}
}
