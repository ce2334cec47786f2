package sshsig

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Signer is somebody who may sign: a line of an allowed signers file, as
// ssh-keygen(1) describes it under ALLOWED SIGNERS.
type Signer struct {
	// Principals is who it is, as the line says it; patterns are not expanded.
	// "" for a bare public key.
	Principals string
	// Comment is what follows the key, or "".
	Comment string
	// Namespaces are patterns for what it may sign; none allows everything.
	Namespaces []string
	// ValidAfter and ValidBefore bound when it may; zero leaves a side open.
	ValidAfter, ValidBefore time.Time

	key ssh.PublicKey
}

// Fingerprint is that of the key, SHA256:….
func (s Signer) Fingerprint() string {
	if s.key == nil {
		return ""
	}
	return ssh.FingerprintSHA256(s.key)
}

// String is the signer for people to read: who, or else which key.
func (s Signer) String() string {
	switch {
	case s.Principals != "":
		return s.Principals
	case s.Comment != "":
		return s.Comment
	}
	return s.Fingerprint()
}

// refuses says why the signer may not sign, or "".
func (s Signer) refuses(namespace string, at time.Time) string {
	matches := len(s.Namespaces) == 0
	for _, pattern := range s.Namespaces {
		if ok, err := path.Match(pattern, namespace); err == nil && ok {
			matches = true
		}
	}
	switch {
	case !matches:
		return fmt.Sprintf("may sign for %s only", strings.Join(s.Namespaces, ","))
	case !s.ValidAfter.IsZero() && at.Before(s.ValidAfter):
		return "may sign from " + s.ValidAfter.UTC().Format(time.RFC3339) + " on"
	case !s.ValidBefore.IsZero() && !at.Before(s.ValidBefore):
		return "might sign until " + s.ValidBefore.UTC().Format(time.RFC3339)
	}
	return ""
}

// ParseAllowed reads an allowed signers file, with blank lines and comments. The
// error names the line.
func ParseAllowed(data []byte) ([]Signer, error) {
	var signers []Signer
	n := 0
	for line := range bytes.Lines(data) {
		n++
		text := strings.TrimSpace(string(line))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		s, err := ParseSigner(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		signers = append(signers, s)
	}
	return signers, nil
}

// ParseSigner reads one line: PRINCIPALS [OPTIONS] KEYTYPE BASE64 [COMMENT], or
// a bare public key, as a .pub file has it, who may sign everything at any time.
// A cert-authority is refused: its certificates would bring in signers that
// nobody listed. So is an option that is not known, as it may be a limit.
func ParseSigner(line string) (Signer, error) {
	line = strings.TrimSpace(line)
	if s, err := parseKey(line); err == nil {
		return s, nil
	}
	principals, rest := field(line)
	s, err := parseKey(rest)
	if err == nil {
		s.Principals = unquote(principals)
		return s, checkPrincipals(s.Principals)
	}
	options, rest := field(rest)
	if s, err = parseKey(rest); err != nil {
		return Signer{}, err
	}
	if s.Principals = unquote(principals); s.Principals == "" {
		return Signer{}, checkPrincipals(s.Principals)
	}
	for _, option := range split(options) {
		if err := s.option(option); err != nil {
			return Signer{}, err
		}
	}
	return s, nil
}

func checkPrincipals(principals string) error {
	if principals == "" {
		return errors.New("nobody is named before the key")
	}
	return nil
}

// parseKey reads KEYTYPE BASE64 [COMMENT].
func parseKey(text string) (Signer, error) {
	keyType, rest := field(text)
	public, comment, options, more, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil || len(options) > 0 || len(bytes.TrimSpace(more)) > 0 || public.Type() != keyType || rest == "" {
		return Signer{}, errors.New("there is no public key where one should be: PRINCIPALS [OPTIONS] KEYTYPE BASE64")
	}
	if _, ok := public.(*ssh.Certificate); ok {
		return Signer{}, errors.New("a certificate is no key that can be allowed")
	}
	return Signer{key: public, Comment: comment}, nil
}

func (s *Signer) option(option string) error {
	name, value, hasValue := strings.Cut(option, "=")
	value = unquote(value)
	switch name = strings.ToLower(name); {
	case name == "cert-authority":
		return errors.New("cert-authority is not taken: list each signer's own key")
	case name == "namespaces" && hasValue && value != "":
		s.Namespaces = strings.Split(value, ",")
		return checkPatterns(s.Namespaces)
	case name == "valid-after" && hasValue:
		return parseTime(&s.ValidAfter, value)
	case name == "valid-before" && hasValue:
		return parseTime(&s.ValidBefore, value)
	}
	return fmt.Errorf("the option %q is not known", option)
}

// checkPatterns takes the wildcards of ssh-keygen, * and ?, and no more: path.Match
// knows others, and negation would have to be understood.
func checkPatterns(patterns []string) error {
	for _, p := range patterns {
		if p == "" || strings.ContainsAny(p, `[]\!/`) {
			return fmt.Errorf("%q is no namespace, with * and ? at most", p)
		}
	}
	return nil
}

// parseTime reads YYYYMMDD[HHMM[SS]][Z]; without Z it is in local time, as
// ssh-keygen has it.
func parseTime(t *time.Time, value string) error {
	zone := time.Local //nolint:gosmopolitan // the format says so
	digits, utc := strings.CutSuffix(value, "Z")
	if utc {
		zone = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if parsed, err := time.ParseInLocation(layout, digits, zone); err == nil && len(layout) == len(digits) {
			*t = parsed
			return nil
		}
	}
	return fmt.Errorf("%q is no time: YYYYMMDD[HHMM[SS]][Z]", value)
}
