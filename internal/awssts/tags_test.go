package awssts

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jitaccess/jit/internal/credential"
)

// stsTagValue is STS's own pattern for the value of a session tag.
var stsTagValue = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

func TestReadableTag(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Ada Lovelace":              "Ada Lovelace",
		"  Ada\t\nLovelace ":        "Ada Lovelace",
		"Zoë Müller-Lüdenscheidt":   "Zoë Müller-Lüdenscheidt",
		"Zoe\u0308":                 "Zoe",
		"李小龍":                       "李小龍",
		"O'Brien (contractor)":      "O_Brien _contractor_",
		"ada@acme.com":              "ada@acme.com",
		"aws:ada":                   "_aws:ada",
		"AWS:ada":                   "_AWS:ada",
		"ada\u202egnp\x1b[31m":      "adagnp_31m",
		"":                          "712020=3Aada",
		"🦄":                         "712020=3Aada",
		"\xff\xfe":                  "712020=3Aada",
		strings.Repeat("é", 300):    strings.Repeat("é", 256),
		strings.Repeat("ab ", 100):  strings.TrimSpace(strings.Repeat("ab ", 100)[:256]),
		"a\u00a0b\u2003c\u3000d":    "a b c d",
		"ada, <b>\"x\"</b> & *bob*": "ada_ _b__x__/b_ _ _bob_",
	} {
		if got := readableTag(name, "712020:ada"); got != want {
			t.Errorf("readableTag(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzReadableTag(f *testing.F) {
	f.Add("Ada Lovelace", "712020:ada")
	f.Add("aws:", "")
	f.Add("\xff \u0308", "JIRAUSER10100")
	f.Fuzz(func(t *testing.T, name, id string) {
		got := readableTag(name, id)
		if !stsTagValue.MatchString(got) || !utf8.ValidString(got) {
			t.Errorf("STS does not take %q", got)
		}
		if utf8.RuneCountInString(got) > 256 {
			t.Errorf("%d characters", utf8.RuneCountInString(got))
		}
		if strings.HasPrefix(strings.ToLower(got), "aws:") {
			t.Errorf("reserved: %q", got)
		}
		if got == "" && id != "" {
			t.Error("empty, though there is an id")
		}
		if name != "" && readableTag(got, id) != got && !strings.HasPrefix(got, "=") {
			t.Errorf("not stable: %q becomes %q", got, readableTag(got, id))
		}
	})
}

func FuzzOneLine(f *testing.F) {
	f.Add("the\nkey " + newSecret + ".")
	f.Fuzz(func(t *testing.T, s string) {
		got := quote(s)
		if strings.ContainsAny(got, "\n\r\t\x1b\u202e") || strings.HasSuffix(got, ".") || utf8.RuneCountInString(got) > longestQuote+1 {
			t.Errorf("%q", got)
		}
		if credential.HideTokens(got) != got {
			t.Errorf("%q shows what may be a key", got)
		}
	})
}
