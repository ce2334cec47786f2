package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

const revokeLong = `End grants before they expire.

Name a grant by its id or the beginning of it, or a ticket, which ends all that
was given for it. Without a name the only grant in force is meant; -e leaves out
those of other entitlements.

The credential is forgotten on this machine, its key is taken out of ssh-agent,
and the log says so. What was handed out already, such as keys in the
environment of a running command, lives until the grant expires.`

type revokeOptions struct {
	name        string
	all         bool
	entitlement string
	reason      string
	json        bool
}

func newRevokeCmd(a *app) *cobra.Command {
	o := &revokeOptions{}
	c := &cobra.Command{
		Use:     "revoke [GRANT|TICKET]",
		Short:   "End grants before they expire",
		Long:    revokeLong + exitCodes(exitAudit, exitIssuer, exitConfig, exitNoGrant),
		Example: "  jit revoke OPS-7 --reason \"disk replaced\"\n  jit revoke --all",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.name = args[0]
			}
			if err := notEmpty(c, "entitlement"); err != nil {
				return err
			}
			if len(args) == 1 && (o.all || o.name == "") {
				return fault.New(fault.Usage, "name one grant or ticket, or give --all").WithHint("jit status lists what is in force")
			}
			return a.revoke(c.Context(), o)
		},
	}
	c.ValidArgsFunction = onlyFirst(a.completeGrants())
	f := c.Flags()
	f.BoolVar(&o.all, "all", false, "end everything that is in force")
	f.StringVarP(&o.entitlement, "entitlement", "e", "", "end only grants of this `ENTITLEMENT`")
	completeWith(c, "entitlement", a.completeInForce(""))
	f.StringVar(&o.reason, "reason", "", "why, for the audit record")
	f.BoolVar(&o.json, "json", false, "print an array of what was ended as JSON")
	return c
}

// revokedJSON tells of one grant that was ended.
type revokedJSON struct {
	ID          string    `json:"id"`
	Ticket      string    `json:"ticket"`
	Entitlement string    `json:"entitlement"`
	Kind        string    `json:"kind"`
	LiveUntil   string    `json:"live_until"` // of what was handed out before
	Record      audit.Ref `json:"record"`     // empty where it could not be written
}

func (a *app) revoke(ctx context.Context, o *revokeOptions) error {
	if o.reason = ticket.Clean(o.reason); len(o.reason) > access.MaxReason {
		return fault.New(fault.Usage, "--reason is longer than %d bytes", access.MaxReason)
	}
	svc, err := a.revoking(ctx)
	if err != nil {
		return err
	}
	held, err := svc.Wallet.List(ctx, a.now())
	if err != nil {
		return err
	}
	chosen, err := whichToRevoke(held, o)
	if err != nil {
		return err
	}
	done := make([]revokedJSON, 0, len(chosen))
	var errs []error
	for _, h := range chosen {
		ref, err := svc.Revoke(ctx, h, o.reason)
		if !ended(ref, err) {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, err)
		done = append(done, a.tellRevoked(h, ref))
	}
	if o.json {
		errs = append(errs, writeJSON(a.io.Out, done))
	}
	return errors.Join(errs...)
}

// ended reports whether a grant is gone from this machine, though the record of
// that may have failed.
func ended(ref audit.Ref, err error) bool {
	return err == nil || ref != audit.Ref{} || fault.ClassOf(err) == fault.Audit
}

// agentKeeps and liveUntil tell what outlives a grant that was revoked.
const agentKeeps = "no ssh-agent is known here: one that was given the key keeps it until then"

func liveUntil(g grant.Grant) string {
	return "keys already handed out live until " + clock(g.ExpiresAt)
}

// unknownAgent reports whether a grant's key may be in an agent that was not asked
// to give it up.
func (a *app) unknownAgent(g grant.Grant) bool { return g.Kind == grant.SSH && a.agentSocket() == "" }

func (a *app) tellRevoked(h credential.Held, ref audit.Ref) revokedJSON {
	g := h.Grant
	if a.unknownAgent(g) {
		a.io.Warn(agentKeeps)
	}
	a.io.Note("ended %s for %s on this machine; %s", g.Entitlement, g.Ticket, liveUntil(g))
	return revokedJSON{
		ID: string(g.ID), Ticket: string(g.Ticket), Entitlement: g.Entitlement, Kind: string(g.Kind),
		LiveUntil: stamp(g.ExpiresAt), Record: ref,
	}
}

// revoking is the service without what only a request needs: Jira and issuers.
func (a *app) revoking(ctx context.Context) (*access.Service, error) {
	cfg, err := a.loadConfig()
	if err != nil {
		return nil, err
	}
	n, err := a.networkOf(cfg, &policy.Policy{})
	if err != nil {
		return nil, err
	}
	svc := &access.Service{Now: a.now, Random: a.random}
	return svc, n.addKeepers(ctx, svc)
}

// whichToRevoke picks the grants that are meant.
func whichToRevoke(held []credential.Held, o *revokeOptions) ([]credential.Held, error) {
	if o.entitlement != "" {
		held = slices.DeleteFunc(held, func(h credential.Held) bool { return h.Grant.Entitlement != o.entitlement })
	}
	switch {
	case len(held) == 0 && o.entitlement != "":
		return nil, fault.New(fault.NoGrant, "no grant of %s is in force", ticket.Clean(o.entitlement)).WithHint("jit status lists what is")
	case len(held) == 0:
		return nil, fault.New(fault.NoGrant, "no grant is in force").WithHint("there is nothing to end")
	case o.all:
		return held, nil
	case o.name == "" && len(held) == 1:
		return held, nil
	case o.name == "":
		return nil, severalInForce("which grant", held)
	}
	var found []credential.Held
	key, keyErr := ticket.ParseKey(o.name)
	for _, h := range held {
		if keyErr == nil && h.Grant.Ticket == key {
			found = append(found, h)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	for _, h := range held {
		if strings.HasPrefix(string(h.Grant.ID), strings.ToLower(o.name)) {
			found = append(found, h)
		}
	}
	switch len(found) {
	case 0:
		return nil, fault.New(fault.NoGrant, "nothing in force is called %q", ticket.Clean(o.name)).
			WithHint("jit status lists grants and tickets")
	case 1:
		return found, nil
	}
	return nil, severalInForce("several grants begin so", found)
}

func severalInForce(msg string, held []credential.Held) error {
	names := make([]string, len(held))
	for i, h := range held {
		names[i] = string(h.Grant.ID) + "  " + string(h.Grant.Ticket) + "  " + h.Grant.Entitlement
	}
	return &fault.Error{
		Class: fault.Usage, Err: &access.ChoiceError{Choices: names, What: "grants are in force"}, Msg: msg,
		Hint: "name one by its id or ticket, or give --all",
	}
}
