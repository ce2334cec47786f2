package wallet

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// keySize is the size of an AES-256 key in bytes.
const keySize = 32

// keyPrefix begins the text form of a key and says which form it is.
const keyPrefix = "jit-wallet-1:"

// key seals the credentials.
type key struct{ bytes [keySize]byte }

func newKey() *key {
	k := new(key)
	_, _ = rand.Read(k.bytes[:]) // it never fails: the process would end instead
	return k
}

// id names the key without giving it away, so that a wallet whose key was
// replaced is not taken for one that was tampered with.
func (k *key) id() string {
	sum := sha256.Sum256(append([]byte("jit wallet key id\x00"), k.bytes[:]...))
	return hex.EncodeToString(sum[:8])
}

// text is the key as it is kept.
func (k *key) text() credential.Secret {
	return credential.NewSecret(keyPrefix + base64.StdEncoding.EncodeToString(k.bytes[:]))
}

func parseKey(s credential.Secret) (*key, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(s.Reveal()), keyPrefix)
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(raw) != keySize {
		return nil, errors.New("not a key of jit's wallet")
	}
	k := new(key)
	copy(k.bytes[:], raw)
	return k, nil
}

// Ready makes sure that the wallet can keep a credential: its directories
// exist and its key can be had. It creates both where they are missing. A
// request calls it before anything is minted, since a credential that cannot
// be kept is lost.
func (w *Wallet) Ready(ctx context.Context) error {
	_, err := w.ensureKey(ctx)
	return err
}

// ensureKey returns the key, and makes it on first use. However many processes
// come first, the lock makes them agree on one.
func (w *Wallet) ensureKey(ctx context.Context) (*key, error) {
	if err := w.createDirs(); err != nil {
		return nil, err
	}
	k, err := w.loadKey(ctx)
	if !errors.Is(err, ErrNoKey) {
		return k, err
	}
	err = w.locked(ctx, func() error {
		if k, err = w.loadKey(ctx); !errors.Is(err, ErrNoKey) {
			return err
		}
		k, err = w.makeKey(ctx)
		return err
	})
	return k, err
}

// makeKey makes and keeps the key; the caller holds the lock. It is read back,
// because a keyring whose prompt was dismissed says that all went well.
func (w *Wallet) makeKey(ctx context.Context) (*key, error) {
	made := newKey()
	if err := w.storeKey(ctx, made); err != nil {
		return nil, err
	}
	kept, err := w.loadKey(ctx)
	if err == nil && *kept != *made || errors.Is(err, ErrNoKey) {
		return nil, fault.New(fault.Config, "the wallet's key was not kept %s", w.keys.Where()).
			WithHint("unlock the keyring when it asks, or set wallet: file in config.yaml")
	}
	return kept, err
}

// loadKey returns the key, from memory where this process has had it before.
func (w *Wallet) loadKey(ctx context.Context) (*key, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cached != nil {
		return w.cached, nil
	}
	text, err := w.keys.Load(ctx)
	if err != nil {
		return nil, err
	}
	k, err := parseKey(text)
	if err != nil {
		return nil, fault.Wrap(fault.Config, err, "what is kept %s cannot be used", w.keys.Where()).
			WithHint("delete it there; the next request makes a new key")
	}
	w.cached = k
	return k, nil
}

// storeKey keeps a key. Like loadKey it holds the mutex, so that one process
// asks the keyring, and makes it prompt, once at a time.
func (w *Wallet) storeKey(ctx context.Context, k *key) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keys.Store(ctx, k.text())
}

func (w *Wallet) forgetKey() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cached = nil
}
