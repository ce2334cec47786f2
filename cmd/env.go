package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/shell"
)

const envLong = `Print a grant in force as commands that set environment variables.

The output holds secrets: it is meant for eval, not for a screen or a file.
Nothing is asked and no network is used.

A grant for SSH has no variables but JIT_*: its key is in your ssh-agent, where
there is one, and jit ssh needs none. The AWS keys that an earlier jit env has
set in this shell are then taken away, and other keys stay.

With --unset it prints the commands that take a grant's variables away again,
whether or not it has run out. The region stays, and so do keys of your own that
took the place of the grant's.`

func newEnvCmd(a *app) *cobra.Command {
	var entitlement, dialect string
	var unset bool
	c := &cobra.Command{
		Use:     "env [-e ENTITLEMENT]",
		Short:   "Print a grant in force for a shell to evaluate",
		Long:    envLong + exitCodes(exitConfig, exitNoGrant),
		Example: "  eval \"$(jit env)\"\n  jit env -e prod-readonly --shell fish | source\n  eval \"$(jit env --unset)\"",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := notEmpty(c, "entitlement", "shell"); err != nil {
				return err
			}
			if unset && entitlement != "" {
				return fault.New(fault.Usage, "--unset takes no entitlement").WithHint("it takes away what any grant has set")
			}
			if unset {
				return a.printUnset(dialect)
			}
			return a.printEnv(c.Context(), entitlement, dialect)
		},
	}
	c.Flags().StringVarP(&entitlement, "entitlement", "e", "", "use the grant of this `ENTITLEMENT`")
	c.Flags().StringVar(&dialect, "shell", "", "write for this `SHELL` (default: $SHELL)")
	completeWith(c, "entitlement", a.completeInForce(""))
	completeWith(c, "shell", fixed(shell.Spoken()...))
	c.Flags().BoolVar(&unset, "unset", false, "print what takes the variables of a grant away")
	return c
}

// dialect is the language of the named shell or, without a name, of the user's.
func (a *app) dialect(name string) (shell.Dialect, error) {
	if name == "" {
		name = a.env.Shell
	}
	return shell.Detect(name)
}

func (a *app) printUnset(name string) error {
	dialect, err := a.dialect(name)
	if err != nil {
		return err
	}
	return shell.Export(a.io.Out, dialect, nil, shell.Leftover(a.env.All())...)
}

func (a *app) printEnv(ctx context.Context, entitlement, name string) error {
	dialect, err := a.dialect(name)
	if err != nil {
		return err
	}
	held, cred, err := a.use(ctx, usable(entitlement), entitlement)
	if err != nil {
		return err
	}
	err = shell.Export(a.io.Out, dialect, shell.Vars(held, cred), shell.Overriding(held.Grant.Kind, a.env.All())...)
	if err == nil && a.io.OutTTY && cred.AWS != nil {
		a.io.Warn("the screen now shows secrets: this output is for a shell to evaluate, as jit env --help shows")
	}
	return err
}
