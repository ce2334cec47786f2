package access

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// lookUp asks Jira who we are and what the ticket says, at the same time, and
// returns what the policy needs to decide.
func (s *Service) lookUp(ctx context.Context, key ticket.Key, entitlements ...string) (policy.Input, error) {
	needs := s.Policy.Needs(entitlements...)
	var in policy.Input
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		in.Principal, err = s.Tickets.Whoami(gctx, needs.Groups)
		return err
	})
	g.Go(func() (err error) {
		in.Ticket, err = s.Tickets.Lookup(gctx, key, needs.Fields)
		return err
	})
	if err := g.Wait(); err != nil {
		return policy.Input{}, err
	}
	ids, err := s.statusIDs(ctx, needs, in.Ticket)
	if err != nil {
		return policy.Input{}, err
	}
	in.StatusIDs = ids
	if in.AuthorGroups, err = s.authorGroups(ctx, in.Ticket, entitlements); err != nil {
		return policy.Input{}, err
	}
	if from := s.Policy.Since(in.Ticket, s.Now(), entitlements...); !from.IsZero() {
		in.Earlier, err = s.earlier(ctx, in.Principal.ID, from)
	}
	return in, err
}

// authorGroups are the groups of those who did what the policy demands of the
// members of one; nil where it demands no such thing. Without them it denies.
func (s *Service) authorGroups(ctx context.Context, t ticket.Ticket, entitlements []string) (map[string][]string, error) {
	groups, ok := s.Tickets.(Groups)
	people := s.Policy.Authors(t, entitlements...)
	if !ok || len(people) == 0 {
		return nil, nil
	}
	return groups.GroupsOf(ctx, people)
}

// statusIDs resolves the names of statuses that the policy needs, for a ticket
// whose status came without its untranslated name; nil where it is not needed.
func (s *Service) statusIDs(ctx context.Context, needs policy.Needs, t ticket.Ticket) (map[string][]string, error) {
	statuses, ok := s.Tickets.(Statuses)
	if !ok || len(needs.StatusNames) == 0 || t.Status.Untranslated != "" {
		return nil, nil
	}
	return statuses.StatusIDs(ctx, t.ProjectID, needs.StatusNames)
}
