package cmd

import (
	"context"
	"errors"
	"os"
	"os/exec"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sshca"
)

// systemAgent is the agent that every user has: the service of Windows.
const systemAgent = sshca.PipeSocket

// runChild runs the command as a child, since Windows has no way to become
// another program. The console delivers Ctrl-C to the child too, so jit only
// waits.
func (a *app) runChild(_ context.Context, command, environ []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return fault.Wrap(fault.Usage, err, "cannot run %s", command[0]).WithHint("is it on your PATH?")
	}
	child := exec.Command(path, command[1:]...) //nolint:noctx // Ctrl-C reaches the child by itself; killing it would lose its exit code
	child.Env, child.Stdin, child.Stdout, child.Stderr = environ, a.io.In, a.io.ForChild(), a.io.Err
	err = child.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return &childExit{exit.ExitCode()}
	}
	if err != nil {
		return fault.Wrap(fault.Usage, err, "cannot run %s", path)
	}
	return nil
}

// exitOf is a child's exit code.
func exitOf(exit *exec.ExitError) int { return exit.ExitCode() }

// watchStops and stopWith have nothing to do: Windows stops no program.
func watchStops() chan os.Signal { return nil }

func stopWith(*os.Process, chan os.Signal, <-chan struct{}) {}

// wake has nothing to do: Windows stops no program.
func wake(*os.Process) {}
