package wallet

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

func TestAChangeWaitsForTheLockAndCanBeStopped(t *testing.T) {
	t.Parallel()
	w := fileWallet(t, stateDir(t))
	if err := w.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	held, cred := accesstest.WalletGrant(grant.AWS, 1, epoch.Add(time.Hour))
	done := make(chan error, 1)
	err := w.locked(t.Context(), func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 3*lockPause)
		defer cancel()
		if err := w.Put(ctx, held, cred); fault.ClassOf(err) != fault.Cancelled || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a Put that nobody waits for any more: %v", err)
		}
		go func() { done <- w.Put(t.Context(), held, cred) }()
		select {
		case err := <-done:
			t.Errorf("a Put did not wait for the lock: %v", err)
		default:
		}
		return nil
	})
	if err = errors.Join(err, <-done); err != nil {
		t.Error(err)
	}
	if _, err := w.Open(t.Context(), held.Grant.ID); err != nil {
		t.Errorf("the Put that waited: %v", err)
	}
}

func TestAFailedChangeLetsGoOfTheLock(t *testing.T) {
	t.Parallel()
	w := fileWallet(t, stateDir(t))
	if err := w.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := errors.New("it failed")
	for range 2 {
		if err := w.locked(t.Context(), func() error { return want }); !errors.Is(err, want) {
			t.Errorf("got %v", err)
		}
	}
	var ran bool
	if err := w.tryLocked(func() error { ran = true; return nil }); err != nil || !ran {
		t.Errorf("the lock was not free: %v", err)
	}
	err := w.locked(t.Context(), func() error {
		return w.tryLocked(func() error { return errors.New("two holders") })
	})
	if err != nil {
		t.Error(err)
	}
}
