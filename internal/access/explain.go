package access

import (
	"context"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// Explanation is what a ticket unlocks for the principal, and why.
type Explanation struct {
	Ticket    ticket.Ticket
	Principal ticket.Principal
	Decisions []policy.Decision
}

// Allowed reports whether the ticket unlocks anything.
func (e Explanation) Allowed() bool {
	for _, d := range e.Decisions {
		if d.Allowed {
			return true
		}
	}
	return false
}

// Explain decides for every entitlement of the policy, with the code that
// Request decides with, and records nothing.
func (s *Service) Explain(ctx context.Context, key ticket.Key) (Explanation, error) {
	in, err := s.Look(ctx, key)
	if err != nil {
		return Explanation{}, err
	}
	s.step(StepPolicy)
	return Explanation{Ticket: in.Ticket, Principal: in.Principal, Decisions: s.Policy.DecideAll(in)}, nil
}

// Look asks Jira for what the policy needs to decide about a ticket now, for
// whoever decides themselves.
func (s *Service) Look(ctx context.Context, key ticket.Key) (policy.Input, error) {
	s.step(StepTicket)
	in, err := s.lookUp(ctx, key)
	if err != nil {
		return policy.Input{}, err
	}
	s.noticeMove(key, in.Ticket)
	in.At = s.Now().UTC()
	return in, nil
}
