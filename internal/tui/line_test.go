package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

func TestTyping(t *testing.T) {
	t.Parallel()
	l := &line{max: 20}
	l.insert("disk\tis full")
	l.press(tea.KeyPressMsg{Code: 'w', Mod: tea.ModCtrl})
	if l.String() != "disk is " {
		t.Errorf("%q", l)
	}
	l.press(tea.KeyPressMsg{Code: tea.KeyHome})
	l.press(tea.KeyPressMsg{Code: tea.KeyBackspace}) // nothing is before it
	l.press(tea.KeyPressMsg{Code: tea.KeyDelete})
	l.press(tea.KeyPressMsg{Code: 'D', Text: "D"})
	if l.String() != "Disk is " || l.at != 1 {
		t.Errorf("%q at %d", l, l.at)
	}
	l.insert(strings.Repeat("x", 30))
	if l.String() != "Disk is " {
		t.Errorf("more than the limit was taken: %q", l)
	}
	l.press(tea.KeyPressMsg{Code: tea.KeyEnd})
	l.press(tea.KeyPressMsg{Code: tea.KeyDelete}) // nothing is after it
	l.press(tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl})
	if l.String() != "" {
		t.Errorf("%q", l)
	}
}

func TestWideTextIsCutByCells(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"データベースの障害", "👩‍💻👩‍💻👩‍💻👩‍💻👩‍💻👩‍💻", "שרת מסד הנתונים", "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301", "plain text of no interest"} {
		for i := range 24 {
			r, width := ruler(i%2), i/2
			if got := r.cells(r.foreign(s, width)); got > width {
				t.Errorf("%q in %d cells takes %d", s, width, got)
			}
			if got := r.cells(r.fit(s, width)); got != width {
				t.Errorf("%q filled to %d cells takes %d", s, width, got)
			}
		}
	}
}

func TestLongLinesShowTheirEnd(t *testing.T) {
	t.Parallel()
	l := &line{max: 200}
	l.insert(strings.Repeat("a", 100) + "end")
	if v := l.view(0, 20); !strings.HasSuffix(v, "end▏") || ruler(0).cells(v) > 20 {
		t.Errorf("%q", v)
	}
}

func TestALineFitsWhereverTheCursorIs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("a", 270), strings.Repeat("界", 90), ""} {
		l := line{text: []rune(text)}
		for at := range len(l.text) + 1 {
			l.at = at
			for _, width := range []int{10, 80, 200} {
				if got := l.view(0, width); ruler(0).cells(got) > width || !strings.Contains(got, "▏") {
					t.Fatalf("at %d of %d, %d wide: %q", at, len(l.text), width, got)
				}
			}
		}
	}
}
