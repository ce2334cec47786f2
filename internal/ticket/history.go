package ticket

import (
	"slices"
	"time"
)

const (
	// FieldCreator is who made the ticket, which nobody can edit.
	FieldCreator Field = "creator"
	// FieldHistory is the changelog. Jira has it beside the fields.
	FieldHistory Field = "changelog"
)

// Change is one change of one field.
type Change struct {
	Field Field // as in Ticket; a custom field by its id
	// From and To are the ids of the values, or the values themselves where they
	// have none; "" is no value.
	From, To string
	By       *Person // nil: Jira did not say who
	At       time.Time
	// Guessed is set where Jira told the field by a name that others may have too.
	Guessed bool
}

// History is a ticket's whole changelog. It is never a part of one: an adapter
// that cannot read it all returns an error.
type History struct {
	// Changes are in the order in which they happened.
	Changes []Change
	// Unclear are the fields of which a change cannot be told from one of another
	// field, as where two custom fields have one name and Jira sends the name only.
	Unclear []Field
}

// Last returns the newest change of a field, and false where it never changed.
func (h History) Last(f Field) (Change, bool) {
	for _, c := range slices.Backward(h.Changes) {
		if c.Field == f {
			return c, true
		}
	}
	return Change{}, false
}

// Of returns all changes of a field, the oldest first.
func (h History) Of(f Field) []Change {
	var of []Change
	for _, c := range h.Changes {
		if c.Field == f {
			of = append(of, c)
		}
	}
	return of
}
