// Package recent remembers the engineer's own tickets between runs, so that a
// shell can complete their keys without waiting for Jira. What it holds is for
// showing only: nothing is decided by it.
package recent

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2/maybe"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// name is the file in the state directory.
const name = "tickets.json"

// Bounds of the file: how many tickets it holds, the bytes of a summary, and
// the bytes that are read of a file that somebody else may have written.
const (
	MaxTickets = 500
	maxSummary = 120
	maxFile    = 1 << 20
)

// List is what was found at one moment.
type List struct {
	// Account is whose tickets they are, in whatever words the caller uses; a
	// list of another account is not shown. It may hold a token: what is kept of
	// it is a hash, with a key of the file's own.
	Account credential.Secret
	At      time.Time
	Tickets []Ticket // most recently updated first
}

// file is a list as it is kept.
type file struct {
	Salt    string    `json:"salt"`
	Account string    `json:"account"`
	At      time.Time `json:"at"`
	Tickets []Ticket  `json:"tickets"`
}

// fingerprint tells whether two accounts are the same, and neither which.
func fingerprint(salt string, account credential.Secret) string {
	mac := hmac.New(sha256.New, []byte(salt))
	_, _ = mac.Write([]byte(account.Reveal())) // a hash takes whatever it is given
	return hex.EncodeToString(mac.Sum(nil))
}

// Ticket is one of them.
type Ticket struct {
	Key      ticket.Key `json:"key"`
	Summary  string     `json:"summary"`
	Unlocked bool       `json:"unlocked"` // by the policy, when it was found
}

// Load reads the list of an account. A list that is missing, damaged or of
// somebody else is empty: it costs a question to Jira and no more.
func Load(dir string, account credential.Secret) List {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return List{}
	}
	defer func() { _ = f.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return List{}
	}
	var kept file
	if json.Unmarshal(data, &kept) != nil || kept.Account != fingerprint(kept.Salt, account) {
		return List{}
	}
	l := List{Account: account, At: kept.At}
	for _, t := range kept.Tickets[:min(len(kept.Tickets), MaxTickets)] {
		key, err := ticket.ParseKey(string(t.Key))
		if err != nil {
			continue
		}
		l.Tickets = append(l.Tickets, Ticket{Key: key, Summary: short(t.Summary), Unlocked: t.Unlocked})
	}
	return l
}

// Harmless is the list as it may be shown and kept: no more than MaxTickets,
// each summary without what a terminal obeys.
func (l List) Harmless() List {
	kept := make([]Ticket, 0, min(len(l.Tickets), MaxTickets))
	for _, t := range l.Tickets[:min(len(l.Tickets), MaxTickets)] {
		t.Summary = short(t.Summary)
		kept = append(kept, t)
	}
	l.Tickets = kept
	return l
}

// Save keeps a list, made harmless, in place of the one before, where only the
// user can read it. The error is of class Internal.
func Save(dir string, l List) error {
	l = l.Harmless()
	salt := rand.Text()
	data, err := json.Marshal(file{salt, fingerprint(salt, l.Account), l.At, l.Tickets})
	if err == nil {
		err = errors.Join(os.MkdirAll(dir, 0o700), maybe.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	if err != nil {
		return fault.Wrap(fault.Internal, err, "the list of your tickets cannot be kept").
			WithHint("look whether the disk is full or read-only")
	}
	return nil
}

// Forget takes the list away, where there is one. The error is of class Internal.
func Forget(dir string) error {
	if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.Internal, err, "the list of your tickets cannot be taken away").
			WithHint("delete %s", filepath.Join(dir, name))
	}
	return nil
}

// short is a summary made harmless and cut at a character.
func short(s string) string {
	s = ticket.Clean(s)
	if len(s) <= maxSummary {
		return s
	}
	cut := 0
	for i := range s {
		if i > maxSummary {
			break
		}
		cut = i
	}
	return s[:cut] + "…"
}
