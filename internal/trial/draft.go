package trial

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/jitaccess/jit/internal/ticket"
)

// draft is a ticket as a file tells it. People are ids in it, since a case may
// say who they are, and what is left out is filled in when the ticket is made.
type draft struct {
	id, key, summary      string
	project, projectID    string
	kind, kindID          string
	priority, priorityID  string
	status                *ticket.Status
	labels, components    []string
	assignee              *string // nil: the principal of the defaults; "" is nobody
	reporter, creator     *string // nil: somebody else
	created, updated, due time.Time
	custom                map[ticket.Field]any
	links                 []ticket.Link
	history               []deed
	unanswered            []ticket.Field
	archived              bool
}

// deed is a change of the history.
type deed struct {
	ticket.Change
	by string
}

// clone is a draft that can be changed without changing the one it is like.
func (d draft) clone() draft {
	d.custom = maps.Clone(d.custom)
	return d
}

// names are the fields of a ticket as cases call them, with Jira's own name of
// each.
func names() map[string]ticket.Field {
	return map[string]ticket.Field{
		"project": ticket.FieldProject, "type": ticket.FieldType, "status": ticket.FieldStatus, "priority": ticket.FieldPriority,
		"labels": ticket.FieldLabels, "components": ticket.FieldComponents, "assignee": ticket.FieldAssignee,
		"reporter": ticket.FieldReporter, "creator": ticket.FieldCreator, "created": ticket.FieldCreated,
		"updated": ticket.FieldUpdated, "due": ticket.FieldDue, "summary": ticket.FieldSummary,
		"links": ticket.FieldLinks, "history": ticket.FieldHistory,
	}
}

// build makes the ticket of a case. An id that is left out is the name that it
// would stand for, so that a history can be told by names.
func (d draft) build(c *Case) ticket.Ticket {
	key := ticket.Key(cmp.Or(d.key, defaultKey))
	if d.key == "" && d.project != "" {
		key = ticket.Key(d.project + "-1")
	}
	project := cmp.Or(d.project, key.Project())
	reporter := or(d.reporter, defaultAuthor)
	created := d.created
	if created.IsZero() {
		created = c.at.Add(-time.Hour)
	}
	updated := d.updated
	if updated.IsZero() {
		updated = created
	}
	status := defaultStatus()
	if d.status != nil {
		status = *d.status
	}
	t := ticket.Ticket{
		ID: cmp.Or(d.id, defaultID), Key: key, Summary: d.summary,
		Project: project, ProjectID: cmp.Or(d.projectID, project),
		Type: d.kind, TypeID: cmp.Or(d.kindID, d.kind), Status: status,
		Priority: d.priority, PriorityID: cmp.Or(d.priorityID, d.priority),
		Labels: slices.Clone(d.labels), Components: slices.Clone(d.components),
		Assignee: c.people.person(or(d.assignee, c.owner)), Reporter: c.people.person(reporter),
		Creator: c.people.person(or(d.creator, reporter)), Created: created, Updated: updated, Due: d.due,
		Custom: maps.Clone(d.custom), Links: slices.Clone(d.links), Archived: d.archived,
		History: d.changes(c, created), Present: map[ticket.Field]bool{}, ReadAt: c.at,
	}
	for _, f := range names() {
		t.Present[f] = true
	}
	for f := range d.custom {
		t.Present[f] = true
	}
	return t
}

func (d draft) changes(c *Case, created time.Time) *ticket.History {
	h := &ticket.History{}
	for _, change := range d.history {
		change.By = c.people.person(change.by)
		if change.At.IsZero() {
			change.At = created
		}
		h.Changes = append(h.Changes, change.Change)
	}
	return h
}

func or(id *string, otherwise string) string {
	if id != nil {
		return *id
	}
	return otherwise
}
