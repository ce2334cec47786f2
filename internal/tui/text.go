package tui

import (
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/jitaccess/jit/internal/ticket"
)

// ruler measures texts as the renderer does, in cells: character by character,
// or by what makes one glyph together where the terminal says that it does so.
// With another measure than the renderer's, columns behind an Indic or a Thai
// text would stand elsewhere than they were meant to.
type ruler ansi.Method

// heard takes what a terminal says about itself, and asks of it what Bubble Tea
// asks before it measures in glyphs.
func (r ruler) heard(msg tea.ModeReportMsg) ruler {
	if msg.Mode != ansi.ModeUnicodeCore {
		return r
	}
	switch msg.Value {
	case ansi.ModeSet, ansi.ModeReset, ansi.ModePermanentlySet:
		return ruler(ansi.GraphemeWidth)
	}
	return r
}

// cells is how wide a text is on the terminal.
func (r ruler) cells(s string) int { return ansi.Method(r).StringWidth(s) }

// fit cuts a text to a width in cells and fills it up to that.
func (r ruler) fit(s string, width int) string {
	s = r.cut(s, width)
	return s + strings.Repeat(" ", max(width-r.cells(s), 0))
}

// cut cuts a text to a width in cells, with an ellipsis where something is lost.
func (r ruler) cut(s string, width int) string {
	switch {
	case r.cells(s) <= width:
		return s
	case width < 2:
		return strings.Repeat("…", max(width, 0))
	}
	return ansi.Method(r).Truncate(s, width-1, "") + "…"
}

// foreign is a text from Jira on its way to a screen: without control
// characters, cut, and isolated where it is written from right to left, so that
// it turns nothing beside it around.
func (r ruler) foreign(s string, width int) string { return isolate(r.cut(clean(s), width)) }

// wrap breaks a text into lines of a width.
func (r ruler) wrap(s string, width int) []string {
	if width < 1 {
		return nil
	}
	var out []string
	for part := range strings.SplitSeq(ansi.Method(r).Wrap(clean(s), width, ""), "\n") {
		out = append(out, r.foreign(strings.TrimRight(part, " "), width))
	}
	return out
}

// atMost is the first lines of some, and says where others are missing.
func atMost(lines []string, height int) []string {
	if len(lines) <= height {
		return lines
	}
	return append(lines[:max(height-1, 0):max(height-1, 0)], "…")[:max(height, 0)]
}

// isolate keeps a text that is written from right to left to its place. A
// terminal that sets such texts would set what follows it the same way: the
// number behind it before it.
func isolate(s string) string {
	if strings.ContainsFunc(s, rightToLeft) {
		return "\u2068" + s + "\u2069"
	}
	return s
}

// rightToLeft reports whether a character is in one of the blocks that Unicode
// keeps for scripts written from right to left, those to come included.
func rightToLeft(r rune) bool {
	switch {
	case r < 0x0590:
		return false
	case r <= 0x08ff, r >= 0xfb1d && r <= 0xfdff, r >= 0xfe70 && r <= 0xfeff:
		return true
	}
	return r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff
}

// clean takes out what a terminal would obey, and what terminals disagree
// about: an emoji that is joined of several, coloured or asked for by a selector
// is two cells wide on one and up to eight on another, whatever each says of
// itself. Its first character means nearly the same and is as wide everywhere.
func clean(s string) string {
	s = ticket.Clean(s)
	if !strings.ContainsFunc(s, disputed) {
		return s
	}
	var out []rune
	joined := false
	for _, r := range s {
		switch {
		case joined && symbol(r):
			out = out[:len(out)-1] // the joiner; other scripts need theirs
		case !disputed(r) || r == joiner:
			out = append(out, r)
		}
		joined = r == joiner
	}
	return string(out)
}

const joiner = '\u200d'

func disputed(r rune) bool {
	return r == joiner || r == '\u20e3' || r >= '\ufe00' && r <= '\ufe0f' || r >= 0x1f3fb && r <= 0x1f3ff
}

func symbol(r rune) bool { return unicode.In(r, unicode.So, unicode.Sk) }
