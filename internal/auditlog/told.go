package auditlog

import (
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/ticket"
)

// maxTold is how much of a store's words is shown, in characters.
const maxTold = 400

// toldError is a store's error in words that are fit to print: an answer can
// quote what was sent to it, session tokens included.
type toldError struct{ err error }

func (e toldError) Error() string {
	text := credential.HideTokens(ticket.Clean(credential.HideTokens(e.err.Error())))
	if r := []rune(text); len(r) > maxTold {
		return string(r[:maxTold-1]) + "…"
	}
	return text
}

func (e toldError) Unwrap() error { return e.err }
