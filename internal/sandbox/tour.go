package sandbox

import (
	"context"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
)

// Output is what one run of jit gave.
type Output struct {
	Stdout, Stderr string
	Code           int
}

// Runner runs jit with arguments in the world's environment. Its error says
// that jit could not be run at all; a failing jit is a Code.
type Runner func(ctx context.Context, args ...string) (Output, error)

// KeyOf opens the wallet of the world and returns the key of an SSH grant with
// its certificate: no command of jit prints a private key.
type KeyOf func(ctx context.Context, grantID string) (ssh.Signer, error)

// guide is a tour under way.
type guide struct {
	w    *World
	run  Runner
	key  KeyOf
	out  io.Writer
	step int
}

// Tour shows the world: an SSH and an AWS grant that are used, two requests that
// are refused, and the records of it all. It prints each command with its output
// and a line on what it showed, and fails, with class Internal, at the first
// step that does not show what it should.
func Tour(ctx context.Context, w *World, run Runner, key KeyOf, out io.Writer) error {
	g := &guide{w: w, run: run, key: key, out: out}
	steps := []struct {
		title string
		show  func(context.Context) error
	}{
		{"ask for SSH access with the ticket DEMO-1, and log in with it", g.ssh},
		{"ask for AWS access with DEMO-1, and call AWS with it", g.aws},
		{"see what is in force", g.status},
		{"DEMO-2 is done: refused", g.refused("DEMO-2", "done")},
		{"DEMO-3 is assigned to bob: refused", g.refused("DEMO-3", "assigned")},
		{"the audit log tells it all", g.list},
		{"and nobody has changed it", g.verify},
	}
	for _, s := range steps {
		g.step++
		g.printf("\n%d. %s\n", g.step, s.title)
		if err := s.show(ctx); err != nil {
			return fault.Wrap(fault.Internal, err, "step %d of the tour (%s) did not go as it should", g.step, s.title)
		}
	}
	g.printf("\nIt all happened in %s and on 127.0.0.1, and is now taken down.\n%s", w.Dir, farewell)
	return nil
}

// farewell says how to go on.
const farewell = `To look around yourself: jit sandbox on a terminal, or jit sandbox -- COMMAND.
In there a ticket can be moved, after which it unlocks nothing:
  curl -K "$JIT_SANDBOX/curlrc" -d status=Done "$JIT_SANDBOX_URL/DEMO-1"
  curl -K "$JIT_SANDBOX/curlrc" -d assignee=bob "$JIT_SANDBOX_URL/DEMO-1"
An awscli before 2.13 does not know the sandbox's endpoints by itself:
  jit exec -e demo-aws -- aws --endpoint-url "$AWS_ENDPOINT_URL_STS" sts get-caller-identity
`

// printf writes to the tour's output; a reader who went away ends nothing.
func (g *guide) printf(format string, args ...any) { _, _ = fmt.Fprintf(g.out, format, args...) }

// shown says what a step showed.
func (g *guide) shown(format string, args ...any) { g.printf("=> "+format+"\n", args...) }

// jit runs a command and prints it with its output. Show, where it is not nil,
// says what to print for the standard output, to hide a secret or to be brief.
func (g *guide) jit(ctx context.Context, want int, show func(string) string, args ...string) (Output, error) {
	g.printf("$ jit %s\n", strings.Join(args, " "))
	o, err := g.run(ctx, args...)
	if err != nil {
		return o, err
	}
	stdout := o.Stdout
	if show != nil {
		stdout = show(stdout)
	}
	g.print(o.Stderr)
	g.print(stdout)
	if o.Code != want {
		return o, fmt.Errorf("jit %s exited with %d instead of %d: %s", args[0], o.Code, want, strings.TrimSpace(o.Stderr))
	}
	return o, nil
}

// print indents what a command wrote, so that it stands off from the tour.
func (g *guide) print(text string) {
	for line := range strings.Lines(text) {
		g.printf("  %s\n", strings.TrimRight(line, "\r\n"))
	}
}
