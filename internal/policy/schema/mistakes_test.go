package schema_test

import (
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/policy/schema"
)

// full has every key of a policy.
const full = `version: 1
entitlements:
  prod:
    description: Production
    ticket:
      projects: [OPS]
      types: [Change]
      statuses: ["10042"]
      status_categories: [indeterminate]
      labels: [prod-access]
      components: [payments]
      assigned: true
      provenance: {reporter: other, assigner: {group: leads}, status_by: other, fields: other, automation: ["557058:x"]}
      window: {start: customfield_1, end: duedate, zone: Europe/Berlin}
      approvals: {field: customfield_3, count: 2, group: leads}
      linked: {links: [implements], projects: [CHG], types: [Change], statuses: ["3"], status_categories: [done]}
    when: ticket.priority == "P1"
    lease: {default: 30m, max: 2h}
    aws:
      role_arn: arn:aws:iam::111122223333:role/jit-ro
      session_policy: '{"Statement": []}'
      policy_arns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
      tags: {team: sre}
      external_id: abc
      mfa_serial: arn:aws:iam::111122223333:mfa/ada
      source_identity: inherit
      region: eu-west-1
  bastion:
    ticket: {projects: ["*"], statuses: ["*"]}
    lease: {default: 1m, max: 24h}
    ssh: {logins: [ops], extensions: [permit-pty], source_addresses: [10.0.0.0/8], force_command: ls -l, hosts: [db-*], principals: scoped}
`

// Each of these changes is one mistake, which the parser and the schema refuse.
func TestTheSchemaRefusesWhatTheParserRefuses(t *testing.T) {
	t.Parallel()
	s := compiled(t, schema.Policy())
	v, _ := value(full)
	if err := takesPolicy(full); err != nil || s.Validate(v) != nil {
		t.Fatal(err, s.Validate(v))
	}
	refused(t, full, takesPolicy, s.Validate, []string{
		"version: 1", "version: 2", "version: 1", `version: "1"`, "version: 1\n", "", "  prod:", "  Prod:", "  prod:", "  -x:",
		"description: Production", "description: 5", "description: Production", `description: "a\nb"`,
		"projects: [OPS]", "projects: [ops]", "projects: [OPS]", "projects: OPS", "projects: [OPS]", `projects: [OPS, "*"]`,
		"projects: [OPS]", "projects: []", "projects: [OPS]", "projects: [OPS, OPS]", "projects: [OPS]", "project: [OPS]",
		"types: [Change]", "types: ['*']", "types: [Change]", "types: [' Change']", `statuses: ["10042"]`, "statuses: [10042]",
		"status_categories: [indeterminate]", "status_categories: [In Progress]", "labels: [prod-access]", "labels: [prod access]",
		"assigned: true", "assigned: 'true'", "reporter: other", "reporter: me", "assigner: {group: leads}", "assigner: {}",
		"assigner: {group: leads}", "assigner: {group: ' leads'}", "start: customfield_1", "start: summary", "end: duedate", "end: created",
		"field: customfield_3", "field: duedate", "field: customfield_3, ", "", "count: 2", "count: 0", "count: 2", "count: 21", "count: 2", "count: 1.5",
		`statuses: ["3"], `, `statuses: [Done], `, "projects: [CHG], ", "", "[done]", `["*"]`, "[implements]", "implements",
		`ticket.priority == "P1"`, `""`, `ticket.priority == "P1"`, "true", "default: 30m, ", "", "max: 2h", "max: 120", "max: 2h", "max: soon", "max: 2h", "max: 2h, min: 1m",
		":role/jit-ro", ":user/ada", "111122223333:role", "1111:role", "ReadOnlyAccess\"", "Read Only\"", "{team: sre}", "{'jit:x': sre}", "{team: sre}", "{AWS:x: sre}", "{team: sre}", "{team: 5}",
		"external_id: abc", "external_id: a", "source_identity: inherit", "source_identity: ada", "region: eu-west-1", "region: Ireland",
		"session_policy: '", "session_policy_file: x\n      session_policy: '", "role_arn: arn:aws:iam::111122223333:role/jit-ro", "x: y",
		"logins: [ops]", "logins: []", "logins: [ops]", "logins: ['a,b']", "permit-pty", "permit-ptty", "10.0.0.0/8", "10.0.0.1", "ls -l", `"a\nb"`,
		"db-*", "'db 1'", "principals: scoped", "principals: all", "logins: [ops], ", "",
		"    ssh: {", "    aws: {role_arn: arn:aws:iam::111122223333:role/x}\n    ssh: {",
		"    lease: {default: 1m, max: 24h}\n", "", `ticket: {projects: ["*"], statuses: ["*"]}`, `ticket: {projects: ["*"]}`, `ticket: {projects: ["*"], statuses: ["*"]}`, "ticket: {}",
		"{reporter: other, assigner: {group: leads}, status_by: other, fields: other, ", "{", "{start: customfield_1, end: duedate, zone: Europe/Berlin}", "{zone: UTC}",
	})
}

