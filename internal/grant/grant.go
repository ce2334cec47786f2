// Package grant is an allowed decision made durable: its id, who it is for,
// what it unlocks, because of which ticket, and for how long.
package grant

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

// Kind is the sort of credential that a grant carries.
type Kind string

// The kinds, spelt as in --json output.
const (
	AWS Kind = "aws"
	SSH Kind = "ssh"
)

// IDLength is the length of a grant id in characters.
const IDLength = 26

// ID names a grant: 130 random bits as 26 lower-case base-32 characters
// (RFC 4648's alphabet), so that KEY.ID fits the 64 characters of an STS
// session name.
type ID string

// NewID draws an id from random, which must be a cryptographic source.
func NewID(random io.Reader) (ID, error) {
	// 17 bytes encode to 28 characters, the first 26 of which hold 130 bits.
	var b [17]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("draw a grant id: %w", err)
	}
	enc := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
	return ID(strings.ToLower(enc[:IDLength])), nil
}

// ParseID checks that s is a grant id.
func ParseID(s string) (ID, error) {
	inAlphabet := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '2' && r <= '7' }
	if len(s) != IDLength || strings.ContainsFunc(s, func(r rune) bool { return !inAlphabet(r) }) {
		return "", fmt.Errorf("not a grant id: %d characters instead of %d of a-z and 2-7", len(s), IDLength)
	}
	return ID(s), nil
}

// Lease is the time in which a grant holds, in UTC and whole seconds.
type Lease struct {
	NotBefore time.Time `json:"not_before"`
	ExpiresAt time.Time `json:"expires_at"`
}

// NewLease returns the lease of length ttl that begins at start.
func NewLease(start time.Time, ttl time.Duration) Lease {
	start = start.UTC().Truncate(time.Second)
	return Lease{NotBefore: start, ExpiresAt: start.Add(ttl.Truncate(time.Second))}
}

// TTL is the length of the lease.
func (l Lease) TTL() time.Duration { return l.ExpiresAt.Sub(l.NotBefore) }

// InForce reports whether now falls into the lease.
func (l Lease) InForce(now time.Time) bool {
	return !now.Before(l.NotBefore) && now.Before(l.ExpiresAt)
}

// Grant is an allowed decision made durable.
type Grant struct {
	ID            ID         `json:"id"`
	Kind          Kind       `json:"kind"`
	Entitlement   string     `json:"entitlement"`
	Ticket        ticket.Key `json:"ticket"`
	TicketID      string     `json:"ticket_id"`
	Site          string     `json:"site"`           // base URL of the Jira site
	Principal     string     `json:"principal"`      // the principal's Jira id
	PrincipalName string     `json:"principal_name"` // for people to read
	Policy        string     `json:"policy"`         // hash of the policy that decided, lower-case hex
	Reason        string     `json:"reason,omitempty"`
	Lease
}

// SessionName is the grant's name in AWS and in session listings: KEY.ID.
func (g Grant) SessionName() string { return string(g.Ticket) + "." + string(g.ID) }

// SSHKeyID is the grant's name in an SSH certificate, which sshd logs.
func (g Grant) SSHKeyID() string {
	return fmt.Sprintf("jit %s %s %s", g.Ticket, audit.EscapeID(g.Principal), g.ID)
}
