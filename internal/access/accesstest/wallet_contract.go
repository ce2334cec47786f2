package accesstest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

// WalletContract holds an implementation of access.Wallet to the port's words.
func WalletContract(t *testing.T, h WalletHarness) {
	checks := []struct {
		name string
		run  func(*testing.T, WalletHarness)
	}{
		{"an empty wallet has nothing and forgets nothing", checkEmptyWallet},
		{"what was put comes back", checkPutOpen},
		{"a grant of a wrong kind or id is refused", checkPutRefuses},
		{"a second put replaces the first", checkPutTwice},
		{"the list is in order of expiry", checkOrder},
		{"a grant ends at its expiry and not before", checkExpiry},
		{"a removed grant is gone and the others stay", checkRemove},
		{"a secret of a mebibyte is kept", checkBig},
		{"a cancelled put keeps nothing", checkCancelledPut},
		{"many at once", checkWalletConcurrent},
		{"no secret is on disk in the clear", checkNothingInTheClear},
		{"listing needs no key and opening does", checkKeyless},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, h) })
	}
}

func checkEmptyWallet(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	list, err := rig.Wallet.List(t.Context(), walletEpoch)
	if err != nil || len(list) != 0 {
		t.Errorf("List: %v, %v", list, err)
	}
	held, _ := WalletGrant(grant.AWS, 1, walletEpoch.Add(time.Hour))
	wantNoGrant(t, rig.Wallet, held.Grant.ID)
	wantNoGrant(t, rig.Wallet, "../../etc/passwd")
	wantNoGrant(t, rig.Wallet, "")
	for _, id := range []grant.ID{held.Grant.ID, "", "../x"} {
		if err := rig.Wallet.Remove(t.Context(), id); err != nil {
			t.Errorf("Remove of %q, which is not there: %v", id, err)
		}
	}
}

func checkPutOpen(t *testing.T, h WalletHarness) {
	for n, kind := range []grant.Kind{grant.AWS, grant.SSH} {
		rig := newWalletRig(t, h)
		held, cred := rig.put(t, kind, n, walletEpoch.Add(time.Hour))
		for name, w := range rig.views() {
			list, err := w.List(t.Context(), walletEpoch)
			if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], held) {
				t.Errorf("%s, %s: List: %+v, %v; want %+v", kind, name, list, err, held)
			}
			got, err := w.Open(t.Context(), held.Grant.ID)
			if err != nil || !reflect.DeepEqual(got, cred) {
				t.Errorf("%s, %s: Open: %+v, %v; want %+v", kind, name, got, err, cred)
			}
			checkRedacted(t, got, w, list)
		}
	}
}

func checkPutRefuses(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	_, both := WalletGrant(grant.AWS, 1, walletEpoch.Add(time.Hour))
	_, ssh := WalletGrant(grant.SSH, 1, walletEpoch.Add(time.Hour))
	held, _ := WalletGrant(grant.AWS, 1, walletEpoch.Add(time.Hour))
	both.SSH = ssh.SSH
	for name, cred := range map[string]credential.Credential{"other kind": ssh, "both kinds": both, "neither kind": {}} {
		err := rig.Wallet.Put(t.Context(), held, cred)
		if err == nil {
			t.Errorf("%s: Put succeeded", name)
			continue
		}
		checkFault(t, err)
	}
	_, cred := WalletGrant(grant.AWS, 1, walletEpoch.Add(time.Hour))
	for _, id := range []grant.ID{"", "x", "../../../../../../tmp/aaaaa", grant.ID(strings.Repeat("A", grant.IDLength))} {
		held.Grant.ID = id
		if err := rig.Wallet.Put(t.Context(), held, cred); err == nil {
			t.Errorf("Put took the id %q", id)
		} else {
			checkFault(t, err)
		}
	}
	if list, err := rig.Wallet.List(t.Context(), walletEpoch); err != nil || len(list) != 0 {
		t.Errorf("refused grants are listed: %v, %v", list, err)
	}
}

