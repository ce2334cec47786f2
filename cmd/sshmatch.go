package cmd

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/sshclient"
	"github.com/jitaccess/jit/internal/ticket"
)

const sshMatchLong = `Tell ssh whether a grant in force is for a host.

ssh runs it, as jit ssh config --install tells it to. It exits 0 where a grant
is, with its certificate where ssh looks for it and the key agent running, and 1
in silence where none is. It asks nothing and uses no network.`

type sshMatchOptions struct{ host, name, login, local string }

func newSSHMatchCmd(a *app) *cobra.Command {
	var o sshMatchOptions
	c := &cobra.Command{
		Use:     "match HOST",
		Short:   "Tell ssh whether a grant is for a host",
		Long:    sshMatchLong + "\n\nExit codes:\n  0  a grant is for the host\n  1  none is, or it cannot be used",
		Example: "  jit ssh config match --login ops bastion-1",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.host = args[0]
			return a.sshMatch(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "the `NAME` that ssh made of the host so far")
	f.StringVar(&o.login, "login", "", "the `LOGIN` that ssh would use so far")
	f.StringVar(&o.local, "local", "", "who the user is on this machine, which is what LOGIN is where nobody said")
	return c
}

// noMatch is the answer that ssh understands, and nobody else sees.
func noMatch() error { return &childExit{1} }

func (a *app) sshMatch(ctx context.Context, o sshMatchOptions) error {
	if a.env.SSHResolving {
		return noMatch()
	}
	if err := a.matchHost(ctx, o); err != nil {
		if _, answered := errors.AsType[*childExit](err); answered {
			return err
		}
		// ssh goes on without the grant, and must not be kept from it.
		a.io.Warn("no grant is used for %s: %v", ticket.Clean(o.host), err)
		a.io.Hint(fault.HintOf(err))
		return noMatch()
	}
	return nil
}

func (a *app) matchHost(ctx context.Context, o sshMatchOptions) error {
	w, held, err := a.listHeld(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(held, func(h credential.Held) bool { return h.Grant.Kind == grant.SSH }) {
		return noMatch()
	}
	logins, names := a.resolveHost(ctx, o)
	matched := false
	var others []string
	for _, login := range logins {
		found, ok, not := sshclient.For(held, login, names...)
		if !ok || !sshclient.Nameable(login, o.host) {
			others = append(others, not...)
			continue
		}
		cred, err := w.Open(ctx, found.Grant.ID)
		if err == nil {
			err = a.offer(login, o.host, *cred.SSH)
		}
		if err != nil {
			return err
		}
		matched = true
	}
	switch {
	case matched:
		return a.haveAgent(ctx)
	case len(others) > 0:
		a.io.Note("the grant for %s is for %s, and ssh logs in as %s: name one, as in %s@%[1]s",
			ticket.Clean(o.host), strings.Join(others, ", "), ticket.Clean(logins[0]), others[0])
	}
	return noMatch()
}

// resolveHost is who ssh may log in as, the likeliest first, and the names of the
// host: what was typed, and what ssh's configuration makes of it. ssh tells the
// name of whoever runs it both where that was said and where nothing was, in which
// case the configuration may say more. Whatever ssh was told besides by its own
// options is not known here.
func (a *app) resolveHost(ctx context.Context, o sshMatchOptions) (logins, names []string) {
	args, said := []string{}, o.login != "" && o.login != o.local
	if said {
		args = append(args, "-l", o.login)
	}
	logins, names = []string{o.login}, []string{o.host, cmp.Or(o.name, o.host)}
	program, err := exec.LookPath("ssh")
	if err != nil {
		return logins, names
	}
	command, err := sshclient.Parse(append(args, o.host))
	if err != nil {
		return logins, names
	}
	resolved, err := sshclient.Resolve(ctx, program, a.env.All(), command)
	if err != nil {
		return logins, names
	}
	if resolved.User != o.login {
		logins = []string{resolved.User, o.login}
	}
	return logins, append(names, resolved.HostName)
}

// offer puts the certificate where ssh looks for it.
func (a *app) offer(login, host string, key credential.SSH) error {
	places, err := a.sshPlaces()
	if err != nil {
		return err
	}
	path := places.Certificate(login, host)
	err = os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = maybe.WriteFile(path, []byte(key.Certificate+"\n"), 0o600)
	}
	if err != nil {
		return fault.Wrap(fault.Internal, err, "the certificate cannot be written").WithHint("look at the permissions of %s", places.Dir)
	}
	return nil
}

// agentWait is how long a key agent may take to start.
const agentWait = 5 * time.Second

// haveAgent starts the key agent where none is running, and waits for it.
func (a *app) haveAgent(ctx context.Context) error {
	places, err := a.sshPlaces()
	if err != nil {
		return err
	}
	if sshclient.Answers(ctx, places.Socket()) {
		return nil
	}
	if err := a.startAgent(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, agentWait)
	defer cancel()
	for ctx.Err() == nil {
		if sshclient.Answers(ctx, places.Socket()) {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fault.New(fault.Internal, "the key agent has not started").WithHint("run jit ssh config agent to see why")
}
