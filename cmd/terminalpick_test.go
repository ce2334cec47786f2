//go:build unix

package cmd

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/sandbox"
)

// Enter takes each default: five from the list of tickets to the grant, whose
// id alone is on standard output.
func TestTerminalPick(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]string{{"80", "24"}, {"200", "60"}} {
		t.Run(size[0], func(t *testing.T) {
			t.Parallel()
			s := open(t, sandbox.Options{})
			s.tmux("resize-window", "-x", size[0], "-y", size[1])
			s.run(`id=$(jit request); echo "got=[$id]"; true`)
			s.wait(`✓ unlocked  DEMO-1`)
			s.tmux("send-keys", "-l", "demo-1")
			s.wait(`filter: demo-1`)
			for _, question := range []string{"which ticket", "which entitlement", "for how long", "why", "is this right"} {
				s.wait(question)
				s.key("Enter")
			}
			text := s.ends(exitOK)
			for _, want := range []string{"jit: granted demo-aws for DEMO-1 until ", "jit: next: jit exec -e demo-aws -- COMMAND", "got=["} {
				if !strings.Contains(text, want) {
					t.Errorf("the screen does not show %q:\n%s", want, text)
				}
			}
			if strings.Contains(text, "which ticket") {
				t.Errorf("the picker is still on the screen:\n%s", text)
			}
		})
	}
}

func TestTerminalPickIsLeft(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("jit request")
	s.wait("which ticket")
	s.key("C-c")
	s.ends(exitCancelled)
	s.run("jit request DEMO-1")
	s.wait("which entitlement")
	s.tmux("resize-window", "-x", "200", "-y", "60")
	s.wait("│")
	s.key("Enter")
	s.wait("for how long")
	s.key("C-c")
	s.ends(exitCancelled)
}

func TestTerminalPickPlainly(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("jit request --plain")
	s.wait(`by number or key \[1\]:$`)
	s.typed("DEMO-1")
	s.wait(`by number \[1\]:$`)
	s.typed("2")
	s.wait(`How long, at most .*:$`)
	s.typed("99h")
	s.wait(`(?s)is longer than the .*How long, at most .*:$`)
	s.typed("5m")
	s.wait(`Why, .*:$`)
	s.typed("a disk is failing")
	s.wait(`Ask for it\? \(Y/n\):$`)
	s.typed("")
	if text := s.ends(exitOK); !strings.Contains(text, "jit: granted demo-ssh for DEMO-1") {
		t.Errorf("the screen shows\n%s", text)
	}
}

func TestTerminalWatch(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("jit request DEMO-1 -e demo-ssh")
	s.ends(exitOK)
	s.run("jit status --watch")
	s.wait(`(?s)1 in force.*▸ .*DEMO-1 .*demo-ssh`)
	s.key("r")
	s.wait(`renew demo-ssh for DEMO-1: done`)
	s.key("x")
	s.wait(`revoke demo-ssh for DEMO-1\? \(y/N\)`)
	s.key("y")
	s.wait(`(?s)0 in force.*no grant is in force.*revoke demo-ssh for DEMO-1: done`)
	s.key("q")
	s.ends(exitOK)
	s.run("jit status --watch")
	s.wait(`0 in force`)
	s.key("C-c")
	s.ends(exitCancelled)
	s.run("jit status --watch </dev/null")
	s.ends(exitUsage)
}

// A ticket that was moved is renewed under its new key, where the policy is asked
// about where it is now.
func TestTerminalWatchRenewsAMovedTicket(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("jit request DEMO-1 -e demo-ssh")
	s.ends(exitOK)
	if _, err := s.w.Jira.Move("DEMO-1", "OPS", "carol"); err != nil {
		t.Fatal(err)
	}
	s.run("jit status --watch")
	s.wait(`(?s)1 in force.*▸ .*DEMO-1 .*demo-ssh`)
	s.key("r")
	s.wait(`(?s)1 in force.*DEMO-1 .*renew demo-ssh for DEMO-1: .*OPS-1`)
	policy, err := os.ReadFile(s.w.PolicyPath())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.w.PolicyPath(), bytes.ReplaceAll(policy, []byte("[DEMO]"), []byte("[DEMO, OPS]")), 0o600); err != nil {
		t.Fatal(err)
	}
	s.key("r")
	s.wait(`(?s)1 in force.*▸ .*OPS-1 .*demo-ssh.*renew demo-ssh for DEMO-1: done`)
	s.key("q")
	s.ends(exitOK)
}

// A signal leaves the terminal as Ctrl-C does.
func TestTerminalPickIsTerminated(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run(`sh -c '(sleep 2; kill -TERM $$) & exec jit request'`)
	s.wait("which ticket")
	if text := s.ends(exitCancelled); strings.Contains(text, "which ticket") {
		t.Errorf("the picker is still on the screen:\n%s", text)
	}
}

// An entitlement that is of no use is refused before a ticket is chosen for it.
func TestTerminalPickRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	installed(t, "ssh")
	s := open(t, sandbox.Options{})
	for _, command := range []string{"jit ssh --entitlement demo-aws demo-host", "jit ssh --entitlement demo-ssh other-host"} {
		s.run(command)
		if text := s.ends(exitNotRun); !strings.Contains(text, "cannot be used for this") {
			t.Errorf("%s shows\n%s", command, text)
		}
	}
}
