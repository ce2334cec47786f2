package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// MaxRecord is the most bytes that a record has. A denial that considers a
// hundred entitlements stays far below it.
const MaxRecord = 1 << 20

// maxError is how much of an error's text is kept: it comes from elsewhere and
// must not make a record too large to be written.
const maxError = 4 << 10

// ErrTooLarge says that a record would have more than MaxRecord bytes, or has.
var ErrTooLarge = errors.New("the record is larger than 1 MiB")

// FirstPrev is the prev of the first record of a chain: 64 zeros.
const FirstPrev = "0000000000000000000000000000000000000000000000000000000000000000"

// Record is an event with its place on a chain.
type Record struct {
	Event
	Writer string
	Seq    uint64
	Prev   string // Hash of the record before it; FirstPrev for the first
	Hash   string // of Raw
	Raw    []byte // the bytes that were decoded, not a copy
}

// Ref names the record.
func (r Record) Ref() Ref { return Ref{Writer: r.Writer, Seq: r.Seq, Hash: r.Hash} }

// extension is what goes under unmapped.jit: all that OCSF has no place for.
// The first nine are always there.
type extension struct {
	Event        Kind     `json:"event"`
	Grant        string   `json:"grant"`
	Ticket       string   `json:"ticket"`
	TicketID     string   `json:"ticket_id"`
	Entitlement  string   `json:"entitlement"`
	Policy       string   `json:"policy"`
	Writer       string   `json:"writer"`
	Seq          uint64   `json:"seq"`
	Prev         string   `json:"prev"`
	Continues    *Ref     `json:"continues,omitempty"`
	Of           *Ref     `json:"of,omitempty"`
	Kind         string   `json:"kind,omitempty"`
	Site         string   `json:"site,omitempty"`
	Principal    Person   `json:"principal,omitzero"`
	Entitlements []string `json:"entitlements,omitempty"`
	Lease        lease    `json:"lease,omitzero"`
	Reason       string   `json:"reason,omitempty"`
	Reasons      []Reason `json:"reasons,omitempty"`
	Caller       *Caller  `json:"caller,omitempty"`
	AWS          *AWS     `json:"aws,omitempty"`
	SSH          *SSH     `json:"ssh,omitempty"`
	Error        string   `json:"error,omitempty"`
}

type lease struct {
	NotBefore time.Time `json:"not_before,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// Encode returns an event as the record at one place of a chain: a line of
// JSON. The same event at the same place gives the same bytes. Of a long Error
// the first 4 KiB are kept; ErrTooLarge is for what else is too long.
func Encode(event Event, writer string, seq uint64, prev string) ([]byte, error) {
	ext := extension{
		Event: event.Kind, Grant: event.Grant, Ticket: event.Ticket, TicketID: event.TicketID,
		Entitlement: event.Entitlement, Policy: event.Policy, Writer: writer, Seq: seq, Prev: prev,
		Continues: event.Continues, Of: event.Of, Kind: event.CredKind, Site: event.Site,
		Principal: event.Principal, Entitlements: event.Entitlements,
		Lease:  lease{event.NotBefore.UTC(), event.ExpiresAt.UTC()},
		Reason: event.Reason, Reasons: event.Reasons,
		Caller: event.Caller, AWS: event.AWS, SSH: event.SSH, Error: clip(event.Error),
	}
	if err := ext.check(); err != nil {
		return nil, err
	}
	if event.Time.UnixMilli() <= 0 {
		return nil, errors.New("the event has no time after 1970")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(wrap(event, ext)); err != nil {
		return nil, err
	}
	if b.Len() > MaxRecord {
		return nil, ErrTooLarge
	}
	return b.Bytes(), nil
}

func clip(s string) string {
	if len(s) <= maxError {
		return s
	}
	return strings.ToValidUTF8(s[:maxError], "") + "…"
}

// Decode reads a record that Encode wrote, or a later jit's: kinds and fields
// that it does not know are let through. It refuses what is not one line with
// one JSON object, what names a key twice (in any case of letters), and what
// contradicts itself; never what follows from the record's place, which only
// Verify can know.
func Decode(data []byte) (Record, error) {
	if len(data) > MaxRecord {
		return Record{}, ErrTooLarge
	}
	if bytes.IndexByte(data, '\n') != len(data)-1 || len(data) == 0 {
		return Record{}, errors.New("the record is not one line")
	}
	var v envelope
	if err := json.Unmarshal(data, &v); err != nil {
		return Record{}, fmt.Errorf("the record is not the JSON of an event: %w", err)
	}
	if err := checkKeys(data); err != nil {
		return Record{}, err
	}
	ext := &v.Unmapped.JIT
	if err := ext.check(); err != nil {
		return Record{}, err
	}
	if err := v.check(); err != nil {
		return Record{}, err
	}
	return Record{
		Event:  v.event(),
		Writer: ext.Writer, Seq: ext.Seq, Prev: ext.Prev,
		Hash: Hash(data), Raw: data,
	}, nil
}

func (v *envelope) event() Event {
	ext := &v.Unmapped.JIT
	return Event{
		Kind: ext.Event, Time: time.UnixMilli(v.Time).UTC(), UID: v.Metadata.UID, Version: v.Metadata.Product.Version,
		Grant: ext.Grant, Entitlement: ext.Entitlement, Entitlements: ext.Entitlements, CredKind: ext.Kind,
		Ticket: ext.Ticket, TicketID: ext.TicketID, Site: ext.Site, Principal: ext.Principal, Policy: ext.Policy,
		Reason: ext.Reason, Reasons: ext.Reasons,
		NotBefore: ext.Lease.NotBefore.UTC(), ExpiresAt: ext.Lease.ExpiresAt.UTC(),
		Caller: ext.Caller, AWS: ext.AWS, SSH: ext.SSH, Error: ext.Error, Of: ext.Of, Continues: ext.Continues,
	}
}

// check refuses what no chain can hold.
func (x *extension) check() error {
	switch {
	case !isKind(x.Event):
		return fmt.Errorf("%q is no kind of event", x.Event)
	case !IsWriter(x.Writer):
		return fmt.Errorf("%q is no writer", x.Writer)
	case x.Seq < 1 || x.Seq > MaxSeq:
		return fmt.Errorf("%d is no sequence number", x.Seq)
	case !isHash(x.Prev):
		return fmt.Errorf("prev %q is no SHA-256 in lower-case hex", x.Prev)
	case (x.Prev == FirstPrev) != (x.Seq == 1):
		return fmt.Errorf("prev is %s… in record %d", x.Prev[:8], x.Seq)
	}
	return nil
}

// isKind reports whether k is 1 to 64 characters of [a-z0-9_-] that begin with
// a letter.
func isKind(k Kind) bool {
	for i := range len(k) {
		c := k[i]
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || !plain(c) && c != '_' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return len(k) > 0 && len(k) <= 64
}

func isHash(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 2*sha256.Size
}

// Hash is the SHA-256 of a record's bytes in lower-case hex.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
