// Package credential is what was minted, with secrets that redact themselves.
package credential

import (
	"fmt"
	"log/slog"
)

// redacted is what a secret shows of itself.
const redacted = "[redacted]"

// Secret is a string that does not print: fmt, encoding/json, text encoders
// and slog all see "[redacted]". Reveal is the one way to its value, so that a
// search for Reveal finds each place where a secret leaves the program.
type Secret struct{ value string }

// NewSecret wraps value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the value.
func (s Secret) Reveal() string { return s.value }

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s.value == "" }

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// Format writes "[redacted]" for every verb, %#v and %x included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText returns "[redacted]", which covers JSON, XML and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