func checkPutTwice(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	rig.put(t, grant.AWS, 1, walletEpoch.Add(time.Hour))
	held, cred := WalletGrant(grant.AWS, 1, walletEpoch.Add(2*time.Hour))
	cred.AWS.SessionToken = credential.NewSecret("another token")
	if err := rig.Wallet.Put(t.Context(), held, cred); err != nil {
		t.Fatal(err)
	}
	list, err := rig.Wallet.List(t.Context(), walletEpoch)
	if err != nil || len(list) != 1 || !list[0].Grant.ExpiresAt.Equal(held.Grant.ExpiresAt) {
		t.Errorf("List: %+v, %v", list, err)
	}
	if got, err := rig.Wallet.Open(t.Context(), held.Grant.ID); err != nil || got.AWS.SessionToken != cred.AWS.SessionToken {
		t.Errorf("Open gives the first credential, or fails: %v", err)
	}
}

func checkOrder(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	for n, minutes := range []int{40, 10, 30, 20, 20} {
		rig.put(t, grant.AWS, n, walletEpoch.Add(time.Duration(minutes)*time.Minute))
	}
	list, err := rig.Wallet.List(t.Context(), walletEpoch)
	if err != nil || len(list) != 5 {
		t.Fatalf("List: %+v, %v", list, err)
	}
	if !slices.IsSortedFunc(list, func(a, b credential.Held) int { return a.Grant.ExpiresAt.Compare(b.Grant.ExpiresAt) }) {
		t.Errorf("not soonest first: %+v", list)
	}
	again, err := rig.Wallet.List(t.Context(), walletEpoch)
	if err != nil || !reflect.DeepEqual(list, again) {
		t.Error("two grants that expire together change places")
	}
}

