package policy

import (
	"cmp"
	"slices"

	"github.com/jitaccess/jit/internal/ticket"
)

// deed is something that was done to a ticket.
type deed struct {
	ticket.Change
	created bool // it was so when the ticket was made, by its creator
}

// creation is the deed of whoever made the ticket.
func creation(t ticket.Ticket) deed {
	return deed{ticket.Change{By: t.Creator, At: t.Created}, true}
}

// latest is who gave a field the value that it has: whoever changed it last or,
// where nobody did, the creator.
func latest(t ticket.Ticket, f ticket.Field) deed {
	if c, ok := t.History.Last(f); ok {
		return deed{Change: c}
	}
	return creation(t)
}

// all is who ever had a part in the value of a field. The creator has none where
// the first change found it empty, if it is certain that it was of this field.
func all(t ticket.Ticket, f ticket.Field) []deed {
	var deeds []deed
	changes := t.History.Of(f)
	if len(changes) == 0 || changes[0].From != "" || changes[0].Guessed {
		deeds = append(deeds, creation(t))
	}
	for _, c := range changes {
		deeds = append(deeds, deed{Change: c})
	}
	return deeds
}

// single are the fields that have one value, which each change replaces, with the
// id of the value that the ticket has. Of any other field, parts may be older
// than the newest change.
func single(t ticket.Ticket) map[ticket.Field]string {
	due := ""
	if !t.Due.IsZero() {
		due = t.Due.Format("2006-01-02")
	}
	return map[ticket.Field]string{
		ticket.FieldProject: t.ProjectID, ticket.FieldType: t.TypeID,
		ticket.FieldPriority: t.PriorityID, ticket.FieldDue: due,
	}
}

// setters is who set a field that is neither the reporter, the assignee nor the
// status, and whether the history ends with the value that the ticket has.
func setters(t ticket.Ticket, f ticket.Field) (deeds []deed, agrees bool) {
	now, one := single(t)[f]
	if !one {
		return all(t, f), true
	}
	d := latest(t, f)
	return []deed{d}, d.created || d.To == now
}

// reporters is everybody who had a part in whom the ticket names as its reporter.
func reporters(t ticket.Ticket) []deed {
	deeds := []deed{creation(t)}
	for _, c := range t.History.Of(ticket.FieldReporter) {
		deeds = append(deeds, deed{Change: c})
	}
	return deeds
}

// others are the fields that `fields` of provenance is about: all that the
// entitlement reads and somebody can set, but those that have a demand of their
// own.
func (c *compiled) others() []ticket.Field {
	n := Needs{Fields: []ticket.Field{ticket.FieldProject}}
	c.reads(&n)
	fields := slices.DeleteFunc(n.Fields, func(f ticket.Field) bool {
		switch f {
		case ticket.FieldReporter, ticket.FieldAssignee, ticket.FieldStatus, // demands of their own
			ticket.FieldCreator, ticket.FieldCreated, ticket.FieldUpdated: // nobody sets them
			return true
		}
		return false
	})
	slices.Sort(fields)
	return slices.Compact(fields)
}

// Authors are the people whose groups must be known to decide about these
// entitlements, or about all where none is named: those who did to the ticket
// what only a member of a group may do.
func (p *Policy) Authors(t ticket.Ticket, names ...string) []ticket.Person {
	var people []ticket.Person
	for _, c := range p.among(names) {
		people = append(people, c.authors(t)...)
	}
	slices.SortFunc(people, func(a, b ticket.Person) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(people, func(a, b ticket.Person) bool { return a.ID == b.ID })
}

// authors are those of one entitlement.
func (c *compiled) authors(t ticket.Ticket) []ticket.Person {
	var people []ticket.Person
	if a := c.Ticket.Approvals; a != nil && a.Group != "" {
		people, _ = approvers(t.Custom[a.Field])
	}
	if t.History == nil {
		return people
	}
	for _, d := range c.groupDeeds(t) {
		if d.By != nil && d.By.ID != "" {
			people = append(people, *d.By)
		}
	}
	return people
}

// groupDeeds are the deeds that a group is demanded of.
func (c *compiled) groupDeeds(t ticket.Ticket) []deed {
	p := c.Ticket.Provenance
	var deeds []deed
	if p.Reporter.Group != "" {
		deeds = append(append(deeds, reporters(t)...), deed{Change: ticket.Change{By: t.Reporter}})
	}
	if p.Assigner.Group != "" {
		deeds = append(deeds, latest(t, ticket.FieldAssignee))
	}
	if p.StatusBy.Group != "" {
		deeds = append(deeds, latest(t, ticket.FieldStatus))
	}
	if p.Fields.Group != "" {
		for _, f := range c.others() {
			set, _ := setters(t, f)
			deeds = append(deeds, set...)
		}
	}
	return deeds
}
