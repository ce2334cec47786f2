package wallet

import (
	"context"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/jitaccess/jit/internal/fault"
)

// lockWait bounds the wait for the lock. Its holder writes a few small files;
// on the very first use it may also wait for the keyring's prompt, twice.
const lockWait = 90 * time.Second

// lockPause is how long a process waits before it tries the lock again: about
// as long as one change takes.
const lockPause = 4 * time.Millisecond

// locked runs change while no other process changes the wallet.
func (w *Wallet) locked(ctx context.Context, change func() error) (err error) {
	limited, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock := w.lock()
	ok, err := lock.TryLockContext(limited, lockPause)
	switch {
	case ok:
		defer unlock(lock, &err)
		return change()
	case ctx.Err() != nil:
		return fault.Wrap(fault.Cancelled, ctx.Err(), "the wallet was not changed")
	case limited.Err() != nil:
		return fault.New(fault.Internal, "another jit has held the wallet for more than %s", lockWait).
			WithHint("look for a jit that waits for something, and end it")
	}
	return writeFailed(err)
}

// tryLocked runs change if no other process is changing the wallet.
func (w *Wallet) tryLocked(change func() error) (err error) {
	lock := w.lock()
	if ok, err := lock.TryLock(); !ok || err != nil {
		return err
	}
	defer unlock(lock, &err)
	return change()
}

func (w *Wallet) lock() *flock.Flock { return flock.New(filepath.Join(w.dir, "lock")) }

func unlock(lock *flock.Flock, err *error) {
	if e := lock.Close(); *err == nil && e != nil {
		*err = writeFailed(e)
	}
}
