package trial

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/policy/expr"
	"github.com/jitaccess/jit/internal/policy/strict"
	"github.com/jitaccess/jit/internal/ticket"
)

// ticketKeys are the keys of a ticket, but for like.
func ticketKeys() []string {
	return []string{
		"like", "id", "key", "summary", "project", "project_id", "type", "type_id", "status", "priority", "priority_id",
		"labels", "components", "assignee", "reporter", "creator", "created", "updated", "due", "fields", "links", "history",
		"archived", "unanswered",
	}
}

// ticket reads a ticket: the name of one of tickets, or what differs from the one
// that it is like or, without like, from the one of the defaults.
func (r *reader) ticket(n, at *yaml.Node, from draft) draft {
	if node, ok := r.Resolve(n); ok && node.Kind == yaml.ScalarNode && !strict.IsNull(node) {
		return r.named(n, "ticket")
	}
	o := r.Object(n, at, "a ticket", ticketKeys()...)
	if !o.OK {
		return from
	}
	if like := o.Get("like"); like != nil {
		from = r.named(like, "like")
	}
	d := from.clone()
	r.ids(o, &d)
	r.values(o, &d)
	r.persons(o, &d)
	if e, ok := o.Find("fields"); ok {
		r.custom(e, &d)
	}
	if n := o.Get("links"); n != nil {
		d.links = each(r, n, "links", r.link)
	}
	if n := o.Get("history"); n != nil {
		d.history = each(r, n, "history", r.deed)
	}
	return d
}

// named is a ticket of tickets.
func (r *reader) named(n *yaml.Node, what string) draft {
	it, ok := r.Text(n, what)
	d, known := r.tickets[it.Value]
	if ok && !known {
		r.Problem(n, "%s: no ticket %.80q stands above under tickets", what, it.Value)
	}
	return d.clone()
}

// ids reads what names the ticket.
func (r *reader) ids(o strict.Object, d *draft) {
	if n := o.Get("key"); n != nil {
		r.set(o, "key", &d.key)
		if key, err := ticket.ParseKey(d.key); d.key != "" && (err != nil || string(key) != d.key) {
			r.Problem(n, "%.80q is not the key of a ticket, such as OPS-7", d.key)
			d.key = ""
		}
		d.project = "" // the key tells it, unless the ticket was moved
	}
	for key, to := range map[string]*string{
		"id": &d.id, "summary": &d.summary, "project": &d.project, "project_id": &d.projectID, "type": &d.kind, "type_id": &d.kindID,
		"priority": &d.priority, "priority_id": &d.priorityID,
	} {
		r.set(o, key, to)
	}
}

func (r *reader) values(o strict.Object, d *draft) {
	if e, ok := o.Find("status"); ok {
		s := r.status(e)
		d.status = &s
	}
	if n := o.Get("labels"); n != nil {
		d.labels = r.list(n, "labels")
	}
	if n := o.Get("components"); n != nil {
		d.components = r.list(n, "components")
	}
	if n := o.Get("created"); n != nil {
		d.created, _ = r.Moment(n, "created")
	}
	if n := o.Get("updated"); n != nil {
		d.updated, _ = r.Moment(n, "updated")
	}
	if n := o.Get("due"); n != nil {
		d.due = time.Time{}
		if !strict.IsNull(n) {
			d.due, _ = r.Date(n, "due")
		}
	}
	if n := o.Get("archived"); n != nil {
		d.archived = r.Boolean(n, "archived")
	}
	if n := o.Get("unanswered"); n != nil {
		d.unanswered = nil
		for _, it := range r.Texts(n, "unanswered") {
			d.unanswered = append(d.unanswered, r.fieldName(it))
		}
	}
}

func (r *reader) persons(o strict.Object, d *draft) {
	for key, to := range map[string]**string{"assignee": &d.assignee, "reporter": &d.reporter, "creator": &d.creator} {
		if n := o.Get(key); n != nil {
			id := r.textOrNull(n, key)
			*to = &id
		}
	}
}

// status reads a status. An id or a name that is left out is the other one.
func (r *reader) status(e strict.Entry) ticket.Status {
	s := ticket.Status{}
	o := r.Object(e.Value, e.Key, "status", "id", "name", "category")
	if !o.OK {
		return s
	}
	r.set(o, "id", &s.ID)
	r.set(o, "name", &s.Name)
	r.set(o, "category", &s.Category)
	switch {
	case s.ID == "" && s.Name == "":
		r.Problem(o.At, "status must have id or name")
	case s.ID == "":
		s.ID = s.Name
	case s.Name == "":
		s.Name = s.ID
	}
	if s.Category == "" {
		r.Problem(o.At, "status must have category: new, indeterminate, done or undefined")
	}
	s.Untranslated = s.Name
	return s
}

// custom reads fields, over those of the ticket that this one is like.
func (r *reader) custom(e strict.Entry, d *draft) {
	entries, _ := r.Mapping(e.Value, "fields")
	for _, e := range entries {
		if !expr.IsCustomName(e.Name) {
			r.Problem(e.Key, "%.80q is not a custom field, such as customfield_10101", e.Name)
			continue
		}
		if d.custom == nil {
			d.custom = map[ticket.Field]any{}
		}
		d.custom[ticket.Field(e.Name)] = r.JSON(e.Value, e.Name)
	}
}

// fieldName is the field that a case calls by a name of its own or, where it is a
// custom one, of Jira's.
func (r *reader) fieldName(it strict.Item) ticket.Field {
	if f, ok := names()[it.Value]; ok {
		return f
	}
	if !expr.IsCustomName(it.Value) {
		r.Problem(it.Node, "%.80q is not a field; there are %s and custom ones such as customfield_10101", it.Value, strings.Join(sorted(names()), ", "))
	}
	return ticket.Field(it.Value)
}
