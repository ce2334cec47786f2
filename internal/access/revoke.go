package access

import (
	"context"
	"fmt"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

// KeyRemover is an optional ability of a KeyAgent: take the key with this key id
// (grant.Grant.SSHKeyID) out. It is no error if it is not there.
type KeyRemover interface {
	Remove(ctx context.Context, keyID string) error
}

// Revoke ends a grant on this machine: it forgets the credential, takes the key
// out of ssh-agent, and records that. Keys that were handed out before live
// until the grant expires; Revoke does not reach them.
//
// What is on this machine goes first, since that must work while the log does
// not, and a record must not say more than was done. The error is of class Audit
// where the grant is gone and that could not be recorded.
func (s *Service) Revoke(ctx context.Context, held credential.Held, why string) (audit.Ref, error) {
	ctx = context.WithoutCancel(ctx) // half of it would be worse than either end
	s.step(StepKeep)
	if err := s.forget(ctx, held); err != nil {
		return audit.Ref{}, err
	}
	s.step(StepRecord)
	ref, err := s.Log.Append(ctx, s.writer(held.Grant.Principal), s.revoked(ctx, held, why))
	if err != nil {
		return ref, fault.Wrap(fault.Audit, err, "%s is forgotten on this machine, but that is not recorded", held.Grant.ID)
	}
	return ref, nil
}

// forget takes the credential away from wherever this machine keeps it. The
// agent comes first: where it does not give the key up, the wallet still knows
// the grant, so that it can be tried again.
func (s *Service) forget(ctx context.Context, held credential.Held) error {
	if remover, ok := s.Agent.(KeyRemover); ok && held.Grant.Kind == grant.SSH {
		if err := remover.Remove(ctx, held.Grant.SSHKeyID()); err != nil {
			return fault.Wrap(fault.Issuer, err, "the key of %s is still in ssh-agent, so the grant has not ended", held.Grant.ID).
				WithHint("empty the agent with ssh-add -D and revoke again, or unset SSH_AUTH_SOCK to leave the key there")
		}
	}
	return s.Wallet.Remove(ctx, held.Grant.ID)
}

func (s *Service) revoked(ctx context.Context, held credential.Held, why string) audit.Event {
	g := held.Grant
	e := audit.Event{
		Kind: audit.Revoked, Time: s.Now().UTC(),
		Grant: string(g.ID), Entitlement: g.Entitlement, CredKind: string(g.Kind),
		Ticket: string(g.Ticket), TicketID: g.TicketID, Site: g.Site,
		Principal: audit.Person{ID: g.Principal, Name: g.PrincipalName},
		Policy:    g.Policy, Reason: ticket.Clean(why),
		NotBefore: g.NotBefore, ExpiresAt: g.ExpiresAt, Caller: s.knownCaller(ctx),
	}
	if held.Record.Seq > 0 {
		e.Of = &held.Record
	}
	return e
}

// Renew asks for a new grant in place of one: for the same ticket, which is read
// again wherever it has been moved, and the same entitlement, decided anew. The old grant is revoked once
// the new one is in force. Where that fails there is a new grant all the same,
// and a notice says what is left of the old.
func (s *Service) Renew(ctx context.Context, held credential.Held, ask Ask) (Outcome, error) {
	ask.Key, ask.Entitlement, ask.renews = held.Grant.Ticket, held.Grant.Entitlement, &held.Grant
	out, err := s.Request(ctx, ask)
	if err != nil || ask.DryRun {
		return out, err
	}
	if _, err := s.Revoke(ctx, held, "renewed as "+string(out.Held.Grant.ID)); err != nil {
		s.notice(fmt.Sprintf("the old grant has not ended cleanly: %v", err))
	}
	return out, nil
}

// sameTicket refuses a ticket that is not the one that a renewal is bound to: a
// key can come to name another ticket, an id on the same site cannot.
func (a Ask) sameTicket(t ticket.Ticket) error {
	if a.renews == nil || a.renews.TicketID == t.ID && a.renews.Site == t.Site {
		return nil
	}
	return fault.New(fault.Ticket, "%s is another ticket now than the one that this grant was given for", a.Key).
		WithHint("ask anew with jit request %s", t.Key)
}
