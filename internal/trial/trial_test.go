package trial_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/policy/strict"
	"github.com/jitaccess/jit/internal/trial"
)

const rules = `version: 1
entitlements:
  bastion:
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 15m, max: 1h}
    ssh: {logins: [ops]}
  prod:
    ticket:
      projects: [OPS]
      types: [Change]
      statuses: ["In Progress", "10042"]
      labels: [prod-access]
      components: [payments]
      assigned: true
      provenance: {reporter: other, assigner: {group: leads}, status_by: other, fields: other}
      window: {start: customfield_1, end: customfield_2, zone: Europe/Berlin}
      approvals: {field: customfield_3, group: leads}
      linked: {projects: [CHG], status_categories: [done]}
    when: principal.groups.exists(g, g == "sre") && ticket.priority == "P1"
    lease: {default: 30m, max: 2h}
    ssh: {logins: [root]}
`

const good = `tests: 1
people:
  ada: {groups: [sre]}
  bob: {groups: [leads]}
  "557058:robot": {type: app}
tickets:
  change:
    key: OPS-7
    type: Change
    priority: P1
    labels: [prod-access]
    components: [payments]
    links: [{type: Implements, key: CHG-1, status: {name: Approved, category: done}}]
    fields:
      customfield_1: 2026-01-05
      customfield_2: "2026-01-05T12:10:00.000+0000"
      customfield_3: [{accountId: bob}]
    history:
      - {field: assignee, to: ada, by: bob}
      - {field: status, from: Open, to: "3", by: carol}
defaults:
  ticket: change
cases:
`

