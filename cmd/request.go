package cmd

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

const requestLong = `Ask for access that a ticket justifies.

Jira says who you are and what the ticket says; the policy decides; the audit
record is durable before the credential can be used. Each request is a new
grant. With several entitlements unlocked, name one with -e.

Without a key, or with several entitlements and no -e, it asks on the terminal:
your own tickets as Jira finds them, then what is left open. The picker is
drawn on standard error, so id=$(jit request) gets the grant's id. With --mouse
the wheel and clicks select; most terminals then select text with Shift held.`

const requestExample = `  jit request
  jit request OPS-7
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
	how         pickHow
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
	f.BoolVar(&o.how.plain, "plain", false, "ask by numbered questions instead of drawing, for screen readers")
	f.BoolVar(&o.how.mouse, "mouse", false, "let the wheel and clicks select in the picker")
	f.BoolVar(&o.json, "json", false, "print the grant as JSON")
	completeWith(c, "entitlement", a.completeEntitlements())
	return c
}

func (o *requestOptions) check(c *cobra.Command) error {
	if c.Flags().Changed("for") && o.ttl <= 0 {
		return fault.New(fault.Usage, "--for must be longer than nothing").WithHint("such as --for 30m")
	}
	if o.how.plain && o.how.mouse {
		return fault.New(fault.Usage, "--plain draws nothing to click on").WithHint("leave out --mouse")
	}
	if err := notEmpty(c, "entitlement"); err != nil {
		return err
	}
	o.reason = ticket.Clean(o.reason)
	return nil
}

func runRequest(ctx context.Context, o *requestOptions) error {
	a := o.app
	out, err := o.request(ctx)
	if err != nil {
		return err
	}
	if o.dryRun {
		return a.printDryRun(out, o.json)
	}
	return a.printGranted(out, o.json)
}

// request asks for what the command line names, and on the terminal for what it
// leaves open.
func (o *requestOptions) request(ctx context.Context) (access.Outcome, error) {
	a := o.app
	ask := access.Ask{Entitlement: o.entitlement, TTL: o.ttl, Reason: o.reason, MFACode: o.mfaCode, DryRun: o.dryRun}
	if o.key == "" {
		_, out, err := a.pickBy(ctx, ask, nil, o.how)
		return out, err
	}
	_, out, err := a.ask(ctx, o.key, ask)
	if _, several := errors.AsType[*access.ChoiceError](err); !several || !a.io.Interactive() {
		return out, err
	}
	if ask.Key, err = ticket.ParseKey(o.key); err != nil {
		return access.Outcome{}, err
	}
	_, out, err = a.pickBy(ctx, ask, nil, o.how)
	return out, err
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
	ask.Key = key
	return a.askOf(ctx, w, ask)
}

// askOf makes a request over what is wired already.
func (a *app) askOf(ctx context.Context, w *network, ask access.Ask) (*access.Service, access.Outcome, error) {
	build := w.service
	if ask.DryRun {
		build = w.deciding // nothing is minted, recorded or kept
	}
	svc, err := build(ctx)
	if err != nil {
		return nil, access.Outcome{}, err
	}
	defer a.follow(svc, ask.Key)()
	out, err := svc.Request(ctx, ask)
	return svc, out, err
}

// follow shows what a service does for a ticket until the function that it
// returns is called.
func (a *app) follow(svc *access.Service, key ticket.Key) (stop func()) {
	progress := a.startProgress(key)
	svc.Progress, svc.Notice = progress.step, progress.notice
	return progress.stop
}

// withoutKey refuses a request that names no ticket, with what could be named.
func (a *app) withoutKey() error {
	return fault.New(fault.Usage, "which ticket? name its key").
		WithHint("such as jit request OPS-7; jit explain KEY tells what a ticket unlocks")
}
