package cmd

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/shell"
)

const hookLong = `Print a hook that shows the grant in force in a shell's prompt.

It shows the ticket, the entitlement and the time left, and sets JIT_PROMPT to
the same in plain text, for starship and others. One line of the shell's rc
file loads it:

  bash        eval "$(jit hook bash)"                      in ~/.bashrc
  zsh         eval "$(jit hook zsh)"                       in ~/.zshrc
  fish        jit hook fish | source                       in config.fish
  elvish      eval (jit hook elvish | slurp)               in rc.elv
  tcsh        eval "` + "`jit hook tcsh`" + `"                       in ~/.tcshrc
  powershell  jit hook powershell | Out-String | Invoke-Expression
              in $PROFILE
  nu          jit hook nu | save -f ~/.jit.nu              once, and then
              source ~/.jit.nu                             in config.nu

No process is started for a prompt, save by tcsh and elvish, which start one
while there is something to show.`

func newHookCmd(a *app) *cobra.Command {
	var variableOnly bool
	c := &cobra.Command{
		Use:       "hook SHELL",
		Short:     "Print a hook that shows the grant in force in the prompt",
		Long:      hookLong + exitCodes(exitConfig),
		Example:   "  eval \"$(jit hook bash)\"\n  jit hook fish --no-prompt | source",
		Args:      cobra.ExactArgs(1),
		ValidArgs: shell.Hooked(),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.printHook(args[0], variableOnly)
		},
	}
	c.Flags().BoolVar(&variableOnly, "no-prompt", false, "set JIT_PROMPT only, and leave the prompt to another program")
	return c
}

func (a *app) printHook(name string, variableOnly bool) error {
	state, err := a.env.State()
	if err != nil {
		return err
	}
	text, err := shell.Hook(name, shell.HookOptions{State: state, VariableOnly: variableOnly})
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.io.Out, text)
	return err
}
