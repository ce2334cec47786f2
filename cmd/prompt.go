package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/shell"
)

const promptLong = `Print the grant in force for a status bar.

One line has the ticket, the entitlement and the time left; with several in
force it is the one that runs out first, and how many others there are. A shell
that has a grant of its own (jit shell, jit env) gets that one, run out or not.
Where nothing is in force nothing is printed.

Only the state file is read: no configuration, no keyring and no network.

Formats: plain, tmux (with its colours), json, and tcsh (for its hook).`

func newPromptCmd(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "prompt",
		Short:   "Print the grant in force for a status bar",
		Long:    promptLong + exitCodes(exitConfig),
		Example: "  jit prompt\n  tmux set -g status-right '#(jit prompt --format tmux)'",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.printPrompt(format) },
	}
	c.Flags().StringVar(&format, "format", "plain", "write in this `FORMAT`")
	return c
}

// promptJSON is the form of --format json.
type promptJSON struct {
	Text        string `json:"text"`
	Colour      string `json:"colour"`
	Ticket      string `json:"ticket"`
	Entitlement string `json:"entitlement"`
	ExpiresAt   string `json:"expires_at"`
	More        int    `json:"more"`
}

func (a *app) printPrompt(format string) error {
	show, ok := a.promptFormat(format)
	if !ok {
		return fault.New(fault.Usage, "there is no format %q", format).WithHint("one of plain, tmux, json and tcsh")
	}
	state, err := a.env.State()
	if err != nil {
		return err
	}
	now := a.now()
	lines, err := shell.Lines(state, now)
	if err != nil {
		return err
	}
	p, ok := shell.Choose(a.ownGrant(), lines, now)
	if !ok {
		return nil
	}
	return show(p)
}

// ownGrant is the grant that the environment has, run out or not.
func (a *app) ownGrant() *shell.Line {
	own, ok := shell.ParseLine(a.env.Own.ExpiresAt, a.env.Own.Ticket, a.env.Own.Entitlement)
	if !ok {
		return nil
	}
	return &own
}

func (a *app) promptFormat(format string) (func(shell.Prompt) error, bool) {
	line := func(text string) error {
		_, err := fmt.Fprintln(a.io.Out, text)
		return err
	}
	switch format {
	case "plain":
		return func(p shell.Prompt) error { return line(p.Text()) }, true
	case "tmux":
		return func(p shell.Prompt) error { return line("#[fg=" + p.Colour() + "]" + p.Text() + "#[default]") }, true
	case "tcsh":
		return func(p shell.Prompt) error { return line(a.tcshPrompt(p) + "\n" + p.Text()) }, true
	case "json":
		return func(p shell.Prompt) error {
			return writeJSON(a.io.Out, promptJSON{p.Text(), p.Colour(), p.Ticket, p.Entitlement, stamp(p.ExpiresAt), p.More})
		}, true
	}
	return nil, false
}

// tcshPrompt is the prompt with a blank after it, in tcsh's escapes.
func (a *app) tcshPrompt(p shell.Prompt) string {
	if a.env.NoColor || a.env.Term == "dumb" {
		return p.Text() + " "
	}
	code := map[string]string{"red": "31", "yellow": "33", "green": "32"}[p.Colour()]
	return "%{\x1b[" + code + "m%}" + p.Text() + "%{\x1b[0m%} "
}
