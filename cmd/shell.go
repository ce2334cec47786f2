package cmd

import (
	"context"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/shell"
)

const shellLong = `Open a shell with a grant in force.

It is $SHELL, with the environment that jit exec gives a command. Your rc files
are read as ever; in bash, zsh and fish the hook is loaded after them, so that
the prompt shows the grant, and says so when it has run out. For other shells
put the hook into the rc file: see jit hook --help.

An SSH grant has no variables of its own: its key is in your ssh-agent, where
there is one, and jit ssh needs none.

A shell inside such a shell is refused: leave the first one with exit. The
shell's own exit code is passed on; 125 means that it never started.`

func newShellCmd(a *app) *cobra.Command {
	o := &execOptions{}
	c := &cobra.Command{
		Use:         "shell [-e ENTITLEMENT]",
		Short:       "Open a shell with a grant in force",
		Long:        shellLong + "\n\nExit codes:\n  the shell's own\n  125  " + meaning(exitNotRun) + "\n  130  " + meaning(exitCancelled),
		Example:     "  jit shell\n  jit shell -e prod-readonly\n  jit shell --request OPS-7 --for 30m",
		Args:        cobra.NoArgs,
		Annotations: map[string]string{startsChild: "yes"},
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.check(c); err != nil {
				return err
			}
			return a.shell(c.Context(), o)
		},
	}
	o.flags(c.Flags())
	a.completeUse(c)
	return c
}

func (a *app) shell(ctx context.Context, o *execOptions) error {
	if err := a.notNested(); err != nil {
		return err
	}
	held, cred, err := a.grantFor(ctx, o)
	if err != nil {
		return err
	}
	program := a.userShell()
	start, err := a.hooked(program)
	if err != nil {
		return err
	}
	g := held.Grant
	a.io.Note("this shell has %s for %s until %s (%s); leave it with exit", g.Entitlement, g.Ticket,
		clock(g.ExpiresAt), left(g.ExpiresAt.Sub(a.now())))
	return a.runChild(ctx, append([]string{program}, start.Args...), a.environ(held, cred, start.Vars...))
}

// environ is the environment of a child that uses a grant.
func (a *app) environ(held credential.Held, cred credential.Credential, more ...shell.Var) []string {
	base := a.env.All()
	return shell.Environ(base, append(shell.Vars(held, cred), more...), shell.Overriding(held.Grant.Kind, base)...)
}

// notNested refuses a shell in one that has a grant already. What has run out
// stands in nobody's way.
func (a *app) notNested() error {
	own := a.env.Own
	if own.Grant == "" {
		return nil
	}
	line := a.ownGrant()
	if line == nil {
		return fault.New(fault.Usage, "this shell has a grant already").
			WithHint("leave it with exit, or take the grant away with jit env --unset")
	}
	if !line.ExpiresAt.After(a.now()) {
		return nil
	}
	return fault.New(fault.Usage, "this shell has %s for %s already", line.Entitlement, line.Ticket).
		WithHint("leave it with exit first, or use another grant with jit exec -e ENTITLEMENT")
}

// hooked writes the hook of the user's shell beside the wallet and returns how
// to start the shell with it. Where the disk is full or read-only there is no
// hook, and the shell is no worse for it than another program under exec.
func (a *app) hooked(program string) (shell.Interactive, error) {
	state, err := a.env.State()
	if err != nil {
		return shell.Interactive{}, err
	}
	start, err := shell.HookedShell(program, filepath.Join(state, "shell"), a.env.Zdotdir, shell.HookOptions{State: state})
	if err != nil {
		return shell.Interactive{}, err
	}
	for path, text := range start.Files {
		if err := writeWhole(path, text); err != nil {
			a.io.Warn("the hook of the shell cannot be written, and the prompt does not show the grant: %v", err)
			return shell.Interactive{}, nil
		}
	}
	return start, nil
}

// writeWhole replaces a file at once: another shell may be reading it.
func writeWhole(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return maybe.WriteFile(path, []byte(text), 0o600)
}
