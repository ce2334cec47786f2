// Package sigv4 checks AWS Signature Version 4 on the server's side, and keeps
// the keys that the sandbox's services accept. It exists for the sandbox and
// for tests: it recomputes each signature with the SDK's own signer.
package sigv4

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"sync"
	"time"
)

// Identity is who a key belongs to, as GetCallerIdentity tells it.
type Identity struct {
	ARN     string
	UserID  string
	Account string
	// Assumed is true for the session of a role, to which role chaining's
	// limits apply.
	Assumed bool
	// SourceIdentity is what the session was given; it cannot be changed by
	// assuming another role.
	SourceIdentity string
}

// Key is an access key. Token and Expires are empty for a long-lived one.
type Key struct {
	ID      string
	Secret  string
	Token   string
	Expires time.Time
	Identity
}

// Keyring is a set of keys, safe for concurrent use. The services of one world
// share it, so that a session that STS issues is good at S3 and KMS too.
type Keyring struct {
	mu   sync.RWMutex
	keys map[string]Key
}

// NewKeyring returns an empty keyring.
func NewKeyring() *Keyring { return &Keyring{keys: map[string]Key{}} }

// Add keeps a key, replacing one of the same id.
func (k *Keyring) Add(key Key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[key.ID] = key
}

// Remove forgets a key.
func (k *Keyring) Remove(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, id)
}

// Get returns the key of this id.
func (k *Keyring) Get(id string) (Key, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, ok := k.keys[id]
	return key, ok
}

// NewUserKey draws a long-lived key for an IAM user of an account and keeps it.
func (k *Keyring) NewUserKey(account, user string) Key {
	key := Key{
		ID:     UniqueID("AKIA"),
		Secret: random64(30),
		Identity: Identity{
			ARN:     "arn:aws:iam::" + account + ":user/" + user,
			UserID:  UniqueID("AIDA"),
			Account: account,
		},
	}
	k.Add(key)
	return key
}

// NewSessionKey draws a session's key that is good until expires, and keeps it.
func (k *Keyring) NewSessionKey(who Identity, expires time.Time) Key {
	key := Key{
		ID:       UniqueID("ASIA"),
		Secret:   random64(30),
		Token:    random64(240), // 320 characters, near the length of a real one without tags
		Expires:  expires,
		Identity: who,
	}
	k.Add(key)
	return key
}

// UniqueID returns prefix and 16 random characters of the base-32 alphabet, the
// shape of IAM's unique ids
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
func UniqueID(prefix string) string {
	var b [10]byte
	fill(b[:])
	return prefix + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
}

func random64(n int) string {
	b := make([]byte, n)
	fill(b)
	return base64.StdEncoding.EncodeToString(b)
}

// fill cannot fail: crypto/rand ends the program where the system has no
// randomness.
func fill(b []byte) { _, _ = rand.Read(b) }
