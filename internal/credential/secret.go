// Package credential is what was minted, with secrets that redact themselves.
package credential

import (
	"fmt"
	"log/slog"
	"unique"
)

// redacted is what a secret shows of itself.
const redacted = "[redacted]"

// Secret is a string that does not print: fmt, encoding/json, text encoders
// and slog all see "[redacted]". Reveal is the one way to its value, so that a
// search for Reveal finds each place where a secret leaves the program.
//
// The value is behind a pointer, because fmt skips every method where a verb
// does not fit the outer value: %s of a struct that points to a struct with a
// Secret would print a plain string field. A unique.Handle, unlike a *string,
// keeps equal secrets equal under ==.
type Secret struct{ value unique.Handle[string] }

// NewSecret wraps value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{unique.Make(value)}
}

// Reveal returns the value.
func (s Secret) Reveal() string {
	if s.Empty() {
		return ""
	}
	return s.value.Value()
}

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s == Secret{} }

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// Format writes "[redacted]" for every verb, %#v and %x included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText returns "[redacted]", which covers JSON, XML and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
