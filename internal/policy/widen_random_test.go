package policy_test

import (
	"math/rand/v2"
	"time"

	"github.com/jitaccess/jit/internal/ticket"
)

// demands are conditions on who did something, on times, and on other tickets.
var demands = []string{
	"provenance: {reporter: other}", "provenance: {assigner: other}", "provenance: {status_by: {group: leads}}",
	"provenance: {fields: other}", "provenance: {reporter: {group: leads}, assigner: other, status_by: other, fields: {group: leads}, automation: [robot]}",
	"window: {start: customfield_1}", "window: {end: customfield_2, zone: UTC}", "window: {start: customfield_1, end: customfield_2, zone: Europe/Berlin}", "window: {end: duedate, zone: UTC}",
	"approvals: {field: customfield_3}", "approvals: {field: customfield_3, count: 2}", "approvals: {field: customfield_3, group: leads}",
	"linked: {projects: [CHG], status_categories: [done]}", `linked: {projects: ["*"], statuses: ["7"], links: [blocks]}`,
}

// narrower are pairs of a condition and one that asks for more under the same key:
// what the second one allows, the first one allows.
var narrower = [][2]string{
	{"provenance: {reporter: other}", "provenance: {reporter: {group: leads}}"},
	{"provenance: {assigner: other}", "provenance: {assigner: other, status_by: other}"},
	{"provenance: {fields: other, automation: [robot]}", "provenance: {fields: other}"},
	{"provenance: {status_by: other}", "provenance: {reporter: other, assigner: other, status_by: {group: leads}, fields: other}"},
	{"window: {start: customfield_1, zone: UTC}", "window: {start: customfield_1, end: customfield_2, zone: UTC}"},
	{"approvals: {field: customfield_3}", "approvals: {field: customfield_3, count: 2}"},
	{"approvals: {field: customfield_3}", "approvals: {field: customfield_3, group: leads}"},
	{`linked: {projects: ["*"], status_categories: [done, new]}`, "linked: {projects: [CHG], status_categories: [done], links: [blocks]}"},
	{"types: [Incident, Task]", "types: [Incident]"},
	{"labels: [a, b]", "labels: [a]"},
}

// randomPerson is one of few, and now and then nobody, somebody gone or no person.
func randomPerson(r *rand.Rand) *ticket.Person {
	if r.IntN(3) > 0 {
		return &ticket.Person{ID: pick(r, "bob", "carol"), Type: "atlassian"}
	}
	return pick(r, nil, &ticket.Person{},
		&ticket.Person{ID: "ada", Type: "atlassian"}, &ticket.Person{ID: "ada"},
		&ticket.Person{ID: "bob", Type: "atlassian"}, &ticket.Person{ID: "bob"}, &ticket.Person{ID: "carol", Type: "atlassian"},
		&ticket.Person{ID: "robot", Type: "app"}, &ticket.Person{ID: "x", Type: "atlassian", Gone: true})
}

// randomHistory is a history of few fields, which often ends where the ticket is.
func randomHistory(r *rand.Rand, t ticket.Ticket) *ticket.History {
	if r.IntN(12) == 0 {
		return nil
	}
	h := &ticket.History{}
	assignee := ""
	if t.Assignee != nil {
		assignee = t.Assignee.ID
	}
	now := map[ticket.Field]string{
		ticket.FieldAssignee: assignee, ticket.FieldStatus: t.Status.ID, ticket.FieldReporter: "bob", ticket.FieldLabels: "a",
		ticket.FieldPriority: t.PriorityID, ticket.FieldType: t.TypeID, ticket.FieldProject: t.ProjectID, "customfield_3": "x",
	}
	for f, to := range now {
		for range pick(r, 0, 0, 0, 1, 1, 2) {
			h.Changes = append(h.Changes, ticket.Change{
				Field: f, From: pick(r, "", "other"), To: pick(r, to, to, to, to, to, "elsewhere"), By: randomPerson(r),
				At: noon.Add(-time.Duration(r.IntN(100)) * time.Hour), Guessed: r.IntN(10) == 0,
			})
		}
	}
	if r.IntN(12) == 0 {
		h.Unclear = []ticket.Field{ticket.FieldLabels}
	}
	return h
}

func randomTime(r *rand.Rand) any {
	return pick[any](r, nil, "", "no date", 17.0, "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-02T11:00:00.000+0000",
		"2026-03-02T12:05:00.000+0000", "2026-03-02T16:00:00.000+0200", "2026-03-02T08:00:00Z")
}

func randomApprovals(r *rand.Rand) any {
	who := func() any { return map[string]any{"accountId": pick(r, "ada", "bob", "carol", "robot")} }
	return pick[any](r, nil, []any{}, "text", []any{who()}, []any{who(), who()}, who(), []any{map[string]any{
		"id": "1", "finalDecision": pick(r, "approved", "declined"),
		"approvers": []any{map[string]any{"approverDecision": pick(r, "approved", "pending"), "approver": who()}},
	}})
}

func randomLinks(r *rand.Rand) []ticket.Link {
	var links []ticket.Link
	for range r.IntN(4) {
		links = append(links, ticket.Link{
			Type: "Blocks", Phrase: pick(r, "blocks", "is blocked by"), Key: pick[ticket.Key](r, "CHG-1", "OPS-2"),
			Status: ticket.Status{ID: pick(r, "7", "7", "8", ""), Category: pick(r, "done", "done", "new", "")},
		})
	}
	return links
}
