package awssts

import (
	"regexp"
	"strings"
	"sync"

	"github.com/jitaccess/jit/internal/ticket"
)

// longestQuote is how much of somebody else's text a message repeats, in runes.
const longestQuote = 240

// tokenPattern finds what may be a secret in somebody else's text: keys and
// session tokens are long runs of base64 without a space; a secret access key
// has 40 characters.
var tokenPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[A-Za-z0-9+/=_%-]{40,}`)
})

// quote is oneLine for text that may repeat what was sent to its author.
func quote(s string) string { return oneLine(tokenPattern().ReplaceAllString(s, "[redacted]")) }

// oneLine makes somebody else's text fit for a message: no control characters,
// not long, no full stop.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(ticket.Clean(s)), " ")
	if r := []rune(s); len(r) > longestQuote {
		s = string(r[:longestQuote]) + "…"
	}
	return strings.TrimRight(s, ". ")
}
