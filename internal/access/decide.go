package access

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

// MinAWS is the shortest session that STS gives.
const MinAWS = 15 * time.Minute

// MaxReason bounds the user's reason, in bytes, so that records and the wallet
// stay small.
const MaxReason = 1024

// DeniedError is a denial with every decision that was made.
type DeniedError struct {
	Ticket    ticket.Ticket
	Decisions []policy.Decision
}

// Error says what the ticket does not unlock.
func (e *DeniedError) Error() string {
	if len(e.Decisions) == 1 {
		return fmt.Sprintf("%s does not unlock %s", e.Ticket.Key, e.Decisions[0].Entitlement)
	}
	return fmt.Sprintf("%s unlocks nothing", e.Ticket.Key)
}

// ChoiceError says that several entitlements are allowed and none was named, or
// several of something else.
type ChoiceError struct {
	Choices []string
	What    string // there are several of; "" is of entitlements
}

// Error names the choices, where these are entitlements.
func (e *ChoiceError) Error() string {
	if e.What != "" {
		return "several " + e.What
	}
	return "several entitlements are unlocked: " + strings.Join(e.Choices, ", ")
}

func named(entitlement string) []string {
	if entitlement == "" {
		return nil
	}
	return []string{entitlement}
}

// CheckAsk refuses what cannot be asked whatever the ticket says, such as an
// unknown entitlement or a duration that it cannot have, before anything is asked
// of anybody. The error is of class Usage.
func (s *Service) CheckAsk(ask Ask) error {
	if len(ask.Reason) > MaxReason {
		return fault.New(fault.Usage, "--reason is longer than %d bytes", MaxReason)
	}
	if ask.TTL < 0 || ask.TTL%time.Second != 0 {
		return fault.New(fault.Usage, "--for %s is not a positive number of whole seconds", ask.TTL)
	}
	if ask.Entitlement == "" {
		return nil
	}
	ent, ok := s.Policy.Entitlement(ask.Entitlement)
	if !ok {
		return fault.New(fault.Usage, "the policy has no entitlement %q", ticket.Clean(ask.Entitlement)).
			WithHint("it has %s", strings.Join(s.names(), ", "))
	}
	return checkTTL(ent, ask.TTL)
}

func (s *Service) names() []string {
	ents := s.Policy.Entitlements()
	names := make([]string, len(ents))
	for i, e := range ents {
		names[i] = e.Name
	}
	return names
}

// checkTTL refuses a duration that the entitlement or its issuer cannot give.
func checkTTL(ent policy.Entitlement, ttl time.Duration) error {
	switch {
	case ttl == 0:
		return nil
	case ttl > ent.Lease.Max:
		return fault.New(fault.Usage, "--for %s is longer than the %s that %s allows", policy.Short(ttl), policy.Short(ent.Lease.Max), ent.Name).
			WithHint("ask for --for %s or less", policy.Short(ent.Lease.Max))
	case kindOf(ent) == grant.AWS && ttl < MinAWS:
		return fault.New(fault.Usage, "--for %s is shorter than the 15m that AWS sessions last at least", policy.Short(ttl)).
			WithHint("ask for --for 15m or more")
	}
	return nil
}

// decide lets the policy decide, and records a denial.
func (s *Service) decide(ctx context.Context, ask Ask, in policy.Input) (policy.Decision, error) {
	var decisions []policy.Decision
	if ask.Entitlement != "" {
		decisions = []policy.Decision{s.Policy.Decide(ask.Entitlement, in)}
	} else {
		decisions = s.decideEach(in, ask.Kind)
	}
	allowed := make([]string, 0, len(decisions))
	var chosen policy.Decision
	for _, d := range decisions {
		if d.Allowed {
			allowed, chosen = append(allowed, d.Entitlement), d
		}
	}
	switch len(allowed) {
	case 0:
		return policy.Decision{}, s.deny(ctx, ask, in, decisions)
	case 1:
		ent, _ := s.Policy.Entitlement(chosen.Entitlement)
		return chosen, checkTTL(ent, ask.TTL)
	}
	return policy.Decision{}, &fault.Error{
		Class: fault.Usage, Err: &ChoiceError{Choices: allowed}, Msg: string(in.Ticket.Key),
		Hint: "name one with -e, such as -e " + allowed[0],
	}
}

