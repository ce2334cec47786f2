//go:build unix

package cmd

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

// stoppedByShell is the code of a command that was stopped: 128 and SIGTSTP.
const stoppedByShell = 128 + int(syscall.SIGTSTP)

// left requires an exit code and a terminal as it was: echoing, with its cursor
// and its own screen, and with the mouse its own.
func (s *screen) left(code int) string {
	s.t.Helper()
	text := s.ends(code)
	if got := s.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag}"); got != "0 1 0 0\n" {
		s.t.Errorf("alternate screen, cursor, mouse, keypad: %q", got)
	}
	return text
}

// watched opens the live status of two grants, with a command before it.
func watched(t *testing.T, before string, edit ...func(*sandbox.World)) *screen {
	t.Helper()
	s := open(t, sandbox.Options{}, edit...)
	s.run("jit request DEMO-1 -e demo-ssh --for 10m && jit request DEMO-1 -e demo-aws --for 30m")
	s.ends(exitOK)
	s.run(before + " jit status --watch")
	s.wait(`(?s)2 in force.*▸ .*ssh .*demo-ssh\n.*aws .*demo-aws`)
	return s
}

// The ticket is read and decided about anew, so a grant whose ticket has moved
// on is not renewed.
func TestTerminalWatchRenewsByTheTicketAsItIs(t *testing.T) {
	t.Parallel()
	s := watched(t, "")
	s.key("r")
	s.wait(`(?s)▸ 14m.*demo-ssh.*renew demo-ssh for DEMO-1: done`)
	if err := s.w.Jira.Transition("DEMO-1", fakejira.StatusDone, sandbox.User); err != nil {
		t.Fatal(err)
	}
	s.key("r")
	s.wait(`(?s)2 in force.*renew demo-ssh for DEMO-1: denied: DEMO-1 does not unlock\s+demo-ssh; the status\s+category is done`)
	s.key("q")
	s.left(exitOK)
}

// A grant that ends elsewhere while the question is open is not revoked again.
func TestTerminalWatchRevokesOnce(t *testing.T) {
	t.Parallel()
	s := watched(t, "(sleep 3; jit revoke -e demo-aws) >/dev/null 2>&1 &")
	s.key("x")
	s.wait(`revoke demo-ssh for DEMO-1\? \(y/N\)`)
	s.key("y")
	s.wait(`(?s)1 in force.*revoke demo-ssh for DEMO-1: done; keys already handed out live until \d`)
	s.key("x")
	s.wait(`(?s)demo-aws for DEMO-1 is no longer in force|0 in force`)
	s.key("y")
	s.key("q")
	s.left(exitOK)
	s.run(`jit audit list | grep -c '"event":"revoked"'`)
	if text := s.ends(exitOK); !strings.Contains(text, "\n2\n") {
		t.Errorf("it is recorded otherwise:\n%s", text)
	}
}

// onlyList is a wallet that is asked for no more than its list.
type onlyList struct {
	access.Wallet
	held []credential.Held
}

func (w onlyList) List(context.Context, time.Time) ([]credential.Held, error) { return w.held, nil }

func TestWhatHasEndedIsNotRevoked(t *testing.T) {
	t.Parallel()
	a, b := credential.Held{Grant: grant.Grant{ID: "a"}}, credential.Held{Grant: grant.Grant{ID: "b", Entitlement: "bastion"}}
	w := onlyList{held: []credential.Held{a}}
	if err := stillHeld(t.Context(), w, a, time.Now()); err != nil {
		t.Error(err)
	}
	if err := stillHeld(t.Context(), w, b, time.Now()); err == nil || err.Error() != "bastion is no longer in force" {
		t.Errorf("%v", err)
	}
}

// The clipboard is the terminal's (OSC 52), and gets a command without secrets.
func TestTerminalWatchCopiesTheExport(t *testing.T) {
	t.Parallel()
	s := watched(t, "")
	s.tmux("set-option", "-s", "set-clipboard", "on")
	s.key("c")
	s.wait(`an SSH grant has nothing to export`)
	s.key("Down")
	s.wait(`▸ .*demo-aws`)
	s.key("c")
	s.wait(`copied, where the terminal allows it: eval`)
	var copied string
	if !until(20*time.Millisecond, func() bool {
		out, err := exec.CommandContext(t.Context(), "tmux", "-S", s.socket, "show-buffer").Output()
		copied = string(out)
		return err == nil
	}) || copied != `eval "$(jit env -e demo-aws)"` {
		t.Errorf("the clipboard has %q", copied)
	}
	s.key("q")
	s.left(exitOK)
	s.run(copied + " && env | grep -c ^AWS_ACCESS_KEY_ID")
	if text := s.ends(exitOK); !strings.Contains(text, "\n1\n") {
		t.Errorf("what was copied exports nothing:\n%s", text)
	}
}

