package policydiff_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/policydiff"
)

// choices are the values that each key of a random entitlement can have; "" leaves
// it out.
var choices = map[string][]string{
	"projects":          {"[OPS]", "[OPS, SRE]", `["*"]`},
	"types":             {"", "[Change]", "[Change, Task]"},
	"statuses":          {`["*"]`, `["3"]`, `["3", "4"]`},
	"status_categories": {"", "[new]", "[new, indeterminate]"},
	"labels":            {"", "", "[a]", "[a, b]"},
	"assigned":          {"true", "false", "false"},
	"provenance": {
		"", "", "{reporter: other}", "{reporter: {group: leads}}", "{assigner: other, status_by: other}", "{fields: other, automation: [robot]}",
		"{fields: other}", "{status_by: {group: leads}, automation: [robot]}", "{status_by: other, automation: [robot, x]}",
	},
	"window":    {"", "", "{start: customfield_1, zone: UTC}", "{start: customfield_1, end: customfield_2, zone: UTC}", "{end: customfield_2, zone: UTC}"},
	"approvals": {"", "", "{field: customfield_3}", "{field: customfield_3, count: 2}", "{field: customfield_3, group: leads}"},
	"linked":    {"", "", "{projects: [CHG], status_categories: [done]}", `{projects: ["*"], status_categories: [done, new]}`, `{projects: ["*"], status_categories: [done, new], links: [Blocks]}`},
	"when":      {"", "", `'ticket.priority == "P1"'`},
	"lease":     {"{default: 15m, max: 1h}", "{default: 15m, max: 2h}", "{default: 30m, max: 2h}"},
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func random(r *rand.Rand) map[string]string {
	e := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(choices)) {
		e[key] = pick(r, choices[key]...)
	}
	return e
}

func write(e map[string]string) string {
	var ticket []string
	for _, key := range slices.Sorted(maps.Keys(e)) {
		if key != "when" && key != "lease" && e[key] != "" {
			ticket = append(ticket, key+": "+e[key])
		}
	}
	out := "version: 1\nentitlements:\n  x:\n    ticket: {" + strings.Join(ticket, ", ") + "}\n    lease: " + e["lease"] + "\n    ssh: {logins: [ops]}\n"
	if e["when"] != "" {
		out += "    when: " + e["when"] + "\n"
	}
	return out
}

// cases are random tickets, most of which meet most conditions.
func cases(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		who := func() string { return pick(r, "ada", "bob", "bob", "carol", "robot", "~") }
		history := []string{
			fmt.Sprintf("{field: status, to: '3', by: %s}", who()), fmt.Sprintf("{field: assignee, to: ada, by: %s}", who()),
			fmt.Sprintf("{field: labels, to: a, by: %s}", who()),
		}
		fmt.Fprintf(&b, "  - {name: c%d, ttl: %s, expect: {x: deny}, people: {bob: {groups: [leads]}, robot: {type: app}}, ticket: {key: %s, type: %s, "+
			"status: {id: '%s', category: %s}, labels: [%s], priority: %s, assignee: %s, creator: %s, reporter: %s, history: [%s], "+
			"fields: {customfield_1: %s, customfield_2: %s, customfield_3: [{accountId: %s}, {accountId: bob}]}, "+
			"links: [{type: %s, key: %s, status: {name: x, category: %s}}]}}\n",
			i, pick(r, "15m", "30m", "90m"), pick(r, "OPS-1", "OPS-1", "SRE-1", "DEV-1"), pick(r, "Change", "Task", "Bug"),
			pick(r, "3", "3", "4"), pick(r, "new", "indeterminate"), pick(r, "a", "b"), pick(r, "P1", "P1", "P2"), pick(r, "ada", "ada", "bob"),
			pick(r, "bob", "bob", "carol", "ada"), pick(r, "bob", "bob", "carol", "ada"), strings.Join(history[:r.IntN(4)], ", "),
			pick(r, "2026-01-05", "2026-01-06", "~"), pick(r, "2026-01-05", "2026-01-04", "'2026-01-05T12:20:00Z'", "~"), pick(r, "bob", "carol", "ada"),
			pick(r, "Blocks", "Relates"), pick(r, "CHG-1", "OPS-1"), pick(r, "done", "new"))
	}
	return b.String()
}

// What is called narrower, or of no effect, lets nothing in that was not: no ticket
// is decided the other way, nor for longer.
func TestWhatIsCalledNarrowerIs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	of := subjects(t, cases(r, 400))
	pairs, changes := 0, 0
	for range 4000 {
		from := random(r)
		to := maps.Clone(from)
		for range 1 + r.IntN(2) {
			key := pick(r, slices.Sorted(maps.Keys(choices))...)
			to[key] = pick(r, choices[key]...)
		}
		before, after := compiled(t, write(from)), compiled(t, write(to))
		d := policydiff.Compare(before, after, nil)
		if d.Empty() || d.Widens() {
			continue
		}
		pairs++
		for _, c := range policydiff.Compare(before, after, of).Decisions {
			changes++
			if c.Effect == policydiff.Wider {
				t.Fatalf("%s\n%sbut %s is decided\n%+v\nand then\n%+v\n%s", write(from), write(to), c.Subject, c.Old, c.New, told(d))
			}
		}
		if pairs == 150 {
			break
		}
	}
	if pairs < 100 || changes < 500 {
		t.Errorf("only %d pairs with %d changes: the test shows little", pairs, changes)
	}
}
