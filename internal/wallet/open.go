package wallet

import (
	"context"
	"errors"
	"io/fs"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

// Open returns the secret of a grant. The error is of class NoGrant where the
// wallet does not hold it, or holds it and it has expired, purged or not; of
// class Internal where its file was changed since it was written; of class
// Config where the key is gone or cannot be had. It takes no lock.
func (w *Wallet) Open(ctx context.Context, id grant.ID) (credential.Credential, error) {
	if _, err := grant.ParseID(string(id)); err != nil {
		return credential.Credential{}, fault.Wrap(fault.NoGrant, err, "there is no such grant")
	}
	f, err := w.readFile(id)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return credential.Credential{}, fault.New(fault.NoGrant, "the wallet does not hold the grant %s", id).
			WithHint("run jit status for those that it holds, or jit request KEY")
	case err != nil:
		return credential.Credential{}, w.broken(id, err)
	case !f.Grant.ExpiresAt.After(w.now()):
		return credential.Credential{}, fault.New(fault.NoGrant, "the grant for %s on %s has expired", f.Grant.Entitlement, f.Grant.Ticket).
			WithHint("run jit request %s", f.Grant.Ticket)
	}
	k, err := w.keyOf(ctx, f.header)
	if err != nil {
		return credential.Credential{}, err
	}
	cred, err := k.unseal(f)
	if err != nil {
		return credential.Credential{}, w.broken(id, err)
	}
	return cred, nil
}

// keyOf returns the key that sealed a grant. A key in memory may be older than
// the one that another process has made since.
func (w *Wallet) keyOf(ctx context.Context, h header) (*key, error) {
	for range 2 {
		k, err := w.loadKey(ctx)
		switch {
		case errors.Is(err, ErrNoKey):
			return nil, w.lost(h, "the wallet's key is no longer "+w.keys.Where())
		case err != nil:
			return nil, err
		case k.id() == h.Key:
			return k, nil
		}
		w.forgetKey()
	}
	return nil, w.lost(h, "the key "+w.keys.Where()+" is not the one that sealed this grant")
}

// lost tells of a grant that no key opens. It has to go, or commands would go on
// choosing it for as long as it expires last.
func (w *Wallet) lost(h header, what string) error {
	return fault.New(fault.Config, "%s, so the grant for %s on %s cannot be opened", what, h.Grant.Entitlement, h.Grant.Ticket).
		WithHint("remove %s and run jit request %s; if wallet: was changed in config.yaml, change it back instead",
			w.path(h.Grant.ID), h.Grant.Ticket)
}
