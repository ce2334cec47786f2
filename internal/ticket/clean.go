package ticket

import (
	"strings"
	"unicode"
)

// Clean drops the characters of s that a terminal would obey instead of show:
// control characters (C0, C1, DEL), line and paragraph separators, and the
// bidirectional overrides that can make text read as something else. A newline
// or a tab becomes a space. Every text from Jira passes through here on its way
// to a screen.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\r':
			return ' '
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == unicode.ReplacementChar:
			return -1
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\u061c':
			return -1
		}
		return r
	}, s)
}

// maxName is how much of a name is kept, in characters. Jira bounds display
// names itself; a record must not depend on that.
const maxName = 256

// CleanName is Clean for a person's name in a record or a wallet, cut to 256
// characters.
func CleanName(s string) string {
	s = strings.TrimSpace(Clean(s))
	if r := []rune(s); len(r) > maxName {
		return string(r[:maxName-1]) + "…"
	}
	return s
}
