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
	return w.change(ctx, "the grant is kept", func() error {
		if err := replaceFile(w.path(held.Grant.ID), line, []byte{'\n'}, sealed); err != nil {
			return writeFailed(err)
		}
		return nil
	})
}

// keepable reports whether Put may have taken a grant of this id.
func keepable(id grant.ID) bool {
	_, err := grant.ParseID(string(id))
	return err == nil
}

// Remove forgets a grant; it is no error if it is not there.
func (w *Wallet) Remove(ctx context.Context, id grant.ID) error {
	if !keepable(id) {
		return nil // so it is not there
	}
	if _, err := os.Lstat(w.path(id)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return w.change(ctx, "the grant is forgotten", func() error {
		if err := remove(w.path(id)); err != nil {
			return writeFailed(err)
		}
		return nil
	})
}

// marker is there while the wallet is being changed. One that is there while
// nobody holds the lock tells that a process was killed between its change and
// the prompt file. (Times of files cannot tell it: two changes may fall into one
// tick of the file system's clock.)
const marker = ".changing"

// change makes one change, makes it durable and tidies up, under the lock.
// Where only the tidying fails, the error says what was done.
func (w *Wallet) change(ctx context.Context, done string, do func() error) error {
	return w.locked(ctx, func() error {
		if err := touch(filepath.Join(w.dir, marker)); err != nil {
			return writeFailed(err)
		}
		if err := do(); err != nil {
			return err
		}
		if err := syncDir(w.dir); err != nil {
			return writeFailed(err)
		}
		if err := w.tidy(); err != nil {
			return fault.Wrap(fault.Internal, err, "%s, but the wallet is not tidy", done).
				WithHint("look whether the disk is full or read-only, then run jit status")
		}
		return nil
	})
}

func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// tidy removes what has expired, writes the prompt file, and then removes what
// killed processes left, the marker included. The caller holds the lock, without
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
	errs = append(errs, w.writePrompt(found.inForce(w.now())))
	if err := errors.Join(errs...); err != nil {
		return err // the marker stays, so that the next List tries again
	}
	for _, name := range found.leftover {
		errs = append(errs, remove(filepath.Join(w.dir, name)))
	}
	return errors.Join(errs...)
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
