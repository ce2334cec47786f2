//go:build unix

package cmd

import (
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/sandbox"
)

// What a terminal does to a plain command it does to one under exec.
func TestTerminalExecIsAPlainRun(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("jit request DEMO-1 -e demo-aws")
	s.ends(exitOK)

	s.run(`jit exec -- sh -c 'trap "echo caught; exit 5" INT; echo up; while :; do sleep 0.1; done'`)
	s.wait(`(?m)^up$`)
	s.key("C-c")
	if text := s.ends(5); !strings.Contains(text, "caught") || strings.Contains(text, "jit:") {
		t.Errorf("Ctrl-C shows\n%s", text)
	}

	s.fresh(`jit exec -- sh -c 'echo up; cat; exit 6'`)
	s.wait(`(?m)^up$`)
	s.key("C-z")
	s.wait(`(?m)Stopped.*\n(.*\n)*` + prompt + `$`)
	s.typed("fg")
	s.wait(prompt + ` fg\njit exec`)
	s.typed("hello")
	s.wait(`(?s)hello\nhello`)
	s.key("C-d")
	s.wait(prompt + `$`)
	s.run(`(exit 6)`)
	s.ends(6)

	s.run(`jit exec -- sh -c 'kill -KILL $$'`)
	s.ends(137)
	s.run(`jit exec -- sh -c 'test -t 0 && test -t 1 && test -t 2 && stty size'`)
	if text := s.ends(0); !strings.Contains(text, "24 80") {
		t.Errorf("the command has no terminal:\n%s", text)
	}
}

// Secrets are not put on a screen without a word.
func TestTerminalEnvWarns(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("jit request DEMO-1 -e demo-aws; jit request DEMO-1 -e demo-ssh; jit env | grep -c AWS_SESSION_TOKEN=")
	if text := s.ends(0); strings.Contains(text, "shows secrets") {
		t.Errorf("a pipe is warned of:\n%s", text)
	}
	s.run("jit env -e demo-ssh")
	if text := s.ends(0); strings.Contains(text, "shows secrets") || !strings.Contains(text, "export JIT_TICKET=") {
		t.Errorf("a grant for SSH has no secret, and shows\n%s", text)
	}
	s.typed("jit env -e demo-aws")
	// The screen is not kept with what has been seen: it has to have secrets.
	if !until(20*time.Millisecond, func() bool { return strings.Contains(s.text(), "jit: warning: the screen now shows secrets") }) {
		t.Error("secrets are shown without a word")
	}
	s.fresh("true")
}

// A shell with a grant shows it, says when it has run out, and has none inside.
func TestTerminalShell(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bash", "zsh", "fish"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			installed(t, name)
			s := open(t, sandbox.Options{})
			s.run("jit request DEMO-1 -e demo-aws; jit request DEMO-1 -e demo-ssh; touch $HOME/.zshrc")
			s.ends(exitOK)
			s.run("SHELL=" + name + " jit shell")
			s.wait(`(?m)^jit: this shell has demo-aws for DEMO-1 until`)
			s.wait(`(?m)^DEMO-1 demo-aws 1[45]m .`)
			s.fresh("jit shell")
			s.wait(`jit: error: this shell has demo-aws for DEMO-1 already`)
			s.fresh(map[bool]string{true: "set -gx JIT_EXPIRES_AT 1700000000", false: "export JIT_EXPIRES_AT=1700000000"}[name == "fish"])
			s.wait(`(?m)^DEMO-1 demo-aws expired .`)
			if text := s.coloured(); !strings.Contains(text, "\x1b[31mDEMO-1 demo-aws expired") {
				t.Errorf("what has run out is not red: %q", text)
			}
			s.fresh("jit env --unset >unset; . ./unset")
			s.wait(`(?m)^DEMO-1 demo-(aws|ssh) 1[45]m \+1 .`)
			s.typed("exit 4")
			s.ends(4)
		})
	}
}
