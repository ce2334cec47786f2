package access

import (
	"context"
	"time"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/pkg/audit"
)

// earlier are the grants that a principal was given since a time: those on their
// own chain of the log, and those in this machine's wallet, which may be recorded
// elsewhere. It is never nil without an error.
func (s *Service) earlier(ctx context.Context, principal string, from time.Time) ([]policy.Earlier, error) {
	grants := map[string]*policy.Earlier{}
	if c, ok := s.Log.(Chronicle); ok {
		records, err := c.Since(ctx, s.writer(principal), from)
		if err != nil {
			return nil, err
		}
		collect(grants, records, principal)
	}
	if s.Wallet != nil {
		held, err := s.Wallet.List(ctx, s.Now())
		if err != nil {
			return nil, err
		}
		for _, h := range held {
			id := string(h.Grant.ID)
			if grants[id] == nil && h.Grant.Principal == principal {
				grants[id] = &policy.Earlier{
					ID: id, Entitlement: h.Grant.Entitlement, TicketID: h.Grant.TicketID,
					NotBefore: h.Grant.NotBefore, ExpiresAt: h.Grant.ExpiresAt,
				}
			}
		}
	}
	out := make([]policy.Earlier, 0, len(grants))
	for _, g := range grants {
		out = append(out, *g)
	}
	return out, nil
}

// collect reads grants out of records, which may come in any order. One whose
// issuer refused never was; one whose issuer's answer was lost may be.
func collect(grants map[string]*policy.Earlier, records []audit.Record, principal string) {
	for _, r := range records {
		if r.Kind == audit.Issued && r.Principal.ID == principal {
			grants[r.Grant] = &policy.Earlier{
				ID: r.Grant, Entitlement: r.Entitlement, TicketID: r.TicketID, NotBefore: r.NotBefore, ExpiresAt: r.ExpiresAt,
			}
		}
	}
	for _, r := range records {
		g := grants[r.Grant]
		switch {
		case g == nil:
		case r.Kind == audit.Failed:
			delete(grants, r.Grant)
		case r.Kind == audit.Revoked && (g.Revoked.IsZero() || r.Time.Before(g.Revoked)):
			g.Revoked = r.Time
		}
	}
}
