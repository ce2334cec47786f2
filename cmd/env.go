package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/shell"
)

const envLong = `Print a grant in force as commands that set environment variables.

The output holds secrets: it is meant for eval, not for a screen or a file.
Nothing is asked and no network is used.`

func newEnvCmd(a *app) *cobra.Command {
	var entitlement, dialect string
	c := &cobra.Command{
		Use:     "env [-e ENTITLEMENT]",
		Short:   "Print a grant in force for a shell to evaluate",
		Long:    envLong + exitCodes(exitConfig, exitNoGrant),
		Example: "  eval \"$(jit env)\"\n  jit env -e prod-readonly --shell fish | source",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := notEmpty(c, "entitlement", "shell"); err != nil {
				return err
			}
			return a.printEnv(c.Context(), entitlement, dialect)
		},
	}
	c.Flags().StringVarP(&entitlement, "entitlement", "e", "", "use the grant of this `ENTITLEMENT`")
	c.Flags().StringVar(&dialect, "shell", "", "write for this `SHELL` (default: $SHELL)")
	return c
}

func (a *app) printEnv(ctx context.Context, entitlement, name string) error {
	if name == "" {
		name = a.env.Shell
	}
	dialect, err := shell.Detect(name)
	if err != nil {
		return err
	}
	held, cred, err := a.use(ctx, usable(entitlement), entitlement)
	if err != nil {
		return err
	}
	return shell.Export(a.io.Out, dialect, shell.Vars(held, cred), shell.Overriding(held.Grant.Kind)...)
}
