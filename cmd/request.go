package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

const requestLong = `Ask for access that a ticket justifies.

Jira says who you are and what the ticket says; the policy decides; the audit
record is durable before the credential can be used. Each request is a new
grant. With several entitlements unlocked, name one with -e.`

const requestExample = `  jit request OPS-7
  jit request ops-7 -e bastion --for 30m --reason "failing disk on db-3"
  jit request OPS-7 --dry-run
  jit request OPS-7 -e prod-readonly --json`

type requestOptions struct {
	app         *app
	key         string
	entitlement string
	ttl         time.Duration
	reason      string
	mfaCode     string
	dryRun      bool
	json        bool
}

func newRequestCmd(a *app, runF func(context.Context, *requestOptions) error) *cobra.Command {
	if runF == nil {
		runF = runRequest
	}
	o := &requestOptions{app: a}
	c := &cobra.Command{
		Use:     "request [KEY]",
		Short:   "Ask for access that a ticket justifies",
		Long:    requestLong + exitCodes(exitDenied, exitTicket, exitAuth, exitAudit, exitIssuer, exitConfig),
		Example: requestExample,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.key = args[0]
			}
			if err := o.check(c); err != nil {
				return err
			}
			return runF(c.Context(), o)
		},
	}
	c.ValidArgsFunction = onlyFirst(a.completeTickets())
	f := c.Flags()
	f.StringVarP(&o.entitlement, "entitlement", "e", "", "the `ENTITLEMENT` to ask for (default the only one unlocked)")
	f.DurationVar(&o.ttl, "for", 0, "how long, such as 30m (default the entitlement's)")
	f.StringVar(&o.reason, "reason", "", "why, for the audit record")
	f.StringVar(&o.mfaCode, "mfa-code", "", "one-time `CODE` of the MFA device, where the entitlement wants one")
	f.BoolVar(&o.dryRun, "dry-run", false, "decide and stop: nothing is minted or recorded")
	f.BoolVar(&o.json, "json", false, "print the grant as JSON")
	completeWith(c, "entitlement", a.completeEntitlements())
	return c
}

func (o *requestOptions) check(c *cobra.Command) error {
	if c.Flags().Changed("for") && o.ttl <= 0 {
		return fault.New(fault.Usage, "--for must be longer than nothing").WithHint("such as --for 30m")
	}
	if err := notEmpty(c, "entitlement"); err != nil {
		return err
	}
	o.reason = ticket.Clean(o.reason)
	return nil
}

func runRequest(ctx context.Context, o *requestOptions) error {
	a := o.app
	if o.key == "" {
		return a.withoutKey()
	}
	_, out, err := a.ask(ctx, o.key, access.Ask{
		Entitlement: o.entitlement, TTL: o.ttl, Reason: o.reason, MFACode: o.mfaCode, DryRun: o.dryRun,
	})
	if err != nil {
		return err
	}
	if o.dryRun {
		return a.printDryRun(out, o.json)
	}
	return a.printGranted(out, o.json)
}

// ask makes a request with the key as it was typed, showing its progress. It
// returns the service too, whose wallet holds what was granted.
func (a *app) ask(ctx context.Context, typed string, ask access.Ask) (*access.Service, access.Outcome, error) {
	key, err := ticket.ParseKey(typed)
	if err != nil {
		return nil, access.Outcome{}, err
	}
	w, err := a.wire()
	if err != nil {
		return nil, access.Outcome{}, err
	}
	build := w.service
	if ask.DryRun {
		build = w.deciding // nothing is minted, recorded or kept
	}
	svc, err := build(ctx)
	if err != nil {
		return nil, access.Outcome{}, err
	}
	progress := a.startProgress(key)
	defer progress.stop()
	svc.Progress, svc.Notice = progress.step, progress.notice
	ask.Key = key
	out, err := svc.Request(ctx, ask)
	return svc, out, err
}

// withoutKey refuses a request that names no ticket, with what could be named.
func (a *app) withoutKey() error {
	return fault.New(fault.Usage, "which ticket? name its key").
		WithHint("such as jit request OPS-7; jit explain KEY tells what a ticket unlocks")
}
