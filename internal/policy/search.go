package policy

import (
	"slices"

	"github.com/jitaccess/jit/internal/ticket"
)

// Search is what to look for among tickets to find those that could unlock one
// of the entitlements for which among holds; nil stands for all of them. Issue
// types, labels and components are left to Decide. A type's name may be
// translated, and Jira refuses a whole query for a component that none of the
// projects has; and the engineer is shown what a ticket of theirs lacks.
func (p *Policy) Search(among func(Entitlement) bool) ticket.Search {
	var s ticket.Search
	anywhere := false
	for _, e := range p.Entitlements() {
		if among != nil && !among(e) {
			continue
		}
		t := e.Ticket
		anywhere = anywhere || slices.Contains(t.Projects, Any)
		s.Projects = append(s.Projects, t.Projects...)
		s.Reported = s.Reported || !t.Assigned
		switch {
		case finishedToo(t.StatusCategories), len(t.StatusCategories) == 0 && slices.Contains(t.Statuses, Any):
			s.Finished = s.Finished || len(t.Statuses) == 0 || slices.Contains(t.Statuses, Any)
			s.Statuses = append(s.Statuses, t.Statuses...)
		case len(t.StatusCategories) == 0:
			s.Statuses = append(s.Statuses, t.Statuses...)
		}
	}
	if anywhere {
		s.Projects = nil
	}
	if s.Finished {
		s.Statuses = nil
	}
	slices.Sort(s.Projects)
	s.Projects = slices.Compact(s.Projects)
	slices.Sort(s.Statuses)
	s.Statuses = slices.Compact(s.Statuses)
	return s
}

// finishedToo reports whether a list of status categories takes a finished ticket.
func finishedToo(categories []string) bool {
	return slices.Contains(categories, Any) || slices.Contains(categories, "done")
}
