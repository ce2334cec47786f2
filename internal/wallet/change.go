package wallet

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

// Put seals and keeps a credential, in place of an earlier one of that grant;
// it is durable when Put returns. The grant's lease, not the credential's own
// expiry, says until when it is held.
func (w *Wallet) Put(ctx context.Context, held credential.Held, cred credential.Credential) error {
	kind, err := kindOf(cred)
	if err == nil && kind != held.Grant.Kind {
		err = errKind
	}
	if err = errors.Join(err, check(held.Grant)); err != nil {
		return fault.Wrap(fault.Internal, err, "the wallet does not take this grant")
	}
	k, err := w.ensureKey(ctx)
	if err != nil {
		return err
	}
	line, err := header{Format: format, Key: k.id(), Held: held}.encode()
	if err != nil {
		return fault.Wrap(fault.Internal, err, "the wallet does not take this grant")
	}
	sealed, err := k.seal(line, cred)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "the credential cannot be sealed")
	}
	if size := len(line) + 1 + len(sealed); size > maxFile {
		return fault.New(fault.Internal, "the wallet takes %d bytes, and this credential needs %d", maxFile, size)
	}
	return w.locked(ctx, func() error {
		if err := replaceFile(w.path(held.Grant.ID), line, []byte{'\n'}, sealed); err != nil {
			return writeFailed(err)
		}
		return w.settle("the grant is kept")
	})
}

// Remove forgets a grant; it is no error if it is not there.
func (w *Wallet) Remove(ctx context.Context, id grant.ID) error {
	if _, err := grant.ParseID(string(id)); err != nil {
		return nil // Put takes no such id, so it is not there
	}
	if _, err := os.Lstat(w.path(id)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return w.locked(ctx, func() error {
		if err := remove(w.path(id)); err != nil {
			return writeFailed(err)
		}
		return w.settle("the grant is forgotten")
	})
}

// settle ends a change: it makes it durable and tidies up. The caller holds the
// lock. Where the rest fails, the error says what was done.
func (w *Wallet) settle(done string) error {
	if err := syncDir(w.dir); err != nil {
		return writeFailed(err)
	}
	if err := w.tidy(); err != nil {
		return fault.Wrap(fault.Internal, err, "%s, but the wallet is not tidy", done).
			WithHint("look whether the disk is full or read-only, then run jit status")
	}
	return nil
}

// tidy removes what has expired or was left behind by a process that was
// killed, and then writes the prompt file. The caller holds the lock, without
// which a temporary file could be somebody's.
func (w *Wallet) tidy() error {
	found, err := w.scan()
	if err != nil {
		return err
	}
	var errs []error
	for _, h := range found.expired(w.now()) {
		errs = append(errs, remove(w.path(h.Grant.ID)))
	}
	for _, name := range found.leftover {
		errs = append(errs, remove(filepath.Join(w.dir, name)))
	}
	return errors.Join(append(errs, w.writePrompt(found.inForce(w.now())))...)
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