// refused makes each change, given as what is there and what is put in its place.
func refused(t *testing.T, text string, takes func(string) error, validate func(any) error, changes []string) {
	t.Helper()
	for i := 0; i+1 < len(changes); i += 2 {
		data := strings.Replace(text, changes[i], changes[i+1], 1)
		v, ok := value(data)
		switch {
		case data == text || !ok:
			t.Errorf("%q changes nothing that is YAML", changes[i])
		case takes(data) == nil:
			t.Errorf("%q instead of %q is taken by the parser", changes[i+1], changes[i])
		case validate(v) == nil:
			t.Errorf("%q instead of %q is taken by the schema", changes[i+1], changes[i])
		}
	}
}

// every has every key of a file of cases.
const every = `tests: 1
people:
  ada: {name: Ada, email: ada@acme.com, type: atlassian, gone: false, groups: [sre]}
  bob: {type: ~, groups: []}
tickets:
  one: {key: OPS-7, id: "10042", type: Change, type_id: "7", priority: P1, priority_id: "1", project_id: "3"}
  two:
    like: one
    summary: A change
    project: OPS
    status: {id: "3", name: In Progress, category: indeterminate}
    labels: []
    components: [payments]
    assignee: ~
    reporter: bob
    creator: carol
    created: 2026-01-05T10:00:00Z
    updated: "2026-01-05T10:00:00+01:00"
    due: 2026-01-06
    fields: {customfield_1: [{accountId: bob}], customfield_2: 5, customfield_3: ~}
    links: [{type: Blocks, phrase: blocks, key: CHG-1, issue_type: Change, issue_type_id: "7", status: {name: Done, category: done}}]
    history: [{field: status, from: ~, to: "3", by: ~, at: 2026-01-05T11:00:00Z}, {field: customfield_1, by: bob}]
    archived: false
    unanswered: [priority, customfield_9]
defaults: {ticket: two, principal: ada, at: 2026-01-05T12:00:00Z, ttl: 30m, reason: ""}
cases:
  - name: one
    ticket: {like: one, due: ~}
    principal: bob
    people: {carol: {}}
    at: 2026-01-05T12:00:00.5Z
    ttl: 1h30m
    reason: because
    expect: {prod: allow, bastion: {allow: {for: 1h, not_after: 2026-01-05T13:00:00Z}}, other: {deny: [status, field]}, "*": deny}
`

func TestTheTestsSchemaRefusesWhatTheParserRefuses(t *testing.T) {
	t.Parallel()
	s := compiled(t, schema.Tests())
	v, _ := value(every)
	if err := takesTests(every); err != nil || s.Validate(v) != nil {
		t.Fatal(err, s.Validate(v))
	}
	refused(t, every, takesTests, s.Validate, []string{
		"tests: 1", "tests: 2", "tests: 1\n", "", "people:", "persons:", "gone: false", "gone: no one", "groups: [sre]", "groups: sre",
		"key: OPS-7", "key: ops-7", "key: OPS-7", "key: OPS", `id: "10042"`, "id: 10042", `{id: "3", name: In Progress, category: indeterminate}`, "Done",
		", category: indeterminate", "", `id: "3", name: In Progress, `, "", "labels: []", "labels: {}", "created: 2026-01-05T10:00:00Z", "created: 2026-01-05",
		"due: 2026-01-06", "due: tomorrow", "customfield_1: [", "summary: [", "key: CHG-1, ", "", "field: status, ", "", "field: status", "field: severity",
		"by: ~, ", "", "archived: false", "archived: ~", "[priority, ", "[prio, ", "ttl: 30m", "ttl: 30", "defaults: {", "defaults: {name: x, ",
		"  - name: one\n    ", "  - ", "name: one", `name: "a\nb"`, "like: one, due", "likes: one, due", "principal: bob", "principal: ~",
		"prod: allow", "prod: maybe", "prod: allow", "Prod: allow", "prod: allow", "prod: {}", "{for: 1h", "{ttl: 1h", "not_after: 2026-01-05T13:00:00Z", "not_after: 13:00",
		"[status, field]", "[statuss]", "[status, field]", "[]", "[status, field]", "[field, field]", `"*": deny`, "'**': deny",
	})
}
