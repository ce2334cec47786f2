package tui

import (
	"slices"
	"strings"
)

// A screen has its details beside the list or below it, its words whole or
// none, by the room there is.
const (
	minWidth, minHeight = 20, 6 // of a terminal on which anything can be chosen
	wide                = 110   // from here on the reasons stand beside the list
	roomForStatus       = 56    // of a row
	roomForWords        = 40    // of a row or a line
	roomForGaps         = 12    // lines, for empty ones between the parts
	below, few          = 8, 3  // lines that the reasons get below the list, at most and at least
)

// size is that of the terminal.
type size struct{ width, height int }

// small reports whether too little of a screen would be seen to choose by it.
func (s size) small() bool { return s.width < minWidth || s.height < minHeight }

// tooSmall is the screen of a terminal on which nothing can be chosen.
func (s size) tooSmall(r ruler) string {
	lines := r.wrap("too small: 20×6 is the least; ctrl+c leaves", s.width)
	return strings.Join(lines[:min(len(lines), max(s.height, 0))], "\n")
}

// gap is an empty line where there is room for one.
func (s size) gap() []string {
	if s.height < roomForGaps {
		return nil
	}
	return []string{""}
}

// screen puts lines between those that stay at the top and at the bottom. It is
// exactly as high as the terminal.
func (s size) screen(head, body, foot []string) string {
	room := max(s.height-len(head)-len(foot), 0)
	lines := slices.Concat(head, body[:min(len(body), room)])
	for range room - len(body) {
		lines = append(lines, "")
	}
	return strings.Join(append(lines, foot...), "\n")
}

// told is something to tell at the bottom in as many lines as can be spared,
// and an empty line where it is nothing.
func (s size) told(r ruler, text string) []string { return atMost(r.wrap(text, s.width), s.height/3) }

// hints joins what the keys do. Where not all fit, the last stays, which tells
// how to leave.
func (s size) hints(r ruler, words ...string) string {
	last := len(words) - 1
	for n := last; n > 0; n-- {
		if all := strings.Join(append(words[:n:n], words[last]), " · "); r.cells(all) <= s.width {
			return all
		}
	}
	return r.cut(words[last], s.width)
}

// window is which of n rows to draw in height lines so that cursor is among them.
func window(cursor, n, height int) (from, to int) {
	if height <= 0 {
		return 0, 0
	}
	from = max(0, min(cursor-height/2, n-height))
	return from, min(n, from+height)
}
