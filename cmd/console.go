package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/awsconsole"
	"github.com/jitaccess/jit/internal/browser"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

const consoleLong = `Open the AWS console with a grant in force.

The keys of the grant are exchanged at AWS for a URL that signs a browser in.
The console session lasts no longer than the grant has left; with less than 15
minutes left it is refused, since a console session outlives its keys.

The browser is handed an address on this machine that works once and leads on
to the console. With --print the URL itself is printed: whoever has it is
signed in, so treat it as a secret.

--container opens a container of Firefox named after the entitlement, so that
several accounts can be open side by side. It needs the Firefox extension
Granted Containers.`

type consoleOptions struct {
	entitlement string
	destination awsconsole.Destination
	print       bool
	container   bool
}

func newConsoleCmd(a *app) *cobra.Command {
	o := &consoleOptions{}
	c := &cobra.Command{
		Use:     "console [-e ENTITLEMENT]",
		Short:   "Open the AWS console with a grant in force",
		Long:    consoleLong + exitCodes(exitDenied, exitIssuer, exitConfig, exitNoGrant),
		Example: "  jit console\n  jit console -e prod-readonly --service s3 --region eu-west-1\n  jit console --print\n  jit console --container",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := notEmpty(c, "entitlement", "service", "region"); err != nil {
				return err
			}
			if o.print && o.container {
				return fault.New(fault.Usage, "--print opens nothing, and so no --container")
			}
			return a.console(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.entitlement, "entitlement", "e", "", "use the grant of this `ENTITLEMENT`")
	f.StringVar(&o.destination.Service, "service", "", "open the page of this `SERVICE`, such as s3")
	f.StringVar(&o.destination.Region, "region", "", "in this `REGION` (default the grant's)")
	f.BoolVar(&o.print, "print", false, "print the URL and open nothing")
	f.BoolVar(&o.container, "container", false, "open a container of Firefox of its own")
	completeWith(c, "entitlement", a.completeInForce(grant.AWS))
	return c
}

func (a *app) console(ctx context.Context, o *consoleOptions) error {
	held, cred, err := a.use(ctx, grant.AWS, o.entitlement)
	if err != nil {
		return err
	}
	to, err := a.consoleURL(ctx, held, cred, o.destination)
	if err != nil {
		return err
	}
	if o.print {
		_, err := fmt.Fprintln(a.io.Out, to.Reveal())
		return err
	}
	return a.openConsole(ctx, held, to, o.container)
}

// openConsole opens a sign-in URL in a browser, in a container named after the
// entitlement where that is wanted.
func (a *app) openConsole(ctx context.Context, held credential.Held, to credential.Secret, container bool) error {
	open := browser.Options{Command: a.env.Browser, Graphical: a.env.Graphical}
	if container {
		open.Container = held.Grant.Entitlement
	}
	if err := browser.Open(ctx, open, to); err != nil {
		return err
	}
	a.io.Note("opened the console as %s until %s", held.Grant.Entitlement, clock(held.Grant.ExpiresAt))
	return nil
}

// consoleURL exchanges a grant's keys for a sign-in URL.
func (a *app) consoleURL(ctx context.Context, held credential.Held, cred credential.Credential, d awsconsole.Destination) (credential.Secret, error) {
	cfg, err := a.loadConfig()
	if err != nil {
		return credential.Secret{}, err
	}
	o := awsconsole.Options{Transport: transport()}
	if cfg.Sandbox {
		if o.Endpoint = a.env.AWSEndpoints["SIGNIN"]; o.Endpoint == "" {
			return credential.Secret{}, fault.New(fault.Config, "the sandbox has no console to sign in to").WithHint("use jit sandbox, which has one")
		}
	}
	if d.Region == "" {
		d.Region = cred.AWS.Region
	}
	in, err := awsconsole.New(o).SignIn(ctx, *cred.AWS, held.Grant.ExpiresAt.Sub(a.now()), d)
	if in.Unbounded {
		a.io.Warn("AWS takes no duration for a role that was assumed with another role's keys, and decides itself how long the console stays open")
	}
	return in.URL, err
}
