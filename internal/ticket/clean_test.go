package ticket_test

import (
	"testing"
	"unicode"

	"github.com/jitaccess/jit/internal/ticket"
)

func TestCleanDropsWhatATerminalObeys(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"plain", "plain"},
		{"", ""},
		{"two\nlines\tand a tab", "two lines and a tab"},
		{"\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"\x1b]0;title\x07", "]0;title"},
		{"\u009b31mC1", "31mC1"},
		{"bell\a back\b del\x7f nul\x00", "bell back del nul"},
		{"Grüße, 世界, שלום", "Grüße, 世界, שלום"},
		{"a\u202eb\u2066c\u200fd", "abcd"},
		{"x\u2028y", "xy"},
		{"bad\xff\xfeutf8", "badutf8"},
		{"family 👩\u200d👩\u200d👧", "family 👩\u200d👩\u200d👧"}, // a joiner is not an override
	} {
		if got := ticket.Clean(tc.in); got != tc.want {
			t.Errorf("Clean(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b[31m")
	f.Add("\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := ticket.Clean(s)
		for _, r := range got {
			if unicode.IsControl(r) {
				t.Fatalf("Clean(%q) keeps %q", s, r)
			}
		}
		if ticket.Clean(got) != got {
			t.Fatalf("Clean(%q) is not stable", s)
		}
	})
}

func TestHasTellsAbsentFromEmpty(t *testing.T) {
	tk := ticket.Ticket{Present: map[ticket.Field]bool{ticket.FieldLabels: true}}
	if !tk.Has(ticket.FieldLabels) || tk.Has(ticket.FieldComponents) {
		t.Error("Has does not follow Present")
	}
}

func TestCleanNameIsShort(t *testing.T) {
	if got := ticket.CleanName(" Ada\x1b[1m "); got != "Ada[1m" {
		t.Errorf("CleanName = %q", got)
	}
	long := ""
	for range 70_000 {
		long += "ä"
	}
	if got := []rune(ticket.CleanName(long)); len(got) != 256 {
		t.Errorf("%d characters are kept", len(got))
	}
}