// freshFor is how long a decision may wait for what is minted on it. A prompt
// for a one-time code or a passphrase can keep a request for hours.
const freshFor = time.Minute

// stillAllowed reads the ticket and decides again where the decision has grown
// old, so that nothing is minted on what a ticket used to say.
func (s *Service) stillAllowed(ctx context.Context, ask Ask, before policy.Input, decision policy.Decision, lease grant.Lease) error {
	if s.Now().Sub(before.At) <= freshFor {
		return nil
	}
	if r, ok := s.Tickets.(Refresher); ok {
		r.Refresh()
	}
	s.step(StepTicket)
	now, err := s.lookUp(ctx, before.Ticket.Key, decision.Entitlement)
	if err != nil {
		return err
	}
	now.TTL, now.Reason, now.At, now.Renewing = before.TTL, before.Reason, s.Now().UTC(), ask.renewing()
	s.step(StepPolicy)
	again := s.Policy.Decide(decision.Entitlement, now)
	if !again.Allowed {
		return s.deny(ctx, ask, now, []policy.Decision{again})
	}
	outlived := !again.NotAfter.IsZero() && lease.ExpiresAt.After(again.NotAfter)
	if outlived || now.Ticket.ID != before.Ticket.ID || now.Ticket.Key != before.Ticket.Key || now.Principal.ID != before.Principal.ID {
		return fault.New(fault.Ticket, "%s changed while you were asked", before.Ticket.Key).WithHint("ask again")
	}
	return nil
}

// decideEach decides for all entitlements. A duration that one of them cannot
// give must not hide it as denied by the ticket, so it is left to checkTTL.
func (s *Service) decideEach(in policy.Input, kind grant.Kind) []policy.Decision {
	ents := s.Policy.Entitlements()
	decisions := make([]policy.Decision, 0, len(ents))
	for _, e := range ents {
		if kind != "" && kindOf(e) != kind {
			continue
		}
		each := in
		if checkTTL(e, in.TTL) != nil {
			each.TTL = 0
		}
		decisions = append(decisions, s.Policy.Decide(e.Name, each))
	}
	return decisions
}

// deny records the denial and returns it; a denial that cannot be recorded is
// an error of the log.
func (s *Service) deny(ctx context.Context, ask Ask, in policy.Input, decisions []policy.Decision) error {
	denied := &fault.Error{Class: fault.Denied, Err: &DeniedError{Ticket: in.Ticket, Decisions: decisions}, Msg: "denied"}
	if ask.DryRun {
		return denied
	}
	event := s.event(audit.Denied, in)
	event.Entitlement = ask.Entitlement
	for _, d := range decisions {
		event.Entitlements = append(event.Entitlements, d.Entitlement)
		for _, r := range d.Reasons {
			if !r.OK {
				event.Reasons = append(event.Reasons, audit.Reason{Entitlement: d.Entitlement, Code: r.Code, Text: r.Text})
			}
		}
	}
	event.Caller = s.knownCaller(ctx)
	s.step(StepRecord)
	if _, err := s.Log.Append(ctx, s.writer(in.Principal.ID), event); err != nil {
		return err
	}
	return denied
}

// knownCaller is the AWS identity for the record of a denial. Where it cannot
// be told, the denial is recorded without it: nothing is given, and a record
// that lacks a name is worth more than none.
func (s *Service) knownCaller(ctx context.Context) *audit.Caller {
	if s.Callers == nil {
		return nil
	}
	c, err := s.Callers.Caller(ctx)
	if err != nil {
		return nil
	}
	return &c
}

// event begins a record with what a lookup told.
func (s *Service) event(kind audit.Kind, in policy.Input) audit.Event {
	return audit.Event{
		Kind: kind, Time: s.Now().UTC(),
		Ticket: string(in.Ticket.Key), TicketID: in.Ticket.ID, Site: in.Ticket.Site,
		Principal: audit.Person{ID: in.Principal.ID, Name: ticket.CleanName(in.Principal.Name)},
		Policy:    s.Policy.Hash, Reason: in.Reason,
	}
}

// noticeMove tells that a ticket answered under another key than asked for.
func (s *Service) noticeMove(asked ticket.Key, t ticket.Ticket) {
	if t.Key != asked {
		s.notice(fmt.Sprintf("%s is now %s", asked, t.Key))
	}
}
