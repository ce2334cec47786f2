package ticket_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

func TestParseKey(t *testing.T) {
	long := strings.Repeat("A", 35)
	for _, tc := range []struct {
		in   string
		want ticket.Key // "" means refused
	}{
		{"OPS-7", "OPS-7"},
		{"ops-7", "OPS-7"},
		{" Ops-7\n", "OPS-7"},
		{"A1_B-10", "A1_B-10"},
		{long + "-1", ticket.Key(long + "-1")}, // 37 characters
		{long + "-12", ""},
		{"", ""},
		{"OPS", ""},
		{"OPS-", ""},
		{"-7", ""},
		{"OPS-0", ""},
		{"OPS-07", ""},
		{"O-7", ""}, // Jira wants two characters
		{"7PS-7", ""},
		{"OPS-7/../myself", ""},
		{"OPS-7?x=1", ""},
		{"OPS-7#x", ""},
		{"OPS-7 OR 1=1", ""},
		{"OPS-7\x1b[31m", ""},
		{"ÖPS-7", ""},
		{"ops-٧", ""},
		// Kelvin sign: upper-cases to itself, lower-cases to k.
		{"\u212aPS-7", ""},
		// Long s: upper-cases to S, and must not become a key that was not typed.
		{"op\u017f-7", ""},
	} {
		got, err := ticket.ParseKey(tc.in)
		if tc.want == "" {
			if err == nil {
				t.Errorf("ParseKey(%q) = %q, want an error", tc.in, got)
			} else if fault.ClassOf(err) != fault.Ticket {
				t.Errorf("ParseKey(%q) fails with class %d", tc.in, fault.ClassOf(err))
			}
			continue
		}
		if err != nil || got != tc.want {
			t.Errorf("ParseKey(%q) = %q, %v, want %q", tc.in, got, err, tc.want)
		}
	}
}

func TestRefusedKeyIsShownHarmless(t *testing.T) {
	_, err := ticket.ParseKey("\x1b]0;owned\x07" + strings.Repeat("x", 500))
	if err == nil {
		t.Fatal("accepted")
	}
	if strings.ContainsAny(err.Error(), "\x1b\x07") || len(err.Error()) > 200 {
		t.Errorf("the message is not harmless: %q", err)
	}
}

func TestProject(t *testing.T) {
	if got := ticket.Key("A1_B-10").Project(); got != "A1_B" {
		t.Errorf("Project() = %q", got)
	}
}

// What is accepted must be safe in a URL path, a JQL string, a file name and a
// session name, and parse to itself.
func FuzzParseKey(f *testing.F) {
	for _, s := range []string{"OPS-7", "ops-7", "../x-1", "A_-9", "x\x00-1", "\u017fa-1"} {
		f.Add(s)
	}
	safe := regexp.MustCompile(`^[A-Z0-9_-]{4,37}$`)
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ticket.ParseKey(s)
		if err != nil {
			return
		}
		if !safe.MatchString(string(k)) || url.PathEscape(string(k)) != string(k) {
			t.Errorf("ParseKey(%q) = %q", s, k)
		}
		if again, err := ticket.ParseKey(string(k)); err != nil || again != k {
			t.Errorf("ParseKey(%q) = %q, %v: not stable", k, again, err)
		}
		if !strings.EqualFold(strings.TrimSpace(s), string(k)) {
			t.Errorf("ParseKey(%q) = %q: another key", s, k)
		}
	})
}
