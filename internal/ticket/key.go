// Package ticket holds what jit knows about a Jira ticket and about people, as
// read at one moment. It does no I/O.
package ticket

import (
	"strings"
	"unicode"

	"github.com/jitaccess/jit/internal/fault"
)

// MaxKeyLength is the longest key that still leaves room for a grant id in an
// STS session name: 64 characters, less 26 for the id and one for the dot.
const MaxKeyLength = 37

// Key is a ticket's key such as PROJ-123: always upper case, and only ever made
// of characters that are safe in a URL path, a JQL string and a session name.
type Key string

// ParseKey reads a key in any case. The error is of class Ticket.
func ParseKey(s string) (Key, error) {
	typed := strings.TrimSpace(s)
	if strings.ContainsFunc(typed, func(r rune) bool { return r > unicode.MaxASCII }) {
		// Upper-casing maps some letters, such as the long s, into ASCII.
		typed = ""
	}
	k := strings.ToUpper(typed)
	switch {
	case !isKey(k):
		return "", fault.New(fault.Ticket, "%q is not a ticket key", printable(s)).
			WithHint("a key is a project and a number, such as OPS-123")
	case len(k) > MaxKeyLength:
		return "", fault.New(fault.Ticket, "ticket key %s is longer than %d characters", k, MaxKeyLength).
			WithHint("a longer key does not fit an AWS session name beside the grant id")
	}
	return Key(k), nil
}

// isKey reports whether k is a project key as Jira has them by default (two or
// more characters, upper case, beginning with a letter; underscores are allowed
// on Data Center), a dash and a number. It is matched by hand because every
// command pays for a compiled pattern when it starts.
func isKey(k string) bool {
	project, number, ok := strings.Cut(k, "-")
	return ok && len(project) >= 2 && isUpper(project[0]) &&
		only(project, func(c byte) bool { return isUpper(c) || isDigit(c) || c == '_' }) &&
		number != "" && number[0] != '0' && only(number, isDigit)
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func only(s string, holds func(byte) bool) bool {
	for i := range len(s) {
		if !holds(s[i]) {
			return false
		}
	}
	return true
}

// Project returns the part before the dash.
func (k Key) Project() string {
	project, _, _ := strings.Cut(string(k), "-")
	return project
}

// printable shortens s and drops what a terminal would obey.
func printable(s string) string {
	const longest = 60
	s = Clean(s)
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}
