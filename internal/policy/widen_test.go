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
		return pick(r, nil, &ticket.Person{}, &ticket.Person{ID: "ada"}, &ticket.Person{ID: "ada"}, &ticket.Person{ID: "bob"})
	}
	present := map[ticket.Field]bool{}
	for _, f := range []ticket.Field{
		"assignee", "components", "duedate", "issuetype", "labels", "priority", "project", "status",
		"reporter", "creator", "created", "changelog", "issuelinks", "customfield_1", "customfield_2", "customfield_3",
	} {
		present[f] = r.IntN(16) > 0
	}
	in := policy.Input{
		Ticket: ticket.Ticket{
			ID: pick(r, "1", "1", "1", "1", "1", "1", "1", ""), Key: "OPS-1", Project: pick(r, "OPS", "OPS", "OPS", "OPS", "DEV", ""), Type: pick(r, "Incident", "Task", ""),
			Status: ticket.Status{ID: pick(r, "3", "4", ""), Untranslated: pick(r, "Open", "Closed", ""), Category: pick(r, "new", "done", "")},
			Labels: pick(r, nil, []string{"a"}, []string{"c", "b"}), Components: pick(r, nil, []string{"x"}),
			Priority: pick(r, "P1", "P2", ""), Due: pick(r, time.Time{}, noon), Assignee: person(), Present: present, Archived: r.IntN(20) == 0,
		},
		Principal: ticket.Principal{Person: ticket.Person{ID: pick(r, "ada", "ada", "ada", "ada", ""), Type: pick(r, "", "atlassian", "atlassian", "atlassian", "app")}, Groups: pick(r, nil, []string{}, []string{"sre"})},
		StatusIDs: pick(r, nil, map[string][]string{"Open": {"3"}}, map[string][]string{"Open": {"3", "4"}}),
		TTL:       pick(r, 0, 0, 20*time.Minute, 2*time.Hour),
		At:        noon,
	}
	t := &in.Ticket
	t.ProjectID, t.TypeID, t.PriorityID = pick(r, "p", ""), pick(r, "t", ""), pick(r, "1", "2")
	t.Reporter, t.Creator, t.Created = randomPerson(r), randomPerson(r), noon.Add(-200*time.Hour)
	t.Custom = map[ticket.Field]any{"customfield_1": randomTime(r), "customfield_2": randomTime(r), "customfield_3": randomApprovals(r)}
	t.Links, t.History = randomLinks(r), randomHistory(r, *t)
	in.AuthorGroups = pick(r, nil, map[string][]string{"bob": {"leads"}, "carol": {"leads"}, "ada": {"leads"}}, map[string][]string{"bob": {"leads"}, "carol": {}})
	return in
}

// Whatever an entitlement with more conditions allows, the one with fewer
// allows too, and for no shorter: adding a condition never widens.
func TestAddingAConditionNeverWidens(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	every := append(slices.Clone(conditions), demands...)
	allowed, checked := map[string]int{}, 0
	for range 600 {
		var fewer []string
		for _, c := range every {
			if r.IntN(12) == 0 {
				fewer = append(fewer, c)
			}
		}
		added := pick(r, every...)
		n := neverWidens(t, r, fewer, append(slices.Clone(fewer), added), pick(r, expressions...))
		checked += n
		key, _, _ := strings.Cut(added, ":")
		allowed[key] += n
	}
	for _, c := range every {
		if key, _, _ := strings.Cut(c, ":"); allowed[key] < 20 {
			t.Errorf("with %s added only %d were allowed, of %d: the test shows little", key, allowed[key], checked)
		}
	}
}

// Nor does a condition that asks for more in the place of one that asks for less.
func TestAskingForMoreNeverWidens(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for _, pair := range narrower {
		allowed := 0
		for range 40 {
			var also []string
			if r.IntN(2) == 0 {
				also = append(also, pick(r, conditions...))
			}
			allowed += neverWidens(t, r, append(slices.Clone(also), pair[0]), append(slices.Clone(also), pair[1]), "")
		}
		if allowed < 20 {
			t.Errorf("%s: only %d were allowed: the test shows little", pair[1], allowed)
		}
	}
}

// neverWidens holds an entitlement with more conditions against one with fewer, for
// many tickets, and returns how many it allowed.
func neverWidens(t *testing.T, r *rand.Rand, fewer, more []string, when string) int {
	t.Helper()
	projects := pick(r, "[OPS]", `["*"]`)
	wide := entitlement("wide", projects, fewer, "")
	narrow := entitlement("narrow", projects, more, when)
	if wide == "" || narrow == "" {
		return 0
	}
	p := compile(t, "version: 1\nentitlements:\n"+wide+narrow)
	allowed := 0
	for range 200 {
		in := randomInput(r)
		n, w := p.Decide("narrow", in), p.Decide("wide", in)
		switch {
		case n.Allowed && !w.Allowed:
			t.Fatalf("%s%s\n%+v\n%q", wide, narrow, in, failing(w))
		case n.Allowed && (n.TTL > w.TTL || !w.NotAfter.IsZero() && (n.NotAfter.IsZero() || n.NotAfter.After(w.NotAfter))):
			t.Fatalf("%s%s\n%+v\n%s until %s, and %s until %s", wide, narrow, in, n.TTL, n.NotAfter, w.TTL, w.NotAfter)
		case n.Allowed:
			allowed++
		}
	}
	return allowed
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
