package accesstest

import (
	"errors"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

func TestFakeWalletKeepsTheContract(t *testing.T) {
	WalletContract(t, WalletHarness{New: func(_ *testing.T, now func() time.Time) WalletRig {
		return WalletRig{Wallet: NewWallet(now)}
	}})
}

func TestFakeWalletFailsToPut(t *testing.T) {
	w := NewWallet(fixedNow)
	want := fault.New(fault.Config, "there is no keyring")
	w.FailPut(want)
	held, cred := WalletGrant(grant.AWS, 1, epoch.Add(time.Hour))
	if err := w.Put(t.Context(), held, cred); !errors.Is(err, want) {
		t.Errorf("Put: %v, want %v", err, want)
	}
	wantNoGrant(t, w, held.Grant.ID)
	w.FailPut(nil)
	if err := w.Put(t.Context(), held, cred); err != nil {
		t.Errorf("Put after the mend: %v", err)
	}
	if w.Puts() != 2 {
		t.Errorf("%d calls counted, want 2", w.Puts())
	}
}

func TestFakeWalletKeepsItsOwnCopy(t *testing.T) {
	w := NewWallet(fixedNow)
	held, cred := WalletGrant(grant.SSH, 1, epoch.Add(time.Hour))
	if err := w.Put(t.Context(), held, cred); err != nil {
		t.Fatal(err)
	}
	cred.SSH.Logins[0] = "root"
	first, err := w.Open(t.Context(), held.Grant.ID)
	if err != nil || first.SSH.Logins[0] != "ops" {
		t.Fatalf("a change by the caller reached the wallet: %+v, %v", first, err)
	}
	first.SSH.Logins[0] = "root"
	if second, err := w.Open(t.Context(), held.Grant.ID); err != nil || second.SSH.Logins[0] != "ops" {
		t.Errorf("a change by a reader reached the wallet: %+v, %v", second, err)
	}
}