func checkExpiry(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	end := walletEpoch.Add(time.Hour)
	held, _ := rig.put(t, grant.AWS, 1, end)
	rig.put(t, grant.AWS, 2, end.Add(time.Hour))
	listed := func(now time.Time) int {
		list, err := rig.Wallet.List(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	// A question about a later moment must not change what is there now.
	if n := listed(end.Add(time.Hour)); n != 0 {
		t.Errorf("%d listed after all have expired", n)
	}
	if n := listed(end); n != 1 {
		t.Errorf("%d listed at the very expiry of the first, want 1", n)
	}
	last := end.Add(-time.Nanosecond)
	rig.at(last)
	if n := listed(last); n != 2 {
		t.Errorf("%d listed a nanosecond before the expiry, want 2", n)
	}
	if _, err := rig.Wallet.Open(t.Context(), held.Grant.ID); err != nil {
		t.Errorf("Open a nanosecond before the expiry: %v", err)
	}
	rig.at(end)
	wantNoGrant(t, rig.Wallet, held.Grant.ID)
	if n := listed(end); n != 1 {
		t.Errorf("%d listed at the expiry, want 1", n)
	}
	wantNoGrant(t, rig.Wallet, held.Grant.ID)
}

func checkRemove(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	gone, _ := rig.put(t, grant.AWS, 1, walletEpoch.Add(time.Hour))
	stays, cred := rig.put(t, grant.SSH, 2, walletEpoch.Add(time.Hour))
	for range 2 {
		if err := rig.Wallet.Remove(t.Context(), gone.Grant.ID); err != nil {
			t.Fatalf("Remove: %v", err)
		}
	}
	for name, w := range rig.views() {
		wantNoGrant(t, w, gone.Grant.ID)
		list, err := w.List(t.Context(), walletEpoch)
		if err != nil || len(list) != 1 || list[0].Grant.ID != stays.Grant.ID {
			t.Errorf("%s: List: %+v, %v", name, list, err)
		}
		if got, err := w.Open(t.Context(), stays.Grant.ID); err != nil || !reflect.DeepEqual(got, cred) {
			t.Errorf("%s: Open of the other: %v", name, err)
		}
	}
}

func checkBig(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	held, cred := WalletGrant(grant.AWS, 1, walletEpoch.Add(time.Hour))
	cred.AWS.SessionToken = credential.NewSecret(strings.Repeat("\x00\xff\"<é", 1<<20/6) + "!")
	if err := rig.Wallet.Put(t.Context(), held, cred); err != nil {
		t.Fatalf("Put: %v", err)
	}
	for name, w := range rig.views() {
		if got, err := w.Open(t.Context(), held.Grant.ID); err != nil || !reflect.DeepEqual(got, cred) {
			t.Errorf("%s: the big secret came back otherwise (error: %v)", name, err)
		}
	}
}

func checkCancelledPut(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	rig.put(t, grant.AWS, 1, walletEpoch.Add(time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	held, cred := WalletGrant(grant.AWS, 2, walletEpoch.Add(time.Hour))
	err := rig.Wallet.Put(ctx, held, cred)
	if fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("Put under a cancelled context: %v", err)
	} else {
		checkFault(t, err)
	}
	wantNoGrant(t, rig.Wallet, held.Grant.ID)
}

func checkWalletConcurrent(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	const grants = 16
	var wg sync.WaitGroup
	for n := range grants {
		wg.Go(func() {
			held, cred := WalletGrant(grant.AWS, n, walletEpoch.Add(time.Hour+time.Duration(n)*time.Second))
			if err := rig.Wallet.Put(t.Context(), held, cred); err != nil {
				t.Errorf("Put: %v", err)
				return
			}
			got, err := rig.Wallet.Open(t.Context(), held.Grant.ID)
			if err != nil || !reflect.DeepEqual(got, cred) {
				t.Errorf("Open after Put: %+v, %v", got, err)
			}
			if _, err := rig.Wallet.List(t.Context(), walletEpoch); err != nil {
				t.Errorf("List: %v", err)
			}
			if n%2 == 1 {
				if err := rig.Wallet.Remove(t.Context(), held.Grant.ID); err != nil {
					t.Errorf("Remove: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if list, err := rig.Wallet.List(t.Context(), walletEpoch); err != nil || len(list) != grants/2 {
		t.Errorf("%d grants are left, want %d (error: %v)", len(list), grants/2, err)
	}
}

func checkNothingInTheClear(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	if rig.Dir == "" {
		t.Skip("the wallet writes nothing")
	}
	rig.put(t, grant.AWS, 1, walletEpoch.Add(time.Hour))
	rig.put(t, grant.SSH, 2, walletEpoch.Add(time.Hour))
	var files int
	err := filepath.WalkDir(rig.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		// Base 64 shifts a text in one of three ways; each has one of these.
		for _, clear := range []string{FakeSecretPrefix, "ZmFrZXNlY3JldC", "Zha2VzZWNyZXQt", "mYWtlc2VjcmV0L"} {
			if strings.Contains(string(b), clear) {
				t.Errorf("%s has a secret in the clear (%s)", path, clear)
			}
		}
		return err
	})
	if err != nil || files < 2 {
		t.Errorf("%d files were looked at: %v", files, err)
	}
}

func checkKeyless(t *testing.T, h WalletHarness) {
	rig := newWalletRig(t, h)
	if rig.Keyless == nil {
		t.Skip("the wallet needs no key")
	}
	held, _ := rig.put(t, grant.AWS, 1, walletEpoch.Add(time.Hour))
	w := rig.Keyless()
	list, err := w.List(t.Context(), walletEpoch)
	if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], held) {
		t.Errorf("List without the key: %+v, %v", list, err)
	}
	cred, err := w.Open(t.Context(), held.Grant.ID)
	if class := fault.ClassOf(err); err == nil || class != fault.Config || fault.HintOf(err) == "" {
		t.Errorf("Open without the key: class %d, %v (hint: %q)", class, err, fault.HintOf(err))
	}
	if cred.AWS != nil || cred.SSH != nil {
		t.Error("an error came with a credential")
	}
}

func wantNoGrant(t *testing.T, w access.Wallet, id grant.ID) {
	t.Helper()
	cred, err := w.Open(t.Context(), id)
	if _, ok := errors.AsType[*fault.Error](err); !ok || fault.ClassOf(err) != fault.NoGrant {
		t.Errorf("Open of %q: %v, want class NoGrant", id, err)
	}
	if cred.AWS != nil || cred.SSH != nil {
		t.Error("an error came with a credential")
	}
}
