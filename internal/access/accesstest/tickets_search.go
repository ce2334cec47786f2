package accesstest

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/ticket"
)

var _ access.Searcher = (*Tickets)(nil)

// fakePage is how many tickets the fake gives at once.
const fakePage = 50

// Searches returns what was searched for so far.
func (f *Tickets) Searches() []ticket.Search {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.searches)
}

// Search gives the tickets that are assigned to the principal, newest first, of
// the projects, whatever their state: a search may find too much.
func (f *Tickets) Search(ctx context.Context, s ticket.Search, fields []ticket.Field, limit int, page func([]ticket.Ticket) error) (bool, error) {
	found, err := f.found(ctx, s, fields)
	if err != nil {
		return false, err
	}
	more := len(found) > limit
	for part := range slices.Chunk(found[:min(len(found), limit)], fakePage) {
		if err := cmp.Or(stopped(ctx), page(part)); err != nil {
			return false, err
		}
	}
	return more, nil
}

func (f *Tickets) found(ctx context.Context, s ticket.Search, fields []ticket.Field) ([]ticket.Ticket, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.searches = append(f.searches, s)
	if err := cmp.Or(stopped(ctx), f.lookup); err != nil {
		return nil, err
	}
	all := slices.SortedFunc(maps.Values(f.tickets), func(a, b ticket.Ticket) int {
		return cmp.Or(b.Updated.Compare(a.Updated), cmp.Compare(a.ID, b.ID))
	})
	var found []ticket.Ticket
	for _, t := range all {
		mine := t.Assignee != nil && t.Assignee.ID == f.principal.ID
		if mine && (len(s.Projects) == 0 || slices.Contains(s.Projects, t.Project)) {
			found = append(found, f.cut(t, fields))
		}
	}
	return found, nil
}
