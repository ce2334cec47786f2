package cmd

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/ticket"
)

const execLong = `Run a command with a grant in force.

The command sees the AWS keys of the grant in its environment, and the
variables that would win over them are taken out. Without -e the only
entitlement in force is used. Nothing is asked and no network is used, unless
--request KEY asks for access first.

The command's own exit code is passed on; 125 means that it never started.`

type execOptions struct {
	entitlement string
	request     string
	ttl         time.Duration
	reason      string
	mfaCode     string
}

func newExecCmd(a *app) *cobra.Command {
	o := &execOptions{}
	c := &cobra.Command{
		Use:         "exec [-e ENTITLEMENT] -- COMMAND [ARG...]",
		Short:       "Run a command with a grant in force",
		Long:        execLong + "\n\nExit codes:\n  the command's own\n  125  " + meaning(exitNotRun) + "\n  130  " + meaning(exitCancelled),
		Example:     "  jit exec -- aws s3 ls\n  jit exec -e prod-readonly -- terraform plan\n  jit exec --request OPS-7 -- aws sts get-caller-identity",
		Args:        cobra.MinimumNArgs(1),
		Annotations: map[string]string{startsChild: "yes"},
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(c); err != nil {
				return err
			}
			return a.exec(c.Context(), o, args)
		},
	}
	c.Flags().SetInterspersed(false)
	o.flags(c.Flags())
	a.completeUse(c)
	return c
}

// flags are those of exec and shell, which differ in what they run.
func (o *execOptions) flags(f *pflag.FlagSet) {
	f.StringVarP(&o.entitlement, "entitlement", "e", "", "use the grant of this `ENTITLEMENT`")
	f.StringVar(&o.request, "request", "", "ask for access with this ticket `KEY` first")
	f.DurationVar(&o.ttl, "for", 0, "with --request: how long")
	f.StringVar(&o.reason, "reason", "", "with --request: why, for the audit record")
	f.StringVar(&o.mfaCode, "mfa-code", "", "with --request: one-time `CODE` of the MFA device")
}

// completeUse completes the flags of exec and shell.
func (a *app) completeUse(c *cobra.Command) {
	completeWith(c, "entitlement", a.completeInForce(""))
	completeWith(c, "request", a.completeTickets())
}

// check refuses flags that were given and say nothing: an unset variable in a
// script must not choose another grant than the one that was meant.
func (o *execOptions) check(c *cobra.Command) error {
	if err := notEmpty(c, "entitlement", "request"); err != nil {
		return err
	}
	if c.Flags().Changed("for") && o.ttl <= 0 {
		return fault.New(fault.Usage, "--for must be longer than nothing").WithHint("such as --for 30m")
	}
	return nil
}

// notEmpty refuses those of the flags that were given an empty value.
func notEmpty(c *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return fault.New(fault.Usage, "--%s is empty", name).WithHint("is a variable unset?")
		}
	}
	return nil
}

// usable is the kind of grant that exec and env use where no entitlement is
// named: an SSH key is used through the agent, and has no variables to set.
func usable(entitlement string) grant.Kind {
	if entitlement == "" {
		return grant.AWS
	}
	return ""
}

func (a *app) exec(ctx context.Context, o *execOptions, command []string) error {
	if command[0] == "" {
		return fault.New(fault.Usage, "the command is empty").WithHint("is a variable unset?")
	}
	held, cred, err := a.grantFor(ctx, o)
	if err != nil {
		return err
	}
	return a.runChild(ctx, command, a.environ(held, cred))
}

// grantFor opens the grant that the command is to use.
func (a *app) grantFor(ctx context.Context, o *execOptions) (credential.Held, credential.Credential, error) {
	if o.request != "" {
		return a.requestFor(ctx, o)
	}
	if o.ttl != 0 || o.reason != "" || o.mfaCode != "" {
		return credential.Held{}, credential.Credential{}, fault.New(fault.Usage, "--for, --reason and --mfa-code go with --request")
	}
	held, cred, err := a.use(ctx, usable(o.entitlement), o.entitlement)
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Class == fault.NoGrant {
		err = e.WithHint("run jit request KEY, with the key of your ticket, or add --request KEY here")
	}
	return held, cred, err
}

func (a *app) requestFor(ctx context.Context, o *execOptions) (credential.Held, credential.Credential, error) {
	svc, out, err := a.ask(ctx, o.request, access.Ask{
		Entitlement: o.entitlement, Kind: usable(o.entitlement), TTL: o.ttl, Reason: ticket.Clean(o.reason), MFACode: o.mfaCode,
	})
	if err != nil {
		return credential.Held{}, credential.Credential{}, err
	}
	cred, err := svc.Wallet.Open(ctx, out.Held.Grant.ID)
	return out.Held, cred, err
}
