//go:build unix

package cmd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

// questions are those of the picker, in their order.
func questions() []string {
	return []string{"which ticket", "which entitlement", "for how long", "why", "is this right"}
}

func (s *screen) resize(width, height int) {
	s.tmux("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height))
}

// Ctrl-C at any question leaves the terminal as it was and chooses nothing.
func TestTerminalPickIsLeftAtEachQuestion(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	for at := range questions() {
		s.run("jit request --mouse >$HOME/chosen")
		s.wait(`✓ unlocked  DEMO-1`)
		for _, q := range questions()[:at] {
			s.wait(q)
			s.key("Enter")
		}
		s.wait(questions()[at])
		s.key("C-c")
		if text := s.left(exitCancelled); !strings.Contains(text, "jit: cancelled") {
			t.Errorf("at %q the screen shows\n%s", questions()[at], text)
		}
	}
	s.run("wc -c <$HOME/chosen; jit status")
	if text := s.ends(exitOK); !strings.Contains(text, "\n0\n") || !strings.Contains(text, "no grant is in force") {
		t.Errorf("something was chosen:\n%s", text)
	}
}

// Each question is drawn anew for the size that the terminal gets meanwhile.
func TestTerminalPickIsResizedAtEachQuestion(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("jit request")
	s.wait(`✓ unlocked  DEMO-1`)
	for at, q := range questions() {
		s.resize(200, 60)
		s.wait(`(?s)jit request  \d of 5: ` + q + `.*(\n.*){50}ctrl\+c leave`)
		s.resize(24, 8)
		s.wait(fmt.Sprintf(`(?m)^%d/5 %.15s[^\n]*\n(.*\n){5,6}ctrl\+c leave`, at+1, q))
		s.resize(12, 4)
		s.wait("too small")
		s.key("Enter") // is not taken: nobody has seen what it would choose
		s.resize(80, 24)
		s.wait(`jit request  \d of 5: ` + q)
		s.key("Enter")
	}
	if text := s.left(exitOK); !strings.Contains(text, "jit: granted demo-aws for DEMO-") {
		t.Errorf("the screen shows\n%s", text)
	}
}

// What stands behind a summary stands in one column, as the terminal counts.
func TestTerminalPickAlignsBehindAnyScript(t *testing.T) {
	t.Parallel()
	summaries := []string{
		"גיבוי 3 נכשל", "فشل النسخ (2)", "障害：データベース 한국어", "👩🏽\u200d💻 👨\u200d👩\u200d👧\u200d👦 \u2764\ufe0f 1\ufe0f\u20e3 🔥", "e\u0301t\u0301", "plain",
	}
	s := open(t, sandbox.Options{}, func(w *sandbox.World) {
		for _, summary := range summaries {
			w.Jira.AddIssue(fakejira.Issue{
				Project: "DEMO", Type: "Incident", Summary: summary, Status: fakejira.StatusInProgress, Assignee: w.Edition().ID(sandbox.User),
			})
		}
	})
	s.resize(200, 60)
	s.run("jit request")
	s.wait(`✓ unlocked  DEMO-1`)
	for range summaries {
		s.key("Down") // draws parts of lines anew
	}
	s.wait(`▸ .*plain|▸ .*DEMO-5`)
	rows := 0
	for line := range strings.Lines(s.tmux("capture-pane", "-p")) {
		left, _, ok := strings.Cut(line, " │")
		if !ok || !strings.Contains(line, "unlocked") {
			continue
		}
		rows++
		s.tmux("set-option", "-g", "@left", left)
		if got := s.tmux("display-message", "-p", "#{w:@left}"); got != "120\n" {
			t.Errorf("the line stands in column %q of %q", got, line)
		}
	}
	if rows < len(summaries) {
		t.Errorf("%d rows are seen", rows)
	}
	s.key("C-c")
	s.left(exitCancelled)
}

func TestTerminalPickTakesTheMouse(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	reported := func(want string) {
		t.Helper()
		if got := s.tmux("display-message", "-p", "#{mouse_any_flag}#{mouse_sgr_flag}"); got != want+"\n" {
			t.Errorf("the mouse is reported: %q, want %q", got, want)
		}
	}
	// mouse sends what a terminal does for a button at a place counted from 1.
	mouse := func(button, x, y int) {
		event := fmt.Sprintf("\x1b[<%d;%d;%dM", button, x, y)
		args := []string{"send-keys", "-H"}
		for _, b := range []byte(event) {
			args = append(args, fmt.Sprintf("%x", b))
		}
		s.tmux(args...)
	}
	s.run("jit request")
	s.wait(`(?s)▸ ✓ unlocked  DEMO-5.*✓ unlocked  DEMO-1`)
	reported("00")
	s.key("C-c")
	s.left(exitCancelled)
	s.run("jit request --mouse")
	s.wait(`(?s)▸ ✓ unlocked  DEMO-5.*✓ unlocked  DEMO-1`)
	reported("11")
	mouse(65, 1, 1)
	s.wait(`▸ ✓ unlocked  DEMO-1`)
	mouse(64, 1, 1)
	s.wait(`▸ ✓ unlocked  DEMO-5`)
	mouse(0, 10, 5)
	s.wait(`(?s)▸ ✓ unlocked  DEMO-1.*which|which.*▸ ✓ unlocked  DEMO-1`)
	s.key("C-c")
	s.left(exitCancelled)
	s.run("jit status --mouse; jit request --mouse --plain")
	s.ends(exitUsage)
}

// A terminal that cannot draw gets the numbered questions, which Ctrl-C leaves
// as it leaves the others.
func TestTerminalPickOnADumbTerminal(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	asked := []string{`by number or key \[1\]:$`, `by number \[1\]:$`, `How long, at most .*:$`, `Why, .*:$`, `Ask for it\? \(Y/n\):$`}
	for leave := range len(asked) + 1 {
		s.run("TERM=dumb jit request")
		for _, question := range asked[:leave] {
			s.wait(question)
			s.typed("")
		}
		if leave < len(asked) {
			s.wait(asked[leave])
			s.key("C-c")
			s.left(exitCancelled)
		}
	}
	text := s.left(exitOK)
	for _, want := range []string{"jit: granted demo-aws for DEMO-", "jit: next: jit exec -e demo-aws -- COMMAND"} {
		if !strings.Contains(text, want) {
			t.Errorf("the screen does not show %q:\n%s", want, text)
		}
	}
}
