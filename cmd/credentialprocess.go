package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/shell"
)

const credentialProcessLong = `Print the AWS keys of a grant in force for the AWS SDKs' credential_process.

It never asks anything and never uses the network: with no grant in force it
exits 9. Put it in a profile of ~/.aws/config:

  [profile prod-readonly]
  credential_process = jit credential-process -e prod-readonly`

func newCredentialProcessCmd(a *app) *cobra.Command {
	var entitlement string
	c := &cobra.Command{
		Use:     "credential-process [-e ENTITLEMENT]",
		Short:   "Print AWS keys for the SDKs' credential_process",
		Long:    credentialProcessLong + exitCodes(exitConfig, exitNoGrant),
		Example: "  jit credential-process -e prod-readonly",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := notEmpty(c, "entitlement"); err != nil {
				return err
			}
			return a.credentialProcess(c.Context(), entitlement)
		},
	}
	c.Flags().StringVarP(&entitlement, "entitlement", "e", "", "use the grant of this `ENTITLEMENT`")
	completeWith(c, "entitlement", a.completeInForce(grant.AWS))
	return c
}

func (a *app) credentialProcess(ctx context.Context, entitlement string) error {
	_, cred, err := a.use(ctx, grant.AWS, entitlement)
	if err != nil {
		return err
	}
	out, err := shell.ProcessJSON(*cred.AWS)
	if err != nil {
		return err
	}
	_, err = a.io.Out.Write(append(out, '\n'))
	return err
}
