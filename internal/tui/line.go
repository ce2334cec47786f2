package tui

import (
	"fmt"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/ticket"
)

// line is one line of typed text with a cursor.
type line struct {
	text []rune
	at   int // of the cursor, in characters
	max  int // bytes
}

func (l *line) String() string { return string(l.text) }

func (l *line) set(s string) { l.text = []rune(s); l.at = len(l.text) }

// insert puts text in at the cursor, without what a terminal would obey, and
// reports whether there was room for it.
func (l *line) insert(s string) bool {
	in := []rune(ticket.Clean(s))
	if len(string(l.text))+len(string(in)) > l.max {
		return false
	}
	l.text = append(l.text[:l.at:l.at], append(in, l.text[l.at:]...)...)
	l.at += len(in)
	return true
}

// full tells that there was no room.
func (l *line) full() string { return fmt.Sprintf("the answer may have at most %d bytes", l.max) }

// remove takes out what is between two places.
func (l *line) remove(from, to int) {
	if from < 0 || to > len(l.text) {
		return
	}
	l.text = append(l.text[:from:from], l.text[to:]...)
	l.at = from
}

// word is where the word before the cursor begins.
func (l *line) word() int {
	at := l.at
	for at > 0 && unicode.IsSpace(l.text[at-1]) {
		at--
	}
	for at > 0 && !unicode.IsSpace(l.text[at-1]) {
		at--
	}
	return at
}

// press takes a key, as shells do, and reports whether there was room for what
// it types.
func (l *line) press(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "left", "ctrl+b":
		l.at = max(l.at-1, 0)
	case "right", "ctrl+f":
		l.at = min(l.at+1, len(l.text))
	case "home", "ctrl+a":
		l.at = 0
	case "end", "ctrl+e":
		l.at = len(l.text)
	case "backspace", "ctrl+h":
		l.remove(l.at-1, l.at)
	case "delete", "ctrl+d":
		l.remove(l.at, l.at+1)
	case "ctrl+u":
		l.remove(0, l.at)
	case "ctrl+w", "alt+backspace":
		l.remove(l.word(), l.at)
	default:
		return l.insert(k.Text)
	}
	return true
}

// view is what fits of the line around the cursor, which is a bar.
func (l *line) view(r ruler, width int) string {
	before, after := clean(string(l.text[:l.at])), clean(string(l.text[l.at:]))
	for r.cells(before) > max(width-2, 1) {
		_, rest, _ := strings.Cut(before, string([]rune(before)[:1]))
		before = rest
	}
	return isolate(before + "▏" + r.cut(after, max(width-r.cells(before)-1, 0)))
}
