package tui

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var painted = regexp.MustCompile(`\x1b\[([0-9;:]*)m`)

// Colours are the terminal's own, on its own ground: what its owner can read on
// a light or a dark one. Without them a screen says the same.
func TestColoursAreTheTerminalsOwn(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, keys := range [][]string{
		nil, {"down", "enter"}, {"enter"}, {"enter", "enter"}, {"enter", "enter", "enter", "enter"}, {"enter", "down", "enter", "enter", "enter"},
	} {
		var screens [2]string
		for i, colour := range []paint{false, true} {
			m := started(t, Choice{})
			m.paint = colour
			m.Update(pageMsg(tickets(m.o.Policy)))
			press(m, keys...)
			screens[i] = m.screen()
		}
		for _, found := range painted.FindAllStringSubmatch(screens[1], -1) {
			used[found[1]] = true
		}
		if painted.ReplaceAllString(screens[1], "") != screens[0] || strings.Contains(screens[0], "\x1b") {
			t.Errorf("after %v colour is more than decoration:\n%s\n%s", keys, screens[0], screens[1])
		}
	}
	for code := range used {
		if !slices.Contains([]string{"0", "1", "2", "31", "32", "33"}, code) {
			t.Errorf("a screen is painted with %q", code)
		}
	}
	if len(used) != 6 {
		t.Errorf("only %v are used", used)
	}
}

func TestTheStatusIsReadableWithoutColour(t *testing.T) {
	t.Parallel()
	m, _ := watching()
	plain := m.screen()
	m.paint = true
	if s := m.screen(); painted.ReplaceAllString(s, "") != plain || !strings.Contains(s, "\x1b[31m4m0s !") {
		t.Errorf("%q", s)
	}
}
