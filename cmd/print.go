package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/terminal"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

// grantJSON is the fixed form of a grant in --json output.
type grantJSON struct {
	ID          string    `json:"id"`
	Ticket      string    `json:"ticket"`
	TicketID    string    `json:"ticket_id"`
	Entitlement string    `json:"entitlement"`
	Principal   string    `json:"principal"`
	Kind        string    `json:"kind"`
	NotBefore   string    `json:"not_before"`
	ExpiresAt   string    `json:"expires_at"`
	Record      audit.Ref `json:"record"`
}

func toJSON(h credential.Held) grantJSON {
	g := h.Grant
	return grantJSON{
		ID: string(g.ID), Ticket: string(g.Ticket), TicketID: g.TicketID, Entitlement: g.Entitlement,
		Principal: g.Principal, Kind: string(g.Kind),
		NotBefore: stamp(g.NotBefore), ExpiresAt: stamp(g.ExpiresAt), Record: h.Record,
	}
}

// stamp writes a time as RFC 3339 in UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// writeJSON writes a value as one line of JSON.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (a *app) printGranted(out access.Outcome, asJSON bool) error {
	if asJSON {
		return writeJSON(a.io.Out, toJSON(out.Held))
	}
	g := out.Held.Grant
	a.io.Note("granted %s for %s until %s (%s)", g.Entitlement, g.Ticket,
		clock(g.ExpiresAt), left(g.ExpiresAt.Sub(a.now())))
	a.io.Note("recorded as %s", audit.Name(out.Held.Record.Writer, out.Held.Record.Seq))
	a.io.Note("next: %s", nextCommand(g, out.InAgent))
	_, err := fmt.Fprintln(a.io.Out, g.ID)
	return err
}

// nextCommand is what uses the grant.
func nextCommand(g grant.Grant, inAgent bool) string {
	switch {
	case g.Kind != grant.SSH:
		return "jit exec -e " + g.Entitlement + " -- COMMAND"
	case !inAgent:
		return "jit ssh --entitlement " + g.Entitlement + " HOST"
	}
	return "jit ssh HOST, or ssh HOST with the key that is in your ssh-agent until then"
}

func (a *app) printDryRun(out access.Outcome, asJSON bool) error {
	if asJSON {
		return writeJSON(a.io.Out, struct {
			DryRun bool   `json:"dry_run"`
			Ticket string `json:"ticket"`
			policy.Decision
			Seconds int64 `json:"seconds"`
		}{true, string(out.Ticket.Key), out.Decision, int64(out.Lease.TTL().Seconds())})
	}
	_, err := fmt.Fprintf(a.io.Out, "%s would unlock %s for %s\n", out.Ticket.Key, out.Decision.Entitlement, left(out.Lease.TTL()))
	return err
}

// printRefusals tells why entitlements stay locked, and then each thing that
// would change it, once.
func printRefusals(s *terminal.Streams, decisions []policy.Decision) {
	var hints []string
	for _, d := range decisions {
		for _, r := range d.Reasons {
			if r.OK {
				continue
			}
			s.Note("  %s: %s", d.Entitlement, r.Text)
			if r.Hint != "" && !slices.Contains(hints, r.Hint) {
				hints = append(hints, r.Hint)
			}
		}
	}
	for _, h := range hints {
		s.Hint(h)
	}
}

// clock is the time of day at which something ends, where the user is.
func clock(t time.Time) string { return t.Local().Format("15:04:05") }

// left writes a duration the way people say it: 29m50s, 1h5m.
func left(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}

// shown is text from Jira made harmless for a screen.
func shown(s string) string { return ticket.Clean(s) }
