package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/fault"
)

const rootLong = `jit gives short-lived access that a Jira ticket justifies.

It asks Jira who you are and what the ticket says, lets a policy decide what
the ticket unlocks, mints an AWS session or an SSH certificate, and writes an
audit record before the credential can be used.

Try it without an account: jit sandbox`

// newRootCmd builds the command tree.
func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "jit",
		Short:         "Short-lived access that a Jira ticket justifies",
		Long:          rootLong + exitCodes(everyExitCode()...),
		Example:       "  jit sandbox\n  jit explain OPS-7\n  jit request OPS-7 -e prod-readonly\n  jit exec -- aws s3 ls",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().StringVar(&a.configFlag, "config", "", "read this configuration `FILE`")
	root.SetFlagErrorFunc(usage)
	root.AddCommand(
		newRequestCmd(a, nil), newExplainCmd(a), newStatusCmd(a), newRevokeCmd(a),
		newExecCmd(a), newEnvCmd(a), newCredentialProcessCmd(a), newConsoleCmd(a),
		newAWSCmd(a),
		newSSHCmd(a), newShellCmd(a), newHookCmd(a), newPromptCmd(a),
		newPolicyCmd(a), newAuditCmd(a),
		newInitCmd(a), newLoginCmd(a), newLogoutCmd(a), newDoctorCmd(a),
		newSandboxCmd(a), newVersionCmd(a),
	)
	root.InitDefaultCompletionCmd()
	root.SetHelpCommand(newHelpCmd(root))
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			describeCompletion(c)
		}
		asUsage(c)
	}
	return root
}

// describeCompletion says of cobra's own command what the others say of theirs.
func describeCompletion(completion *cobra.Command) {
	completion.RunE = needCommand
	completion.Long += exitCodes()
	completion.Example = "  jit completion bash > ~/.local/share/bash-completion/completions/jit"
	examples := map[string]string{
		"bash":       "  source <(jit completion bash)",
		"zsh":        "  source <(jit completion zsh)",
		"fish":       "  jit completion fish | source",
		"powershell": "  jit completion powershell | Out-String | Invoke-Expression",
	}
	for _, shell := range completion.Commands() {
		shell.Long = strings.TrimRight(shell.Long, "\n") + exitCodes()
		shell.Example = examples[shell.Name()]
		shell.RunE, shell.Run = printCompletion, nil
	}
}

// newHelpCmd replaces cobra's, which takes an unknown topic for success.
func newHelpCmd(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Help about any command",
		Long:    "Print the help of a command, as COMMAND --help does." + exitCodes(),
		Example: "  jit help request",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return noSuchCommand(root, args)
			}
			return c.Help()
		},
	}
}

// asUsage makes every refusal of arguments, cobra's own included, an error of
// class Usage with a pointer to the command's help.
func asUsage(c *cobra.Command) {
	check := c.Args
	if check == nil {
		check = cobra.ArbitraryArgs
		if c.HasSubCommands() {
			check = noSuchCommand
		}
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usage(c, err)
		}
		return nil
	}
	for _, sub := range c.Commands() {
		asUsage(sub)
	}
}

func usage(c *cobra.Command, err error) error {
	if fault.ClassOf(err) != fault.Internal {
		return err
	}
	return fault.New(fault.Usage, "%s", strings.ReplaceAll(err.Error(), "\n", " ")).
		WithHint("see %s --help", c.CommandPath())
}

func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	e := fault.New(fault.Usage, "%s has no command %q", c.CommandPath(), args[0])
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return e.WithHint("did you mean %s?", strings.Join(near, " or "))
	}
	return e.WithHint("see %s --help", c.CommandPath())
}

// needCommand is run by a command that only groups others.
func needCommand(c *cobra.Command, _ []string) error {
	names := make([]string, 0, len(c.Commands()))
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	return fault.New(fault.Usage, "%s needs one of: %s", c.CommandPath(), strings.Join(names, ", ")).
		WithHint("%s", fmt.Sprintf("see %s --help", c.CommandPath()))
}
