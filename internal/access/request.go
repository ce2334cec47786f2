package access

import (
	"cmp"
	"context"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

// Ask is a request for access.
type Ask struct {
	Key         ticket.Key
	Entitlement string        // "" takes the only one that is allowed
	Kind        grant.Kind    // where no entitlement is named, only those of this kind; "" takes any
	TTL         time.Duration // zero takes the entitlement's default
	Reason      string
	MFACode     string
	DryRun      bool // decide, then stop: nothing is minted, recorded or kept

	renews *grant.Grant // its ticket is the only one that will do; nil takes whichever has the key
}

// renewing is the grant that the new one takes the place of, "" for none.
func (a Ask) renewing() string {
	if a.renews == nil {
		return ""
	}
	return string(a.renews.ID)
}

// Outcome is what a request came to.
type Outcome struct {
	Held     credential.Held
	Decision policy.Decision
	Ticket   ticket.Ticket
	// Lease is what was given or, after a dry run, would be.
	Lease grant.Lease
	// InAgent is whether ssh-agent took the key of an SSH grant.
	InAgent bool
}

// Request gives access that the ticket justifies. Nothing is minted before
// Jira and the policy have said yes, and nothing is released before the record
// is durable.
func (s *Service) Request(ctx context.Context, ask Ask) (Outcome, error) {
	if err := s.CheckAsk(ask); err != nil {
		return Outcome{}, err
	}
	if !ask.DryRun {
		defer s.warm(ctx, ask.Entitlement)()
	}
	s.step(StepTicket)
	in, err := s.lookUp(ctx, ask.Key, named(ask.Entitlement)...)
	if err != nil {
		return Outcome{}, err
	}
	if err := ask.sameTicket(in.Ticket); err != nil {
		return Outcome{}, err
	}
	s.noticeMove(ask.Key, in.Ticket)
	in.TTL, in.Reason, in.At, in.Renewing = ask.TTL, ask.Reason, s.Now().UTC(), ask.renewing()

	s.step(StepPolicy)
	decision, err := s.decide(ctx, ask, in)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Decision: decision, Ticket: in.Ticket, Lease: grant.NewLease(in.At, decision.TTL)}
	if s.cutByWindow(ask, decision) {
		s.notice("the lease ends with the ticket's window, at " + decision.NotAfter.Format("15:04:05 MST"))
	}
	if ask.DryRun {
		return out, nil
	}
	return s.issue(ctx, ask, in, out)
}

// cutByWindow reports whether the window leaves less than was asked for.
func (s *Service) cutByWindow(ask Ask, d policy.Decision) bool {
	ent, _ := s.Policy.Entitlement(d.Entitlement)
	return !d.NotAfter.IsZero() && d.TTL < cmp.Or(ask.TTL, ent.Lease.Default)
}

// issue mints and records side by side, then releases and keeps.
func (s *Service) issue(ctx context.Context, ask Ask, in policy.Input, out Outcome) (Outcome, error) {
	order, err := s.order(ask, in, out)
	if err != nil {
		return Outcome{}, err
	}
	issuer, ok := s.Issuers[order.Grant.Kind]
	if !ok {
		return Outcome{}, fault.New(fault.Config, "nothing is configured that could mint for %s", out.Decision.Entitlement)
	}
	if keeper, ok := s.Wallet.(Readier); ok {
		if err := keeper.Ready(ctx); err != nil {
			return Outcome{}, err
		}
	}
	minting, err := issuer.Prepare(ctx, order)
	if err != nil {
		return Outcome{}, err
	}
	facts := minting.Facts()
	order.Grant.Lease = facts.Lease
	for _, n := range facts.Notices {
		s.notice(n)
	}
	event, err := s.issued(ctx, order, in, facts)
	if err != nil {
		return Outcome{}, err
	}
	// Last of all, since whatever comes before may have asked the user.
	if err := s.stillAllowed(ctx, ask, in, out.Decision, facts.Lease); err != nil {
		return Outcome{}, err
	}
	cred, ref, err := s.mintAndRecord(ctx, minting, s.writer(in.Principal.ID), event)
	if err != nil {
		return Outcome{}, err
	}
	out.Held, out.Lease = credential.Held{Grant: order.Grant, Record: ref, Log: s.LogAddress}, facts.Lease
	if shell := order.Entitlement.SSH; shell != nil {
		out.Held.Hosts, out.Held.Logins = shell.Hosts, shell.Logins
	}
	out.InAgent, err = s.keep(ctx, out.Held, cred)
	return out, err
}

// order makes the grant that is to be minted for.
func (s *Service) order(ask Ask, in policy.Input, out Outcome) (credential.Order, error) {
	id, err := grant.NewID(s.Random)
	if err != nil {
		return credential.Order{}, err
	}
	ent, _ := s.Policy.Entitlement(out.Decision.Entitlement)
	return credential.Order{
		Grant: grant.Grant{
			ID: id, Kind: kindOf(ent), Entitlement: ent.Name,
			Ticket: in.Ticket.Key, TicketID: in.Ticket.ID, Site: in.Ticket.Site,
			Principal: in.Principal.ID, PrincipalName: ticket.CleanName(in.Principal.Name),
			Policy: s.Policy.Hash, Reason: ask.Reason, Lease: out.Lease,
		},
		Entitlement: ent,
		NotAfter:    out.Decision.NotAfter,
		MFACode:     ask.MFACode,
	}, nil
}

// issued is the record of an issuance: all that is known before it happens.
func (s *Service) issued(ctx context.Context, order credential.Order, in policy.Input, facts credential.Facts) (audit.Event, error) {
	event := s.event(audit.Issued, in)
	g := order.Grant
	event.Grant, event.Entitlement, event.CredKind = string(g.ID), g.Entitlement, string(g.Kind)
	event.NotBefore, event.ExpiresAt = g.NotBefore, g.ExpiresAt
	event.AWS, event.SSH = facts.AWS, facts.SSH
	caller, err := s.caller(ctx, g.Kind)
	event.Caller = caller
	return event, err
}

// caller is the AWS identity behind the request: asked of whoever knows it,
// required wherever a part of AWS takes part.
func (s *Service) caller(ctx context.Context, kind grant.Kind) (*audit.Caller, error) {
	callers := s.Callers
	if callers == nil {
		issuer, ok := s.Issuers[kind].(Callers)
		if !ok {
			return nil, nil
		}
		callers = issuer
	}
	c, err := callers.Caller(ctx)
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// keep puts the credential where the user can use it. By now it exists and is
// recorded, so an impatient Ctrl-C no longer stops it. It reports whether
// ssh-agent took the key.
func (s *Service) keep(ctx context.Context, held credential.Held, cred credential.Credential) (inAgent bool, err error) {
	s.step(StepKeep)
	ctx = context.WithoutCancel(ctx)
	if err := s.Wallet.Put(ctx, held, cred); err != nil {
		return false, err
	}
	if cred.SSH == nil || s.Agent == nil {
		return false, nil
	}
	if err := s.Agent.Add(ctx, cred.SSH, s.Now()); err != nil {
		s.notice("the key was not put into ssh-agent: " + err.Error())
		return false, nil //nolint:nilerr // the key is in the wallet too, and the user was told
	}
	return true, nil
}