func TestTerminalWatchOpensTheConsole(t *testing.T) {
	t.Parallel()
	s := watched(t, "BROWSER=test-browser")
	s.key("o")
	s.wait(`open the console demo-ssh for DEMO-1: demo-ssh is for SSH, and has no console\s+\(press s to log in\)`)
	s.key("Down")
	s.wait(`▸ .*demo-aws`)
	s.key("o")
	s.wait(`open the console demo-aws for DEMO-1: done`)
	s.key("q")
	if text := s.left(exitOK); !strings.Contains(text, "jit: opened the console as demo-aws until ") {
		t.Errorf("the screen shows\n%s", text)
	}
}

// The user's own ssh runs with the terminal to itself.
func TestTerminalWatchLogsInToAHost(t *testing.T) {
	t.Parallel()
	installed(t, "ssh")
	s := watched(t, "")
	s.key("q")
	s.left(exitOK)
	// It finds the sandbox's host, which no configuration of the user's knows.
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(s.dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte("#!/bin/sh\n"+
		`case "$*" in *-G*) ;; *demo-broken*) echo no route >&2; exit 255 ;; esac`+"\nexec "+ssh+` -F "$JIT_SANDBOX/ssh_config" "$@"`+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.run(`PATH=$HOME/bin:$PATH jit status --watch`)
	s.wait(`2 in force`)
	s.key("s")
	s.wait(`Host, one of demo-\*: ?$`)
	s.typed("")
	s.wait(`ssh demo-ssh for DEMO-1: no host was named`)
	s.key("s")
	s.wait(`Host, one of demo-\*: ?$`)
	s.typed("other-host")
	s.wait(`ssh demo-ssh for DEMO-1: demo-ssh is not for other-host \(it is for`)
	s.key("s")
	s.wait(`Host, one of demo-\*: ?$`)
	s.typed("demo-host")
	s.wait(`ssh demo-ssh for DEMO-1: done`)
	s.key("s")
	s.wait(`Host, one of demo-\*: ?$`)
	s.typed("demo-broken")
	s.wait(`(?s)no route.*exited with 255; Enter goes back: ?$`)
	s.typed("")
	s.wait(`ssh demo-ssh for DEMO-1: the command exited with 255`)
	if got := s.w.SSH.Logins(); len(got) != 1 || !strings.Contains(got[0].KeyID, "DEMO-1") {
		t.Errorf("the host saw %+v", got)
	}
	s.key("Down")
	s.wait(`▸ .*demo-aws`)
	s.key("s")
	s.wait(`demo-aws is for AWS, and logs in nowhere`)
	s.key("q")
	s.left(exitOK)
}

func TestTerminalWatchNeedsATerminalThatDraws(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("TERM=dumb jit status --watch")
	if text := s.left(exitUsage); !strings.Contains(text, "jit status --json") {
		t.Errorf("the screen shows\n%s", text)
	}
}

// Ctrl-Z gives a clean terminal to the shell, and fg draws it all again.
func TestTerminalWatchIsStopped(t *testing.T) {
	t.Parallel()
	s := watched(t, "")
	s.key("C-z")
	s.wait(`(?m)Stopped|Suspended`)
	s.left(stoppedByShell)
	s.run("fg")
	s.wait(`(?s)2 in force.*▸ .*demo-ssh`)
	s.key("q")
	s.left(exitOK)
	// Without a shell that could have it go on it stays.
	s.run("exec jit status --watch")
	s.wait(`2 in force`)
	s.key("C-z")
	s.wait(`no shell is here to go back to; q quits`)
}

// Ctrl-C ends it wherever it is, and leaves nothing behind.
func TestTerminalWatchIsLeft(t *testing.T) {
	t.Parallel()
	var slow atomic.Bool
	s := watched(t, "BROWSER='sleep 60'", func(w *sandbox.World) {
		w.Jira.Hook(func(_ http.ResponseWriter, r *http.Request) bool {
			if slow.Load() {
				<-r.Context().Done()
			}
			return slow.Load()
		})
	})
	for _, c := range []struct{ keys, shows string }{
		{"", "2 in force"},
		{"?", "r renew"},
		{"x", `revoke demo-ssh for DEMO-1\? \(y/N\)`},
		{"s", `Host, one of demo-\*: ?$`},
		{"Down o", `opening the console as demo-aws`},
		{"r", `DEMO-1: ticket`},
	} {
		slow.Store(c.keys == "r")
		if c.keys != "" {
			s.run("BROWSER='sleep 60' jit status --watch --mouse")
			s.wait("2 in force")
		}
		for _, k := range strings.Fields(c.keys) {
			s.key(k)
		}
		s.wait(c.shows)
		s.key("C-c")
		s.left(exitCancelled)
	}
}
