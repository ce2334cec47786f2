package cmd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sandbox"
)

const sandboxLong = `Try jit on an embedded Jira, STS, SSH server and audit log.

With a command, runs it with JIT_CONFIG, JIT_STATE_DIR and JIT_JIRA_TOKEN
pointing at the embedded world and jit on its PATH, then takes the world down
and exits with the command's code. Alone on a terminal it opens your shell
there; alone without one it runs a short tour.

Nothing outside is touched: every endpoint is on loopback, and AWS profiles and
ssh-agent are left out of the environment. DEMO-1 unlocks an SSH and an AWS
entitlement, DEMO-2 is done, DEMO-3 is assigned to somebody else.`

func newSandboxCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "sandbox [-- COMMAND [ARG...]]",
		Short: "Try jit on embedded parts",
		Long:  sandboxLong + exitCodes() + "\n  otherwise the command's own",
		Example: "  jit sandbox\n  jit sandbox -- jit request DEMO-1 -e demo-ssh\n" +
			"  jit sandbox -- sh -c 'jit request DEMO-1 -e demo-aws && jit exec -- aws sts get-caller-identity --endpoint-url \"$AWS_ENDPOINT_URL_STS\"'",
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error { return a.sandbox(c.Context(), args) },
	}
	c.Flags().SetInterspersed(false)
	return c
}

func (a *app) sandbox(ctx context.Context, command []string) (err error) {
	exe, err := os.Executable()
	if err != nil {
		return fault.Wrap(fault.Internal, err, "cannot find jit's own program")
	}
	// Ctrl-C is for the command inside; the world outlives it.
	w, err := sandbox.Start(context.WithoutCancel(ctx), sandbox.Options{Now: a.now, Exe: exe})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if len(command) > 0 {
		return a.inSandbox(ctx, w, command)
	}
	if a.io.Interactive() && a.io.OutTTY {
		a.io.Note("this shell is in the sandbox; try jit request, then jit exec -- env")
		a.io.Note("for SSH try jit ssh -F $JIT_SANDBOX/ssh_config demo-host")
		a.io.Note("exit leaves it, and removes %s", w.Dir)
		return a.inSandbox(ctx, w, []string{a.userShell()})
	}
	return a.tour(ctx, w)
}

func (a *app) userShell() string {
	switch {
	case a.env.Shell != "":
		return a.env.Shell
	case runtime.GOOS == "windows":
		return "cmd"
	}
	return "/bin/sh"
}

// inSandbox runs a command in the world and passes its exit code on. Ctrl-C
// reaches the command from the terminal; jit outlives it to clean up.
func (a *app) inSandbox(ctx context.Context, w *sandbox.World, command []string) error {
	environ := w.Environ(a.env.All())
	path, err := lookIn(environ, command[0])
	if err != nil {
		return fault.Wrap(fault.Usage, err, "cannot run %s", command[0])
	}
	return a.outlive(ctx, path, command[1:], environ)
}

// outlive runs a program that has the terminal, which sends it Ctrl-C and Ctrl-Z
// by itself, waits for its end to clean up after it, and passes its exit code on.
func (a *app) outlive(ctx context.Context, path string, args, environ []string) error {
	child := exec.CommandContext(context.WithoutCancel(ctx), path, args...)
	child.Env, child.Stdin, child.Stdout, child.Stderr = environ, a.io.In, a.io.ForChild(), a.io.Err
	err := runForwarding(child)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return &childExit{exitOf(exit)}
	}
	if err != nil {
		return fault.Wrap(fault.Usage, err, "cannot run %s", path)
	}
	return nil
}

// lastWord is how long a child may take to end once jit was told to.
const lastWord = 3 * time.Second

// runForwarding runs a child and passes on the signals that are sent to jit
// alone, so that both end together and the world is taken down. SIGQUIT comes
// from the terminal to both; jit outlives it to clean up. A child that stops has
// jit stop too.
func runForwarding(child *exec.Cmd) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, notIgnored(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)...)
	defer signal.Stop(signals)
	stops := watchStops()
	if err := child.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	go forward(child.Process, signals, ended)
	go stopWith(child.Process, stops, ended)
	return child.Wait()
}

// forward passes a request to end on, and makes sure that it is followed: a
// shell ignores SIGTERM, and a stopped child hears nothing. That the child may
// have ended meanwhile is no matter.
func forward(child *os.Process, signals <-chan os.Signal, ended <-chan struct{}) {
	var enough <-chan time.Time
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGQUIT {
				continue
			}
			_ = child.Signal(s)
			wake(child)
			if enough == nil {
				enough = time.After(lastWord)
			}
		case <-enough:
			_ = child.Kill()
		case <-ended:
			return
		}
	}
}

// lookIn finds a program on the PATH of an environment that is not ours.
func lookIn(environ []string, name string) (string, error) {
	if strings.ContainsRune(name, os.PathSeparator) {
		return name, nil
	}
	for _, variable := range environ {
		dirs, ok := strings.CutPrefix(variable, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(dirs) {
			if path, err := exec.LookPath(dir + string(os.PathSeparator) + name); err == nil {
				return path, nil
			}
		}
	}
	return "", exec.ErrNotFound
}
