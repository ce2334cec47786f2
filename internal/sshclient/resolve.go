package sshclient

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// Resolved is what ssh's arguments and configuration make of a host.
type Resolved struct {
	HostName, User string
	// ForwardAgent is no, yes, or which agent to forward.
	ForwardAgent string
	// ProxyJump is the way to the host, "" where it is reached directly.
	ProxyJump string
	// Files are those of keys and of certificates that it would try, as ssh tells
	// them.
	Files []string
}

// Resolving is set in the environment of ssh -G, whose configuration may ask
// jit which grant is for the host: that must not ask ssh in turn.
const Resolving = "JIT_SSH_RESOLVING"

// Resolve asks ssh -G, in an environment, what it would do with the command. The
// error is of class Usage, with ssh's own words: what it cannot read it would not
// run either.
func Resolve(ctx context.Context, ssh string, environ []string, c Command) (Resolved, error) {
	r := Resolved{HostName: c.Host}
	asked := exec.CommandContext(ctx, ssh, append([]string{"-G"}, c.Args...)...)
	asked.Env = append(slices.Clone(environ), Resolving+"=1")
	out, err := asked.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			said, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n") // its usage may follow
			err = errors.New(ticket.Clean(said))
		}
		return r, fault.Wrap(fault.Usage, err, "ssh does not take this command").WithHint("run ssh -G with the same arguments to see why")
	}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "hostname":
			r.HostName = value
		case "user":
			r.User = value
		case "forwardagent":
			r.ForwardAgent = value
		case "proxyjump":
			r.ProxyJump = strings.TrimPrefix(value, "none")
		case "identityfile", "certificatefile":
			r.Files = append(r.Files, value)
		}
	}
	return r, nil
}

// Forwarding returns the options that keep the grant's key here. ssh forwards
// the agent that it takes keys from, which is ours; whoever asks to forward an
// agent means their own, at the socket. The error is of class Usage, where there
// is none: a later -A undoes every setting that says no.
func (r Resolved) Forwarding(socket string) ([]string, error) {
	switch {
	case r.ForwardAgent != "yes":
		return nil, nil // it is off, or names an agent
	case socket == "":
		return nil, fault.New(fault.Usage, "there is no agent to forward, and the grant's key stays here").
			WithHint("leave -A and ForwardAgent out, or start an ssh-agent")
	}
	return []string{"-o", PathOption("ForwardAgent", socket)}, nil
}

// PathOption is a setting of ssh whose value is a path. Its percent signs would
// else stand for something, and blanks would end it.
func PathOption(name, path string) string {
	return name + `="` + strings.ReplaceAll(path, "%", "%%") + `"`
}