func compiled(t *testing.T, data string) *policy.Policy {
	t.Helper()
	p, err := policy.Compile([]policy.Source{{Name: "p.yaml", Data: []byte(data)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parsed(t *testing.T, data string) []*trial.File {
	t.Helper()
	files, err := trial.Parse([]strict.Source{{Name: "p.test.yaml", Data: []byte(data)}})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func every(string) bool { return true }

// run gives what is told about each expectation that did not come true.
func run(t *testing.T, cases string) ([]string, trial.Result) {
	t.Helper()
	p := compiled(t, rules)
	files := parsed(t, good+cases)
	if err := trial.Names(p, files); err != nil {
		t.Fatal(err)
	}
	r := trial.Run(p, files, every)
	var told []string
	for _, o := range r.Outcomes {
		if o.Problem != "" {
			told = append(told, o.Expectation.Entitlement+": "+o.Problem)
		}
	}
	return told, r
}

// One change to a ticket that unlocks makes each condition fail, and that alone.
func TestEachConditionCanBeMadeToFail(t *testing.T) {
	t.Parallel()
	for override, want := range map[string]string{
		"":                              "",
		"ticket: {key: DEV-1}":          "project",
		"ticket: {project: DEV}":        "project",
		"ticket: {type: Task}":          "type",
		"ticket: {type: ~}":             "type",
		"ticket: {labels: []}":          "labels",
		"ticket: {components: [other]}": "components",
		"ticket: {assignee: bob, history: [{field: assignee, to: bob, by: bob}]}": "assignee",
		"ticket: {assignee: ~}":   "assignee, assigner",
		"ticket: {reporter: ada}": "fields, reporter",
		"ticket: {creator: ada, history: [{field: assignee, to: ada, by: bob}]}":                                              "fields, reporter, status_by",
		"ticket: {history: [{field: assignee, to: ada, by: bob}, {field: status, to: '3', by: ada}]}":                         "status_by",
		"ticket: {history: [{field: assignee, to: ada, by: bob}, {field: labels, to: prod-access, by: ada}]}":                 "fields",
		"ticket: {history: [{field: assignee, to: ada, by: bob}, {field: priority, from: P2, to: P1, by: ada}]}":              "fields",
		"ticket: {history: [{field: assignee, to: ada, by: bob}, {field: status, to: '3', by: '557058:robot'}]}":              "status_by",
		"ticket: {history: [{field: assignee, to: ada, by: bob}, {field: status, to: '3', by: ~}]}":                           "status_by",
		"ticket: {history: [{field: assignee, to: ada, by: bob, at: 2026-01-05T10:00:00Z}, {field: status, to: '9', by: x}]}": "status_by",
		"ticket: {history: []}":                                   "assigner",
		"people: {bob: {groups: []}}":                             "approvals, assigner",
		"people: {carol: {gone: true}}":                           "status_by",
		"people: {ada: {type: app}}":                              "principal, when",
		"ticket: {fields: {customfield_3: [{accountId: carol}]}}": "approvals",
		"ticket: {links: []}":                                     "linked",
		"ticket: {priority: P2}":                                  "when",
		"ticket: {unanswered: [labels]}":                          "field",
		"ticket: {unanswered: [customfield_3]}":                   "field",
		"ticket: {unanswered: [history]}":                         "field",
		"ticket: {archived: true}":                                "ticket",
		"at: 2026-01-05T12:10:00Z":                                "window",
		"at: 2026-01-04T22:59:59Z":                                "window",
		"at: 2026-01-04T23:00:00Z":                                "",
		"ttl: 3h":                                                 "lease",
		"principal: carol":                                        "assignee, status_by, when",
		"ticket: {status: {id: '10042', category: new}, history: [{field: assignee, to: ada, by: bob}]}":       "",
		"ticket: {status: {name: In Progress, category: new}, history: [{field: assignee, to: ada, by: bob}]}": "",
		"ticket: {status: {name: Done, category: done}, history: [{field: assignee, to: ada, by: bob}]}":       "status",
	} {
		expect := "allow"
		if want != "" {
			expect = "{deny: [" + want + "]}"
		}
		line := ""
		if override != "" {
			line = "    " + override + "\n"
		}
		told, _ := run(t, "  - name: x\n"+line+"    expect: {prod: "+expect+"}\n")
		if len(told) > 0 {
			t.Errorf("%s: %s", override, told[0])
		}
	}
}

func TestWhatDiffersIsTold(t *testing.T) {
	t.Parallel()
	for expect, want := range map[string]string{
		"{prod: deny}":                                                 "prod: expected deny, got allow for 10m",
		"{prod: {deny: [type, status]}}":                               "prod: expected deny for status, type, got allow for 10m",
		"{prod: {allow: {for: 30m}}}":                                  "prod: expected allow for 30m, got allow for 10m",
		"{prod: {allow: {for: 10m}}}":                                  "",
		"{prod: {allow: {not_after: 2026-01-05T12:10:00Z}}}":           "",
		"{prod: {allow: {for: 10m, not_after: 2026-01-05T12:11:00Z}}}": "prod: expected allow for 10m, not after 2026-01-05T12:11:00Z, got allow for 10m, not after 2026-01-05T12:10:00Z",
		`{prod: allow, "*": deny}`:                                     "bastion: expected deny, got allow for 15m",
		`{"*": allow}`:                                                 "",
		`{"*": deny, bastion: allow}`:                                  "prod: expected deny, got allow for 10m",
	} {
		told, r := run(t, "  - name: x\n    expect: "+expect+"\n")
		if got := strings.Join(told, "\n"); got != want {
			t.Errorf("%s: %q, want %q", expect, got, want)
		}
		if failed, of := r.Failed(); of != 1 || (failed == 1) != (want != "") {
			t.Errorf("%s: %d of %d failed", expect, failed, of)
		}
	}
	told, _ := run(t, "  - {name: x, ticket: {labels: []}, expect: {prod: allow, bastion: {deny: [project]}}}\n")
	if got := strings.Join(told, "\n"); got != "prod: expected allow, got deny for labels\nbastion: expected deny for project, got allow for 15m" {
		t.Errorf("%q", got)
	}
}

// Short cases need no ticket at all.
func TestDefaults(t *testing.T) {
	t.Parallel()
	p := compiled(t, strings.ReplaceAll(rules, "OPS", "TEST"))
	r := trial.Run(p, parsed(t, "tests: 1\ncases:\n  - {name: a, expect: {bastion: {allow: {for: 15m}}}}\n"), every)
	if failed, of := r.Failed(); failed != 0 || of != 1 {
		t.Errorf("%+v", r.Outcomes[0].Problem)
	}
	in := parsed(t, "tests: 1\ncases: [{name: a, ticket: {project: OPS}, expect: {x: deny}}]")[0].Cases[0].Input(p)
	if in.Ticket.Key != "OPS-1" || in.Ticket.Assignee.ID != "ada" || in.Ticket.Reporter.ID != "somebody" || in.Principal.ID != "ada" ||
		in.Ticket.Created.After(in.At) || in.Ticket.Updated.IsZero() || in.Principal.Groups == nil {
		t.Errorf("%+v", in)
	}
}

func TestNamesAreHeldAgainstThePolicy(t *testing.T) {
	t.Parallel()
	files := parsed(t, "tests: 1\ncases:\n  - name: a\n    expect:\n      bastion: allow\n      bastoin: deny\n      \"*\": deny\n  - {name: b, expect: {none: deny}}\n")
	err := trial.Names(compiled(t, rules), files)
	list, _ := errors.AsType[strict.Errors](err)
	if len(list) != 2 || list[0].String() != `p.test.yaml:6:7: the policy has no entitlement "bastoin"` || list[1].Line != 8 || fault.ClassOf(err) != fault.Config {
		t.Errorf("%v", err)
	}
}

func TestCasesAreChosenByName(t *testing.T) {
	t.Parallel()
	files := parsed(t, good+"  - {name: one, expect: {prod: allow}}\n  - {name: two, expect: {prod: deny}}\n")
	r := trial.Run(compiled(t, rules), files, func(name string) bool { return name == "one" })
	if failed, of := r.Failed(); failed != 0 || of != 1 {
		t.Errorf("%d of %d", failed, of)
	}
}
