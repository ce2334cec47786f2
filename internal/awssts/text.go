package awssts

import (
	"strings"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/ticket"
)

// longestQuote is how much of somebody else's text a message repeats, in runes.
const longestQuote = 240

// quote is oneLine for text that may repeat what was sent to its author.
func quote(s string) string { return oneLine(credential.HideTokens(joined(credential.HideTokens(s)))) }

// oneLine makes somebody else's text fit for a message: no control characters,
// not long, no full stop.
func oneLine(s string) string {
	s = joined(s)
	if r := []rune(s); len(r) > longestQuote {
		s = string(r[:longestQuote]) + "…"
	}
	return strings.TrimRight(s, ". ")
}

// joined is s on one line.
func joined(s string) string { return strings.Join(strings.Fields(ticket.Clean(s)), " ") }
