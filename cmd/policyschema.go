package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/policy/schema"
)

const policySchemaLong = `Print the JSON Schema (draft 2020-12) of policy files or, with --tests, of the
cases that they are tested with. Editors complete and check by it as you type:
write it to a file, and name that at the top of a policy, as in

  # yaml-language-server: $schema=policy.schema.json

A schema takes whatever is right, and cannot tell all that is wrong: that is
for jit policy check and jit policy test.`

func newPolicySchemaCmd(a *app) *cobra.Command {
	var tests bool
	c := &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of policies, for editors",
		Long:    policySchemaLong + exitCodes(),
		Example: "  jit policy schema > policy.schema.json\n  jit policy schema --tests > tests.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text := schema.Policy()
			if tests {
				text = schema.Tests()
			}
			_, err := fmt.Fprint(a.io.Out, text)
			return err
		},
	}
	c.Flags().BoolVar(&tests, "tests", false, "of the cases that a policy is tested with")
	return c
}
