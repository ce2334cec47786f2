package cmd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/sshclient"
	"github.com/jitaccess/jit/internal/ticket"
)

const sshLong = `Log in to a host with a grant in force.

All that follows is for your own ssh, with every option that it has. The grant
is the one whose entitlement's hosts match HOST, as it is typed or as ssh's
configuration resolves it; of several the one that expires last. Only its
certificate is offered, and no ssh-agent is needed: jit serves the key to this
one ssh from memory, and no longer than the certificate holds.

Options of jit are long ones, and come before those of ssh. --request asks for
access with a ticket first.

ssh's own exit code is passed on; 125 means that it never started.`

type sshOptions struct {
	execOptions
	args []string         // of ssh
	held *credential.Held // the grant to use, where it is chosen already
}

func newSSHCmd(a *app) *cobra.Command {
	o := &sshOptions{}
	c := &cobra.Command{
		Use:         "ssh [SSH-OPTIONS] [USER@]HOST [COMMAND [ARG...]]",
		Short:       "Log in to a host with a grant in force",
		Long:        sshLong + "\n\nExit codes:\n  ssh's own\n  125  " + meaning(exitNotRun) + "\n  130  " + meaning(exitCancelled),
		Example:     "  jit ssh bastion-1\n  jit ssh -L 8080:localhost:80 ops@bastion-1\n  jit ssh --request OPS-7 bastion-1 uptime",
		Args:        cobra.ArbitraryArgs,
		Annotations: map[string]string{startsChild: "yes"},
		// ssh's options are not for pflag to read: ours are split off before.
		DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			help, err := o.split(c, args)
			if help {
				return c.Help()
			}
			if err != nil {
				return usage(c, err)
			}
			return a.ssh(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.entitlement, "entitlement", "", "use the grant of this `ENTITLEMENT`")
	f.StringVar(&o.request, "request", "", "ask for access with this ticket `KEY` first")
	f.DurationVar(&o.ttl, "for", 0, "with --request: how long")
	f.StringVar(&o.reason, "reason", "", "with --request: why, for the audit record")
	c.ValidArgsFunction = onlyFirst(a.completeHosts())
	completeWith(c, "entitlement", a.completeInForce(grant.SSH))
	completeWith(c, "request", a.completeTickets())
	c.AddCommand(newSSHConfigCmd(a))
	return c
}

// split takes jit's own options, which are long, off the front of the
// arguments; the rest is ssh's.
func (o *sshOptions) split(c *cobra.Command, args []string) (help bool, err error) {
	own := 0
	for own < len(args) && strings.HasPrefix(args[own], "--") && args[own] != "--" {
		name, _, joined := strings.Cut(args[own][2:], "=")
		own++
		if !joined && name != "help" {
			own++
		}
	}
	own = min(own, len(args))
	c.DisableFlagParsing = false
	if err := c.ParseFlags(args[:own]); err != nil {
		return false, err
	}
	o.args = args[own:]
	if wants, err := c.Flags().GetBool("help"); err == nil && wants || len(o.args) == 1 && o.args[0] == "-h" {
		return true, nil
	}
	return false, o.check(c)
}

func (a *app) ssh(ctx context.Context, o *sshOptions) error {
	if runtime.GOOS == "windows" {
		return fault.New(fault.Usage, "jit ssh does not work on Windows yet, whose ssh has no sockets for keys").
			WithHint("request access with an ssh-agent running, and use ssh itself")
	}
	command, err := sshclient.Parse(o.args)
	if err != nil {
		return err
	}
	program, err := exec.LookPath("ssh")
	if err != nil {
		return fault.Wrap(fault.Usage, err, "there is no ssh to run").WithHint("install OpenSSH's client")
	}
	if command.Asks {
		return a.runChild(ctx, append([]string{program}, command.Args...), a.env.All())
	}
	resolved, err := sshclient.Resolve(ctx, program, a.env.All(), command)
	if err != nil {
		return err
	}
	key, err := a.keyFor(ctx, o, command.User, command.Host, resolved.HostName)
	if err != nil {
		return err
	}
	login, err := sshclient.Login(key, command.User, resolved.User)
	if err != nil {
		return err
	}
	if login != "" {
		command = command.As(login)
	}
	return a.runSSH(ctx, program, command, key)
}

// wayTo is how to reach a host behind another for which a grant is in force; nil
// where ssh knows the way itself. ssh gives the first of several hops none of our
// options, so each of them is an ssh of jit's.
func (a *app) wayTo(ctx context.Context, command sshclient.Command, resolved sshclient.Resolved) ([]string, error) {
	hop, ok := sshclient.LastHop(resolved.ProxyJump)
	if !ok {
		return nil, nil
	}
	_, held, err := a.listHeld(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := sshclient.Best(held, "", hop.User, hop.Host); !ok {
		return nil, nil
	}
	self, err := a.selfCommand()
	if err != nil {
		return nil, err
	}
	through, ok := hop.Through(self, command.Config)
	if !ok {
		return nil, fault.New(fault.Usage, "the way through %s cannot be written down", ticket.Clean(hop.Host)).
			WithHint("name the hop without quotes and backslashes")
	}
	return []string{"-o", "ProxyCommand=" + through}, nil
}

// keyFor is the key of the grant for a login, where one is named, at a host that
// goes by these names.
func (a *app) keyFor(ctx context.Context, o *sshOptions, login string, names ...string) (credential.SSH, error) {
	if o.request != "" {
		return a.requestKey(ctx, o)
	}
	if o.ttl != 0 || o.reason != "" {
		return credential.SSH{}, fault.New(fault.Usage, "--for and --reason go with --request")
	}
	if o.held != nil {
		return a.keyOf(ctx, *o.held, names)
	}
	w, held, err := a.listHeld(ctx)
	if err != nil {
		return credential.SSH{}, err
	}
	chosen, ok := sshclient.Best(held, o.entitlement, login, names...)
	if !ok {
		a.warnProblems(ctx, w)
		return a.pickKey(ctx, o, names)
	}
	cred, err := w.Open(ctx, chosen.Grant.ID)
	if err != nil {
		return credential.SSH{}, err
	}
	return *cred.SSH, nil
}

// keyOf is the key of a grant that was chosen before its host was named.
func (a *app) keyOf(ctx context.Context, held credential.Held, names []string) (credential.SSH, error) {
	if !sshclient.Matches(held.Hosts, names...) {
		return credential.SSH{}, fault.New(fault.Usage, "%s is not for %s", held.Grant.Entitlement, ticket.Clean(names[0])).
			WithHint("it is for %s", strings.Join(held.Hosts, ", "))
	}
	w, err := a.openWallet()
	if err != nil {
		return credential.SSH{}, err
	}
	cred, err := w.Open(ctx, held.Grant.ID)
	if err != nil {
		return credential.SSH{}, err
	}
	return *cred.SSH, nil
}

// pickKey asks on a terminal for a ticket that unlocks the host, and refuses
// elsewhere.
func (a *app) pickKey(ctx context.Context, o *sshOptions, names []string) (credential.SSH, error) {
	if !a.io.Interactive() {
		return credential.SSH{}, noKey(names[0])
	}
	a.io.Note("no SSH grant for %s is in force; which ticket is it for?", names[0])
	svc, out, err := a.pick(ctx, access.Ask{Kind: grant.SSH, Entitlement: o.entitlement}, func(e policy.Entitlement) bool {
		return e.SSH != nil && sshclient.Matches(e.SSH.Hosts, names...)
	})
	if err != nil {
		return credential.SSH{}, err
	}
	return openKey(ctx, svc, out)
}

func noKey(host string) error {
	return fault.New(fault.NoGrant, "no SSH grant for %s is in force", ticket.Clean(host)).
		WithHint("run jit request KEY, with the key of your ticket, or jit ssh --request KEY %s", ticket.Clean(host))
}

func (a *app) requestKey(ctx context.Context, o *sshOptions) (credential.SSH, error) {
	svc, out, err := a.ask(ctx, o.request, access.Ask{
		Entitlement: o.entitlement, Kind: grant.SSH, TTL: o.ttl, Reason: ticket.Clean(o.reason),
	})
	if err != nil {
		return credential.SSH{}, err
	}
	return openKey(ctx, svc, out)
}

// openKey is the key of a grant that has just been given.
func openKey(ctx context.Context, svc *access.Service, out access.Outcome) (credential.SSH, error) {
	if out.Held.Grant.Kind != grant.SSH {
		return credential.SSH{}, fault.New(fault.Usage, "%s is not an entitlement for SSH", out.Held.Grant.Entitlement).
			WithHint("use it with jit exec")
	}
	cred, err := svc.Wallet.Open(ctx, out.Held.Grant.ID)
	if err != nil {
		return credential.SSH{}, err
	}
	return *cred.SSH, nil
}

// runSSH runs ssh with the key served from memory, and passes its exit code on.
func (a *app) runSSH(ctx context.Context, program string, command sshclient.Command, key credential.SSH) (err error) {
	served, err := sshclient.Serve(context.WithoutCancel(ctx), os.TempDir(), key, a.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, served.Close()) }()
	// What ssh is configured to do may depend on who logs in, and on our options.
	asked := command
	asked.Args = command.With(served.Options()...)
	resolved, err := sshclient.Resolve(ctx, program, a.env.All(), asked)
	if err != nil {
		return err
	}
	if err := onlyOurs(resolved, served); err != nil {
		return err
	}
	more, err := resolved.Forwarding(a.env.SSHAuthSock)
	if err != nil {
		return err
	}
	if !command.Shares {
		// A connection that is shared was opened with another key, or outlives the
		// grant that it was opened with.
		more = append(more, "-o", "ControlPath=none")
	}
	way, err := a.wayTo(ctx, command, resolved)
	if err != nil {
		return err
	}
	if way != nil {
		command, more = command.Direct(), append(more, way...)
	}
	if left := key.ExpiresAt.Sub(a.now()); left < 2*time.Minute {
		a.io.Warn("the grant ends in %s; an open connection stays", left.Round(time.Second))
	}
	return a.outlive(ctx, program, command.With(append(served.Options(), more...)...), a.env.All())
}

// onlyOurs refuses a command by which ssh would offer another certificate of the
// same kind: the host could let that one in, and what it logged would not be what
// the audit log says.
func onlyOurs(resolved sshclient.Resolved, served *sshclient.Agent) error {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "/" // no ~ leads anywhere then
	}
	if rivals := served.Rivals(resolved.Files, home); len(rivals) > 0 {
		return fault.New(fault.Usage, "ssh would offer the certificate %s too", ticket.Clean(rivals[0])).
			WithHint("take it out of ssh's configuration for this host, or use ssh itself")
	}
	return nil
}
