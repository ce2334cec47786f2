package policydiff_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/policy/strict"
	"github.com/jitaccess/jit/internal/policydiff"
	"github.com/jitaccess/jit/internal/trial"
)

const rules = `version: 1
entitlements:
  bastion:
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 15m, max: 1h}
    ssh: {logins: [ops]}
  prod:
    description: Production
    ticket:
      projects: [OPS, SRE]
      types: [Change]
      statuses: ["3"]
      status_categories: [indeterminate, new]
      labels: [prod]
      components: [payments]
      assigned: true
      provenance: {reporter: other, assigner: {group: leads}, automation: [robot]}
      window: {start: customfield_1, end: customfield_2, zone: UTC}
      approvals: {field: customfield_3, count: 2, group: leads}
      linked: {projects: [CHG], status_categories: [done]}
    when: ticket.priority == "P1"
    lease: {default: 30m, max: 2h}
    aws: {role_arn: "arn:aws:iam::111122223333:role/jit-ro", mfa_serial: "arn:aws:iam::111122223333:mfa/ada", region: eu-west-1, tags: {team: sre}}
`

// bastion is the policy with the first of its entitlements alone.
func bastion() string {
	text, _, _ := strings.Cut(rules, "  prod:")
	return text
}

func compiled(t *testing.T, data string) *policy.Policy {
	t.Helper()
	p, err := policy.Compile([]policy.Source{{Name: "p.yaml", Data: []byte(data)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// told is what changes, in one line a thing.
func told(d policydiff.Diff) string {
	var lines []string
	for _, e := range d.Entitlements {
		lines = append(lines, fmt.Sprintf("%s %s %s", e.Name, e.What, e.Effect))
		for _, k := range e.Keys {
			lines = append(lines, fmt.Sprintf("%s: %s -> %s %s", k.Name, k.Old, k.New, k.Effect))
		}
	}
	return strings.Join(lines, "\n")
}

func TestNothingChanges(t *testing.T) {
	t.Parallel()
	other := strings.Replace(rules, "[indeterminate, new]", "[new, indeterminate] # in another order", 1)
	if d := policydiff.Compare(compiled(t, rules), compiled(t, other), nil); !d.Empty() || d.Widens() {
		t.Errorf("%s", told(d))
	}
}

func TestEntitlementsComeAndGo(t *testing.T) {
	t.Parallel()
	one := compiled(t, bastion())
	both := compiled(t, rules)
	if d := policydiff.Compare(one, both, nil); told(d) != "prod added wider" || !d.Widens() {
		t.Errorf("%s", told(d))
	}
	if d := policydiff.Compare(both, one, nil); told(d) != "prod removed narrower" || d.Widens() || d.Empty() {
		t.Errorf("%s", told(d))
	}
}

// Each key that changes is told with its values, and with which way it goes; the
// other way round it goes the other way.
func TestKeysThatChange(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ from, to, want string }{
		{"description: Production", "description: Prod", "description: Production -> Prod neither"},
		{"[OPS, SRE]", "[OPS]", "ticket.projects: OPS, SRE -> OPS narrower"},
		{"[OPS, SRE]", "[OPS, DEV]", "ticket.projects: OPS, SRE -> OPS, DEV unclear"},
		{"[OPS, SRE]", `["*"]`, "ticket.projects: OPS, SRE -> * wider"},
		{"types: [Change]", "types: [Change, Task]", "ticket.types: Change -> Change, Task wider"},
		{"      types: [Change]\n", "", "ticket.types: Change ->  wider"},
		{`      statuses: ["3"]` + "\n", "", "ticket.statuses: 3 ->  wider"},
		{"[indeterminate, new]", "[new]", "ticket.status_categories: indeterminate, new -> new narrower"},
		{"labels: [prod]", "labels: [other]", "ticket.labels: prod -> other unclear"},
		{"      components: [payments]\n", "", "ticket.components: payments ->  wider"},
		{"assigned: true", "assigned: false", "ticket.assigned: true ->  wider"},
		{"reporter: other, ", "", "ticket.provenance.reporter: other ->  wider"},
		{"reporter: other", "reporter: {group: leads}", "ticket.provenance.reporter: other -> group leads narrower"},
		{"assigner: {group: leads}", "assigner: other", "ticket.provenance.assigner: group leads -> other wider"},
		{"assigner: {group: leads}", "assigner: {group: sre}", "ticket.provenance.assigner: group leads -> group sre unclear"},
		{"[robot]", "[robot, other]", "ticket.provenance.automation: robot -> robot, other wider"},
		{"start: customfield_1, ", "", "ticket.window.start: customfield_1 ->  wider"},
		{"zone: UTC", "zone: Europe/Berlin", "ticket.window.zone: UTC -> Europe/Berlin unclear"},
		{"end: customfield_2", "end: duedate", "ticket.window.end: customfield_2 -> duedate unclear"},
		{"count: 2", "count: 3", "ticket.approvals.count: 2 -> 3 narrower"},
		{", group: leads}\n      linked", "}\n      linked", "ticket.approvals.group: leads ->  wider"},
		{"projects: [CHG]", "projects: [CHG], links: [implements]", "ticket.linked.links:  -> implements narrower"},
		{"    when: ticket.priority == \"P1\"\n", "", "when: ticket.priority == \"P1\" ->  wider"},
		{`"P1"`, `"P2"`, "when: ticket.priority == \"P1\" -> ticket.priority == \"P2\" unclear"},
		{"{default: 30m, max: 2h}", "{default: 1h, max: 90m}", "lease.default: 30m -> 1h wider\nlease.max: 2h -> 1h30m narrower"},
		{"role/jit-ro", "role/jit-rw", "aws.role_arn: arn:aws:iam::111122223333:role/jit-ro -> arn:aws:iam::111122223333:role/jit-rw unclear"},
		{"team: sre", "team: ops", "aws.tags: team=sre -> team=ops unclear"},
		{"region: eu-west-1", "region: us-east-1", "aws.region: eu-west-1 -> us-east-1 neither"},
		{"logins: [ops]", "logins: [ops, root]", "ssh.logins: ops -> ops, root wider"},
		{"logins: [ops]", "logins: [ops], source_addresses: [10.0.0.0/8]", "ssh.source_addresses:  -> 10.0.0.0/8 narrower"},
		{"logins: [ops]", "logins: [ops], force_command: ls", "ssh.force_command:  -> ls narrower"},
		{"logins: [ops]", "logins: [ops], principals: scoped", "ssh.principals:  -> scoped narrower"},
		{"logins: [ops]", "logins: [ops], hosts: [x], extensions: [permit-pty]", "ssh.extensions:  -> permit-pty wider\nssh.hosts:  -> x neither"},
	} {
		changed := strings.Replace(rules, tc.from, tc.to, 1)
		if strings.HasSuffix(tc.from, "\n") {
			changed = strings.Replace(rules, tc.from, tc.to, 1)
		}
		d := policydiff.Compare(compiled(t, rules), compiled(t, changed), nil)
		_, keys, _ := strings.Cut(told(d), "\n")
		if keys != tc.want || d.Widens() != (strings.Contains(keys, "wider") || strings.Contains(keys, "unclear")) {
			t.Errorf("%q to %q:\n%s\nwant\n%s", tc.from, tc.to, told(d), tc.want)
		}
		back := policydiff.Compare(compiled(t, changed), compiled(t, rules), nil)
		swapped := strings.NewReplacer("wider", "narrower", "narrower", "wider").Replace(effects(d))
		if effects(back) != swapped {
			t.Errorf("%q to %q and back:\n%s\n%s", tc.from, tc.to, effects(d), effects(back))
		}
	}
}

func effects(d policydiff.Diff) string {
	var list []string
	for _, k := range d.Entitlements[0].Keys {
		list = append(list, string(k.Effect))
	}
	return strings.Join(list, " ")
}

func subjects(t *testing.T, cases string) []policydiff.Subject {
	t.Helper()
	files, err := trial.Parse([]strict.Source{{Name: "c", Data: []byte("tests: 1\ndefaults: {ticket: {key: OPS-7}}\ncases:\n" + cases)}})
	if err != nil {
		t.Fatal(err)
	}
	var list []policydiff.Subject
	for _, c := range files[0].Cases {
		list = append(list, policydiff.Subject{Name: c.Name, Input: c.Input})
	}
	return list
}

func TestDecisionsThatChange(t *testing.T) {
	t.Parallel()
	of := subjects(t, `  - {name: mine, expect: {x: deny}}
  - {name: an hour, ttl: 1h, expect: {x: deny}}
  - {name: done, ticket: {status: {name: Done, category: done}}, expect: {x: deny}}
  - {name: elsewhere, ticket: {key: DEV-1}, expect: {x: deny}}
`)
	before := compiled(t, bastion())
	after := compiled(t, strings.NewReplacer("[indeterminate]", "[indeterminate, done]", "{default: 15m, max: 1h}", "{default: 10m, max: 30m}").Replace(bastion()))
	var got []string
	d := policydiff.Compare(before, after, of)
	for _, c := range d.Decisions {
		got = append(got, fmt.Sprintf("%s %s %t %s -> %t %s %s", c.Subject, c.Entitlement, c.Old.Allowed, c.Old.TTL, c.New.Allowed, c.New.TTL, c.Effect))
	}
	want := "mine bastion true 15m0s -> true 10m0s narrower\nan hour bastion true 1h0m0s -> false 0s narrower\ndone bastion false 0s -> true 10m0s wider"
	if strings.Join(got, "\n") != want || d.Decided != 4 || !d.Widens() {
		t.Errorf("%d decided\n%s", d.Decided, strings.Join(got, "\n"))
	}
	if d := policydiff.Compare(before, compiled(t, rules), of); len(d.Decisions) != 0 || d.Decided != 8 {
		t.Errorf("%+v", d.Decisions)
	}
}

// A window that ends later, or that goes, is wider where the lease is as long.
func TestTheEndOfAWindowCounts(t *testing.T) {
	t.Parallel()
	const text = "version: 1\nentitlements:\n  a:\n    ticket: {projects: [OPS], status_categories: ['*'], window: {end: customfield_1}}\n    lease: {default: 15m, max: 1h}\n    ssh: {logins: [ops]}\n"
	of := subjects(t, `  - {name: a, ticket: {fields: {customfield_1: "2026-01-05T13:00:00Z", customfield_2: "2026-01-05T14:00:00Z"}}, expect: {x: deny}}`+"\n")
	for to, want := range map[string]policydiff.Effect{"{end: customfield_2}": policydiff.Wider, "none": policydiff.Wider} {
		changed := strings.Replace(text, "{end: customfield_1}", to, 1)
		if to == "none" {
			changed = strings.Replace(text, ", window: {end: customfield_1}", "", 1)
		}
		d := policydiff.Compare(compiled(t, text), compiled(t, changed), of)
		if len(d.Decisions) != 1 || d.Decisions[0].Effect != want {
			t.Errorf("%s: %+v", to, d.Decisions)
		}
		if d := policydiff.Compare(compiled(t, changed), compiled(t, text), of); len(d.Decisions) != 1 || d.Decisions[0].Effect != policydiff.Narrower {
			t.Errorf("back from %s: %+v", to, d.Decisions)
		}
	}
}
