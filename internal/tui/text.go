package tui

import (
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"

	"github.com/jitaccess/jit/internal/ticket"
)

// cells is how wide a text is on a terminal.
func cells(s string) int { return lipgloss.Width(s) }

// fit cuts a text to a width in cells and fills it up to that.
func fit(s string, width int) string {
	s = cut(s, width)
	return s + strings.Repeat(" ", max(width-cells(s), 0))
}

// cut cuts a text to a width in cells, with an ellipsis where something is lost.
func cut(s string, width int) string {
	switch {
	case cells(s) <= width:
		return s
	case width < 2:
		return strings.Repeat("…", max(width, 0))
	}
	return lipgloss.NewStyle().MaxWidth(width-1).Render(s) + "…"
}

// foreign is a text from Jira on its way to a screen: without control
// characters, cut, and isolated where it is written from right to left, so that
// it turns nothing beside it around.
func foreign(s string, width int) string {
	s = cut(ticket.Clean(s), width)
	if strings.ContainsFunc(s, rightToLeft) {
		return "\u2068" + s + "\u2069"
	}
	return s
}

func rightToLeft(r rune) bool {
	return r >= 0x0590 && unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko)
}

// wrap breaks a text into lines of a width.
func wrap(s string, width int) []string {
	if width < 1 {
		return nil
	}
	return strings.Split(lipgloss.NewStyle().Width(width).Render(s), "\n")
}

// paint decorates; nothing is said by colour alone.
type paint bool

func (p paint) with(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) strong(s string) string { return p.with("1", s) }
func (p paint) good(s string) string   { return p.with("32", s) }
func (p paint) maybe(s string) string  { return p.with("33", s) }
func (p paint) bad(s string) string    { return p.with("31", s) }
func (p paint) quiet(s string) string  { return p.with("2", s) }

// verdict says in a glyph and a word how open something is.
func (p paint) verdict(o openness) string {
	switch o {
	case unlocked:
		return p.good("✓ unlocked")
	case wantReason:
		return p.maybe("? a reason")
	case wantDuration:
		return p.maybe("? duration")
	}
	return p.bad("✗ locked  ")
}
