package tui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/policy"
)

// scripts are summaries that turn lines around or that terminals measure
// differently.
func scripts(p *policy.Policy) []access.Candidate {
	all := []access.Candidate{
		candidate(p, "OPS-1", "indeterminate", "plain letters"),
		candidate(p, "OPS-22", "indeterminate", "גיבוי 3 נכשל ב-db-3"),
		candidate(p, "OPS-333", "indeterminate", "\u202eفشل النسخ الاحتياطي\u2069 (2)\u200f"),
		candidate(p, "OPS-4444", "indeterminate", "障害：データベース 한국어"),
		candidate(p, "OPS-55555", "indeterminate", "👩🏽\u200d💻 and 👨\u200d👩\u200d👧\u200d👦 \u2764\ufe0f 1\ufe0f\u20e3 🇮🇱 🏳\ufe0f\u200d🌈"),
		candidate(p, "OPS-6", "indeterminate", "e\u0301t\u0301 Z\u0351\u036b\u0343algo\u0301"),
		candidate(p, "OPS-7", "indeterminate", "हिन्दी में क्षति, ไทยน้ำ, தமிழ்"),
		candidate(p, "LONGPROJECT-12345", "indeterminate", "a key longer than most"),
		candidate(p, "OPS-9", "indeterminate", "𞤀𞤣𞤤𞤢𞤥 9"),
	}
	all[1].Ticket.Status.Name = "בטיפול"
	all[2].Ticket.Status.Name = "قيد التنفيذ الآن تماما"
	all[3].Ticket.Status.Name = "対応中です、対応中です"
	return all
}

// measured is a picker of such tickets on a terminal that counts by character
// or by glyph.
func measured(t *testing.T, s size, glyphs bool) *picker {
	t.Helper()
	m := started(t, Choice{})
	m.Update(s.msg())
	if glyphs {
		m.Update(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeReset})
	}
	m.Update(pageMsg(scripts(m.o.Policy)))
	m.Update(readMsg{})
	return m
}

func TestGoldenScripts(t *testing.T) {
	t.Parallel()
	for _, s := range []size{{80, 24}, {200, 60}} {
		for at, name := range []string{"letters", "hebrew", "arabic", "wide", "emoji"} {
			m := measured(t, s, false)
			for range at {
				press(m, "down")
			}
			golden(t, fmt.Sprintf("script-%s-%dx%d.txt", name, s.width, s.height), m.screen()+"\n")
		}
		m := measured(t, s, false)
		press(m, "down", "enter")
		golden(t, fmt.Sprintf("script-entitlement-%dx%d.txt", s.width, s.height), m.screen()+"\n")
	}
}

// Whatever a summary is written in, what stands behind it stands in its column.
func TestColumnsStandBehindAnyScript(t *testing.T) {
	t.Parallel()
	for _, glyphs := range []bool{false, true} {
		m := measured(t, size{140, 20}, glyphs)
		lines := strings.Split(m.screen(), "\n")[3:]
		for _, l := range lines[:len(m.list.all)] {
			left, _, ok := strings.Cut(l, " │ ")
			if !ok || m.cells(left) != 140*3/5 {
				t.Errorf("the reasons stand in column %d of %q", m.cells(left), l)
			}
		}
		m.Update(size{80, 24}.msg())
		for i, l := range strings.Split(m.screen(), "\n")[3 : 3+len(m.list.all)] {
			before, _, ok := strings.Cut(l, m.foreign(m.list.all[i].Ticket.Summary, 34))
			if !ok || m.cells(before) != 46 {
				t.Errorf("the summary stands in column %d of %q", m.cells(before), l)
			}
		}
	}
}

// Both ways to count agree about emoji, since terminals do not do as they say.
func TestEmojiAreAsWideEverywhere(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"👩🏽\u200d💻!":             "👩!",
		"👨\u200d👩\u200d👧\u200d👦": "👨",
		"\u2764\ufe0f":           "\u2764",
		"1\ufe0f\u20e3":          "1",
		"🏳\ufe0f\u200d🌈":         "🏳",
		"න්\u200dර":              "න්\u200dර", // Sinhala is written with the joiner
		"🇮🇱":                     "🇮🇱",
	} {
		got := clean(in)
		if got != want {
			t.Errorf("%q becomes %q", in, got)
		}
		if !strings.Contains(in, "\u0db1") && ansi.StringWidth(got) != ansi.StringWidthWc(got) {
			t.Errorf("%q is %d cells wide, or %d", got, ansi.StringWidth(got), ansi.StringWidthWc(got))
		}
	}
}

// A line has as many ends of isolation as beginnings, whatever was cut, and no
// other character that turns text around.
func TestIsolationIsClosedOnEachLine(t *testing.T) {
	t.Parallel()
	for width := minWidth; width <= 130; width++ {
		m := measured(t, size{width, 24}, false)
		for range m.list.all {
			checkIsolation(t, m.screen())
			press(m, "down")
		}
		press(m, "up", "up", "up", "up", "up", "up", "up", "enter", "down", "enter", "enter")
		m.Update(tea.PasteMsg{Content: "\u202eכי 3 דיסקים מלאים"})
		checkIsolation(t, m.screen())
	}
}

func checkIsolation(t *testing.T, screen string) {
	t.Helper()
	for _, l := range strings.Split(screen, "\n") {
		if strings.Count(l, "\u2068") != strings.Count(l, "\u2069") {
			t.Errorf("isolation is not closed in %q", l)
		}
		if strings.ContainsAny(l, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u200e\u200f\u061c") {
			t.Errorf("%q turns text around", l)
		}
		inside := false
		for _, r := range l {
			switch {
			case r == '\u2068':
				inside = true
			case r == '\u2069':
				inside = false
			case rightToLeft(r) && !inside:
				t.Errorf("%q is not isolated in %q", r, l)
			}
		}
	}
}
