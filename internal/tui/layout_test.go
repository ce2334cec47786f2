package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// fits requires a screen to fill the terminal's height and no more, and to be
// nowhere wider; below the least size it may be shorter.
func fits(t *testing.T, r ruler, s size, what, screen string) {
	t.Helper()
	lines := strings.Split(screen, "\n")
	if len(lines) > s.height || !s.small() && len(lines) != s.height {
		t.Errorf("%s at %v has %d lines:\n%s", what, s, len(lines), screen)
	}
	for _, l := range lines {
		if r.cells(l) > s.width {
			t.Errorf("%s at %v has %d cells in %q", what, s, r.cells(l), l)
		}
	}
}

func littleSizes(use func(s size)) {
	for width := 1; width <= 40; width++ {
		for height := 1; height <= 10; height++ {
			use(size{width, height})
		}
	}
}

func (s size) msg() tea.WindowSizeMsg { return tea.WindowSizeMsg{Width: s.width, Height: s.height} }

// At every step of the picker the answer that is about to be given is seen,
// however small the terminal, or nothing can be answered.
func TestThePickerFitsAnyTerminal(t *testing.T) {
	t.Parallel()
	p := compiled(t)
	steps := []struct {
		keys  []string
		shows []string // parts of what is chosen or typed
	}{
		{nil, []string{"▸", "OPS-7"}},
		{[]string{"down", "enter"}, []string{"▸", "OPS-8"}},
		{[]string{"down", "down", "down"}, []string{"▸", "OPS-10"}},
		{[]string{"x", "y"}, []string{"xy▏", "no ticket"}},
		{[]string{"enter", "down"}, []string{"▸ ✓ prod-", "OPS-7"}},
		{[]string{"enter", "down", "enter"}, []string{"duration: 30m▏"}},
		{[]string{"enter", "down", "enter", "9", "enter"}, []string{"duration: 30m9▏", "write a"}},
		{[]string{"enter", "enter", "enter", "enter"}, []string{"reason: ▏", "the policy"}},
		{[]string{"enter", "down", "enter", "enter", "why", "enter"}, []string{"readonly", "for", "30m"}},
	}
	for _, step := range steps {
		m := started(t, Choice{})
		m.Update(pageMsg(tickets(p)))
		m.Update(readMsg{more: true})
		press(m, step.keys...)
		littleSizes(func(s size) {
			m.Update(s.msg())
			screen := m.screen()
			fits(t, m.ruler, s, fmt.Sprint(step.keys), screen)
			want := step.shows
			if s.small() {
				want = nil
			}
			for _, w := range want {
				if !strings.Contains(screen, w) {
					t.Errorf("%v at %v does not show %q:\n%s", step.keys, s, w, screen)
				}
			}
		})
	}
}

func TestErrorsAndLookupsFitAnyTerminal(t *testing.T) {
	t.Parallel()
	p := compiled(t)
	littleSizes(func(s size) {
		m := newPicker(context.Background(), Options{Policy: p})
		m.Update(s.msg())
		fits(t, m.ruler, s, "reading", m.screen())
		m.Update(readMsg{err: errors.New("Jira did not accept the token \x1b[2J of somebody")})
		fits(t, m.ruler, s, "an error", m.screen())
		m.Update(pageMsg(tickets(p)))
		fits(t, m.ruler, s, "an error above a list", m.screen())
		if screen := m.screen(); !s.small() && !strings.Contains(screen, "▸") || strings.Contains(screen, "\x1b") {
			t.Errorf("at %v the list is\n%s", s, screen)
		}
		m = newPicker(context.Background(), Options{Policy: p, Known: Choice{Key: "OPS-7"}})
		m.Update(s.msg())
		fits(t, m.ruler, s, "a lookup", m.screen())
		if s.small() && press(m, "enter", "esc") != nil {
			t.Errorf("at %v keys are taken", s)
		}
		if _, ok := press(m, "ctrl+c").(tea.InterruptMsg); !ok {
			t.Errorf("at %v ctrl+c does not leave", s)
		}
	})
}

func TestTheStatusFitsAnyTerminal(t *testing.T) {
	t.Parallel()
	littleSizes(func(s size) {
		for _, keys := range [][]string{nil, {"down"}, {"?"}, {"down", "x"}, {"down", "c"}} {
			m, _ := watching()
			send(m, keys...)
			m.Update(s.msg())
			screen := m.screen()
			fits(t, m.ruler, s, fmt.Sprint(keys), screen)
			want := []string{"▸ "}
			switch {
			case s.small():
				want = nil
			case slices.Contains(keys, "x"):
				want = append(want, "(y/N)")
			}
			for _, w := range want {
				if !strings.Contains(screen, w) {
					t.Errorf("%v at %v does not show %q:\n%s", keys, s, w, screen)
				}
			}
		}
	})
}

// What is asked on a terminal that became too small is not answered blindly.
func TestNothingIsDoneOnATerminalThatIsTooSmall(t *testing.T) {
	t.Parallel()
	m, _ := watching()
	send(m, "x")
	m.Update(size{minWidth - 1, minHeight}.msg())
	if send(m, "y") != nil || !m.asking || !strings.Contains(m.screen(), "too small") {
		t.Errorf("the screen shows\n%s", m.screen())
	}
	m.Update(size{minWidth, minHeight}.msg())
	if _, quits := send(m, "y").(tea.QuitMsg); !quits {
		t.Error("y is not taken any more")
	}
}

func TestGoldenLittleScreens(t *testing.T) {
	t.Parallel()
	for _, s := range []size{{20, 6}, {30, 10}} {
		var all []string
		for _, keys := range [][]string{
			nil,
			{"down", "enter"},
			{"enter", "down"},
			{"enter", "down", "enter"},
			{"enter", "down", "enter", "enter"},
			{"enter", "down", "enter", "enter", "enter"},
		} {
			m := started(t, Choice{})
			m.Update(s.msg())
			m.Update(pageMsg(tickets(m.o.Policy)))
			m.Update(readMsg{})
			press(m, keys...)
			all = append(all, m.screen())
		}
		for _, keys := range [][]string{nil, {"?"}, {"down", "x"}} {
			m, _ := watching()
			m.Update(s.msg())
			send(m, keys...)
			all = append(all, m.screen())
		}
		golden(t, fmt.Sprintf("little-%dx%d.txt", s.width, s.height), strings.Join(all, "\n"+strings.Repeat("=", s.width)+"\n")+"\n")
	}
}
