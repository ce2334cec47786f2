//go:build unix

package cmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"

	"github.com/jitaccess/jit/internal/fault"
)

// systemAgent is the agent that every user has: none.
const systemAgent = ""

// runChild becomes the command: the process is replaced, so that signals, job
// control and the exit code are exactly those of a plain run.
func (a *app) runChild(_ context.Context, command, environ []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return notFound(command[0], err)
	}
	err = syscall.Exec(path, command, environ)
	if errors.Is(err, syscall.ENOEXEC) {
		// A script that does not say what runs it is the shell's, as execvp(3) of
		// every other program has it.
		err = syscall.Exec("/bin/sh", append([]string{"/bin/sh", path}, command[1:]...), environ)
	}
	return fault.Wrap(fault.Usage, err, "cannot run %s", path)
}

func notFound(name string, err error) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Usage, "%s: command not found", name).WithHint("is it on your PATH?")
	}
	return fault.Wrap(fault.Usage, err, "cannot run %s", name)
}

// wake lets a child that was stopped hear what it was sent, and a shell know
// that its terminal is gone.
func wake(child *os.Process) {
	_ = child.Signal(syscall.SIGHUP)
	_ = child.Signal(syscall.SIGCONT)
}

// exitOf is a child's exit code as a shell tells it: 128 and the signal where
// a signal ended it.
func exitOf(exit *exec.ExitError) int {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
