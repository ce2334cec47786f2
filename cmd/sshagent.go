package cmd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/sshclient"
	"github.com/jitaccess/jit/internal/wallet"
)

const sshAgentLong = `Serve the keys of the grants in force to plain ssh.

jit starts it by itself in the background where it is needed, one for each state
directory; a second one ends at once. It keeps no key: each signature reads the
wallet, so a revoked grant signs nothing. It ends when no SSH grant is in force,
and takes expired certificates out of your own ssh-agent, which matters where
that knows no lifetimes.`

func newSSHAgentCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "agent",
		Short:   "Serve the keys of the grants in force to plain ssh",
		Long:    sshAgentLong + exitCodes(exitConfig),
		Example: "  jit ssh config agent",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.sshAgent(c.Context()) },
	}
}

// agentTick is how often the key agent looks whether it is still needed.
const agentTick = 5 * time.Second

func (a *app) sshAgent(ctx context.Context) (err error) {
	places, err := a.sshPlaces()
	if err != nil {
		return err
	}
	w, err := a.openWallet()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(places.Dir, 0o700); err != nil {
		return fault.Wrap(fault.Config, err, "the key agent has no place").WithHint("look at the permissions of %s", places.Dir)
	}
	lock := flock.New(places.Lock())
	alone, err := takeTurn(ctx, lock)
	if err != nil || !alone {
		return errors.Join(err, lock.Close()) // another one serves
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	if runtime.GOOS == "windows" {
		served = nil // ssh could not reach it; the user's own agent is emptied all the same
	} else {
		go func() {
			served <- sshclient.ServeAll(ctx, places.Socket(), func(ctx context.Context) ([]credential.SSH, error) { return keysOf(ctx, w, a.now()) }, a.now)
		}()
	}
	err = a.tend(ctx, w, served)
	cancel()
	a.emptyAgents(context.WithoutCancel(ctx))
	return errors.Join(err, os.RemoveAll(places.Hosts()))
}

// takeTurn takes the lock of the one key agent. Whoever has it may be about to end,
// having seen that nothing is in force before there was what this one was started
// for; so it is tried for a while.
func takeTurn(ctx context.Context, lock *flock.Flock) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, agentTick/2)
	defer cancel()
	alone, err := lock.TryLockContext(ctx, agentTick/50)
	if errors.Is(err, context.DeadlineExceeded) {
		return false, nil
	}
	return alone, err
}

// tend waits until no SSH grant is in force, or the agent is ended. Once one has
// expired, the user's own agent is emptied of it.
func (a *app) tend(ctx context.Context, w *wallet.Wallet, served <-chan error) error {
	for {
		due, err := nextSSH(ctx, w, a.now())
		if err != nil || due.IsZero() {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-served:
			return err
		case <-time.After(agentTick): // a revocation or a longer grant may have changed it
		}
		if !a.now().Before(due) {
			a.emptyAgents(ctx)
		}
	}
}

// nextSSH is when the first of the SSH grants in force expires, the zero time
// where there is none.
func nextSSH(ctx context.Context, w *wallet.Wallet, now time.Time) (time.Time, error) {
	held, err := w.List(ctx, now)
	if err != nil {
		return time.Time{}, err
	}
	for _, h := range held { // the soonest expiry first
		if h.Grant.Kind == grant.SSH {
			return h.Grant.ExpiresAt, nil
		}
	}
	return time.Time{}, nil
}

// keysOf are the keys of the SSH grants in force, that which expires last first.
// A grant that cannot be opened does not keep the others from being used.
func keysOf(ctx context.Context, w *wallet.Wallet, now time.Time) ([]credential.SSH, error) {
	held, err := w.List(ctx, now)
	if err != nil {
		return nil, err
	}
	var keys []credential.SSH
	for _, h := range slices.Backward(held) {
		if h.Grant.Kind != grant.SSH {
			continue
		}
		cred, openErr := w.Open(ctx, h.Grant.ID)
		if openErr != nil {
			err = errors.Join(err, openErr)
			continue
		}
		keys = append(keys, *cred.SSH)
	}
	if len(keys) > 0 {
		return keys, nil
	}
	return nil, err
}

// startAgent starts the key agent as a process of its own, which ends by itself.
func (a *app) startAgent() error {
	program, err := self()
	if err != nil {
		return err
	}
	args := []string{"ssh", "config", "agent"}
	if a.configFlag != "" {
		args = append([]string{"--config", a.configFlag}, args...)
	}
	// It must outlive the ssh that asked, so no context ends it.
	c := exec.Command(program, args...) //nolint:noctx,forbidigo // see above
	c.Env, c.SysProcAttr = a.env.All(), detached()
	if err := c.Start(); err != nil {
		return fault.Wrap(fault.Internal, err, "the key agent cannot be started")
	}
	return c.Process.Release()
}
