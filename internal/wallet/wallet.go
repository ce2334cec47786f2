// Package wallet keeps the grants in force on this machine and their sealed
// credentials.
//
// In the state directory, which only its owner may enter:
//
//	prompt              a line a grant, for the shell's prompt; no secrets
//	wallet.key          the key, only where the config says wallet: file
//	wallet/lock         held by whoever changes anything
//	wallet/ID.grant     one grant: a line of JSON in the clear, then the
//	                    credential sealed with AES-256-GCM
//
// The line in the clear has the grant and its record, so that listing needs no
// key; it is the associated data of the seal, which so binds grant, kind and
// expiry. Secrets of any size are in these files on every system, and only the
// key of 32 bytes is in the keyring, because Windows' store takes 2,560 bytes
// and a session token can be longer.
//
// Sealing stops the theft of disks and backups. It does not stop another
// process of the same user.
//
// Files are replaced whole and under a lock that the kernel drops when its
// holder dies; readers take no lock.
package wallet

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/fault"
)

const (
	grantSuffix = ".grant"
	promptName  = "prompt"
	keyName     = "wallet.key"
)

// Options are what a wallet is made of; all are required.
type Options struct {
	// Dir is the state directory, absolute. It is created by the first change.
	Dir string
	// Keys is where the key is: KeyInKeyring or KeyInFile.
	Keys KeySource
	// Now is the clock by which expired grants are purged and not opened.
	Now func() time.Time
}

// Wallet is the wallet of one state directory. It is safe for concurrent use,
// by many processes too.
type Wallet struct {
	state string
	dir   string // of the grants
	keys  KeySource
	now   func() time.Time

	mu     sync.Mutex
	cached *key // as last loaded, or nil
}

// Open returns the wallet of a state directory, and refuses one that others
// could read or write with an error of class Config. It creates nothing.
func Open(o Options) (*Wallet, error) {
	if !filepath.IsAbs(o.Dir) || o.Keys == nil || o.Now == nil {
		return nil, fault.New(fault.Internal, "the wallet needs an absolute directory, a key and a clock")
	}
	w := &Wallet{state: filepath.Clean(o.Dir), keys: o.Keys, now: o.Now}
	w.dir = filepath.Join(w.state, "wallet")
	for _, dir := range []string{w.state, w.dir} {
		if err := checkDir(dir); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// PromptPath is the file that the shell's prompt reads.
func (w *Wallet) PromptPath() string { return filepath.Join(w.state, promptName) }
