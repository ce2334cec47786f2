// Package cmd is the command line: one file a command. wire.go alone builds
// adapters, exit.go alone turns errors into exit codes.
package cmd

import (
	"context"
	"crypto/rand"
	"io"
	"log" //nolint:depguard // to silence those who write there
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/terminal"
)

// app is what every command may need of the process. It is built once and
// handed to the commands' constructors, which do no I/O.
type app struct {
	env        config.Env
	io         *terminal.Streams
	now        func() time.Time
	random     io.Reader
	configFlag string    // --config
	systemPath string    // of the administrator's configuration
	progress   *progress // of the request under way
	notices    *notices
	unattended bool // nobody is to be asked for anything
}

// Main runs the command line of the process and returns its exit code.
func Main() int {
	log.SetOutput(io.Discard) // x/crypto's agent tells there of each refusal, and standard error is ours
	env := config.Environment()
	a := &app{
		env:        env,
		io:         terminal.Standard(os.Stdin, os.Stdout, os.Stderr, env.Term, env.NoColor),
		now:        time.Now,
		random:     rand.Reader,
		notices:    &notices{},
		systemPath: config.SystemPath,
	}
	// SIGTERM is never reported to be ignored, so that the list is never empty,
	// which would mean every signal.
	ctx, stop := signal.NotifyContext(context.Background(), notIgnored(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)...)
	defer stop()
	return a.run(ctx, os.Args[1:])
}

// run executes one command line.
func (a *app) run(ctx context.Context, args []string) int {
	root := newRootCmd(a) //nolint:contextcheck // a command has its context from ExecuteContextC
	root.SetArgs(args)
	root.SetIn(a.io.In)
	root.SetOut(a.io.Out)
	root.SetErr(a.io.Err)
	executed, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = a.io.OutError()
	}
	if err == nil {
		return exitOK
	}
	return a.fail(ctx, executed, err)
}
