package access

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// Searcher is an optional ability of Tickets: find tickets.
type Searcher interface {
	// Search gives the principal's tickets to page as they come, each with these
	// fields, no more than limit of them, and reports whether there may be more.
	// It may give tickets that do not match, and stops with page's error. Its
	// own errors are those of Tickets.
	Search(ctx context.Context, s ticket.Search, fields []ticket.Field, limit int, page func([]ticket.Ticket) error) (more bool, err error)
}

// MaxCandidates bounds the tickets that Candidates finds.
const MaxCandidates = 5000

// Candidate is a ticket with what it unlocks for the principal when nothing is
// said of the reason and the duration. The input is what was decided on.
type Candidate struct {
	policy.Input
	Decisions []policy.Decision
}

// Unlocks reports whether the ticket unlocks anything.
func (c Candidate) Unlocks() bool { return Explanation{Decisions: c.Decisions}.Allowed() }

// Candidate reads one ticket that is named by its key, and decides as Candidates
// does.
func (s *Service) Candidate(ctx context.Context, key ticket.Key, among func(policy.Entitlement) bool) (Candidate, error) {
	names := s.among(among)
	in, err := s.lookUp(ctx, key, names...)
	if err != nil {
		return Candidate{}, err
	}
	in.At = s.Now().UTC()
	c := Candidate{Input: in}
	for _, name := range names {
		c.Decisions = append(c.Decisions, s.Policy.Decide(name, in))
	}
	return c, nil
}

// Again decides for a candidate with another duration and reason, at the time
// that it is now. It asks nobody: the ticket is as it was read.
func (s *Service) Again(c Candidate, entitlement string, ttl time.Duration, reason string) policy.Decision {
	in := c.Input
	in.TTL, in.Reason, in.At = ttl, reason, s.Now().UTC()
	return s.Policy.Decide(entitlement, in)
}

// among are the names of the entitlements for which a function holds; nil is all.
func (s *Service) among(f func(policy.Entitlement) bool) []string {
	var names []string
	for _, e := range s.Policy.Entitlements() {
		if f == nil || f(e) {
			names = append(names, e.Name)
		}
	}
	return names
}

// Candidates finds the principal's own tickets that could unlock one of the
// entitlements for which among holds (nil: any), decides for those with the
// code that Request decides with, and gives them to page as they come. It
// records nothing. It reports whether there may be more than MaxCandidates.
func (s *Service) Candidates(ctx context.Context, among func(policy.Entitlement) bool, page func([]Candidate) error) (more bool, err error) {
	searcher, ok := s.Tickets.(Searcher)
	if !ok {
		return false, fault.New(fault.Usage, "this ticket system cannot be searched").WithHint("name the ticket's key")
	}
	names := s.among(among)
	if len(names) == 0 {
		return false, fault.New(fault.Config, "the policy has nothing that could be unlocked here").
			WithHint("jit policy check shows what it has")
	}
	d := &decider{service: s, names: names, needs: s.Policy.Needs(names...), ids: map[string]map[string][]string{}, groups: map[string][]string{}}
	fields := slices.Concat(d.needs.Fields, []ticket.Field{ticket.FieldUpdated, ticket.FieldSummary})
	return searcher.Search(ctx, s.Policy.Search(among), fields, MaxCandidates, func(found []ticket.Ticket) error {
		decided, err := d.decide(ctx, found)
		if err != nil {
			return err
		}
		return page(decided)
	})
}

// decider decides for many tickets of one principal.
type decider struct {
	service *Service
	names   []string
	needs   policy.Needs
	ids     map[string]map[string][]string // of statuses, by project
	groups  map[string][]string            // of authors, by person
	past    []policy.Earlier               // the principal's grants
	since   time.Time                      // from when on they are known; zero: not yet
}

func (d *decider) decide(ctx context.Context, found []ticket.Ticket) ([]Candidate, error) {
	who, err := d.service.Tickets.Whoami(ctx, d.needs.Groups) // asked once: adapters keep the answer
	if err != nil {
		return nil, err
	}
	out := make([]Candidate, len(found))
	for i, t := range found {
		in := policy.Input{Ticket: t, Principal: who, At: d.service.Now().UTC()}
		if in.StatusIDs, err = d.statusIDs(ctx, t); err != nil {
			return nil, err
		}
		if in.AuthorGroups, err = d.authorGroups(ctx, t); err != nil {
			return nil, err
		}
		if in.Earlier, err = d.earlier(ctx, who.ID, d.service.Policy.Since(t, in.At, d.names...)); err != nil {
			return nil, err
		}
		out[i].Input = in
		for _, name := range d.names {
			out[i].Decisions = append(out[i].Decisions, d.service.Policy.Decide(name, in))
		}
	}
	return out, nil
}

// statusIDs resolves the names of statuses as a lookup does, once a project.
func (d *decider) statusIDs(ctx context.Context, t ticket.Ticket) (map[string][]string, error) {
	if ids, known := d.ids[t.ProjectID]; known && t.Status.Untranslated == "" {
		return ids, nil
	}
	ids, err := d.service.statusIDs(ctx, d.needs, t)
	if err == nil && ids != nil {
		d.ids[t.ProjectID] = ids
	}
	return ids, err
}

// authorGroups are those of a ticket's authors, each asked for once.
func (d *decider) authorGroups(ctx context.Context, t ticket.Ticket) (map[string][]string, error) {
	groups, ok := d.service.Tickets.(Groups)
	if !ok {
		return nil, nil
	}
	people := slices.DeleteFunc(d.service.Policy.Authors(t, d.names...), func(p ticket.Person) bool {
		_, known := d.groups[p.ID]
		return known
	})
	if len(people) > 0 {
		found, err := groups.GroupsOf(ctx, people)
		if err != nil {
			return nil, err
		}
		maps.Copy(d.groups, found)
	}
	return maps.Clone(d.groups), nil
}

// earlier are the principal's grants since a time, read once unless a ticket needs
// older ones.
func (d *decider) earlier(ctx context.Context, principal string, from time.Time) ([]policy.Earlier, error) {
	if from.IsZero() {
		return nil, nil
	}
	if d.since.IsZero() || from.Before(d.since) {
		past, err := d.service.earlier(ctx, principal, from)
		if err != nil {
			return nil, err
		}
		d.past, d.since = past, from
	}
	return d.past, nil
}
