//go:build unix

package cmd

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

// The picker is there before Jira says anything, shows why it takes long, and
// leaves nothing of that behind.
func TestTerminalPickIsDrawnBeforeJiraAnswers(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	var throttled atomic.Bool
	s := open(t, sandbox.Options{}, func(w *sandbox.World) {
		w.Jira.Hook(func(rw http.ResponseWriter, r *http.Request) bool {
			select {
			case <-answer:
			case <-r.Context().Done():
			}
			if !strings.Contains(r.URL.Path, "/search") || throttled.Swap(true) {
				return false
			}
			rw.Header().Set("Retry-After", "2")
			rw.WriteHeader(http.StatusTooManyRequests)
			return true
		})
	})
	s.run("jit request")
	s.wait(`(?s)1 of 5: which ticket.*0 of 0 tickets, reading.*asking Jira for your tickets.*ctrl\+c leave`)
	close(answer)
	notice := s.wait(`(?s)1 of 5: which ticket.*Jira [^\n]*2s[^\n]*\n[^\n]*ctrl\+c leave`)
	if strings.Contains(notice, "jit: ") {
		t.Errorf("a notice is written over the picker:\n%s", notice)
	}
	s.wait(`✓ unlocked  DEMO-1`)
	state := filepath.Join(s.w.Path("state"), "tickets.json")
	if !until(20*time.Millisecond, func() bool { _, err := os.Stat(state); return err == nil }) {
		t.Error("what was found is not kept for completion")
	}
	s.key("C-c")
	s.ends(exitCancelled)
}

func TestTerminalPickAfterAFailedSearch(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{}, func(w *sandbox.World) {
		w.Jira.Hook(func(rw http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/search") {
				rw.WriteHeader(http.StatusForbidden)
				return true
			}
			return false
		})
	})
	s.run("jit request")
	s.wait(`(?s)error: .*hint: .*type the key of a ticket`)
	s.tmux("send-keys", "-l", "demo-1")
	s.wait(`filter: demo-1`)
	s.key("Enter")
	s.wait("which entitlement")
	s.key("C-c")
	s.ends(exitCancelled)
}

// Colours are the terminal's own sixteen, which fit a light ground and a dark
// one, and there are none where NO_COLOR is set.
func TestTerminalPickColours(t *testing.T) {
	t.Parallel()
	colour := regexp.MustCompile(`\x1b\[[0-9;:]*m`)
	own := regexp.MustCompile(`^\x1b\[([0-9]|3[0-7]|39|49|22|9[0-7])?(;([0-9]|3[0-7]|39|49|22))*m$`)
	s := open(t, sandbox.Options{})
	for _, without := range []bool{false, true} {
		command := "jit request"
		if without {
			command = "NO_COLOR=1 " + command
		}
		s.run("COLORTERM=truecolor " + command)
		s.wait(`✓ unlocked  DEMO-1`)
		found := colour.FindAllString(s.tmux("capture-pane", "-p", "-e"), -1)
		if without != (len(found) == 0) {
			t.Errorf("%s: %q", command, found)
		}
		for _, f := range found {
			if !own.MatchString(f) {
				t.Errorf("%s draws with %q", command, f)
			}
		}
		s.key("C-c")
		s.ends(exitCancelled)
	}
}

// Five thousand tickets come through the real adapter while keys are taken.
func TestTerminalPickAmongThousands(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{}, func(w *sandbox.World) {
		for n := range 5000 {
			w.Jira.AddIssue(fakejira.Issue{
				Project: "DEMO", Type: "Incident", Summary: fmt.Sprintf("Alarm number %d", n), Status: fakejira.StatusInProgress,
				Assignee: w.Edition().ID(sandbox.User),
			})
		}
	})
	s.run("jit request")
	s.wait(`✓ unlocked  DEMO-`)
	s.tmux("send-keys", "-l", "number 4321")
	s.wait(`filter: number 4321`)
	s.wait(`1 of 5000 tickets; there are more`)
	s.key("Enter")
	s.wait(`(?s)which entitlement.*Alarm number 4321`)
	s.key("C-c")
	s.ends(exitCancelled)
}
