package wallet

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/keyring"
	"github.com/jitaccess/jit/internal/keyring/keyringtest"
)

// realKeys keeps the key in the keyring of the session that the test runs in.
func realKeys(dir string) KeySource {
	return KeyInKeyring(keyring.New(keyring.Options{
		SessionBus: os.Getenv("DBUS_SESSION_BUS_ADDRESS"), Fallback: keyring.WalletFallback,
	}), dir)
}

func TestContractWithARealKeyring(t *testing.T) {
	if !keyringtest.Inside(t, keyringtest.Unlocked) {
		return
	}
	accesstest.WalletContract(t, accesstest.WalletHarness{New: func(t *testing.T, now func() time.Time) accesstest.WalletRig {
		dir := stateDir(t)
		w := mustOpen(t, Options{Dir: dir, Keys: realKeys(dir), Now: now})
		return accesstest.WalletRig{Wallet: w, Dir: dir, Reopen: func() access.Wallet {
			return mustOpen(t, Options{Dir: dir, Keys: realKeys(dir), Now: now})
		}}
	}})
}

func TestProcessesAgreeOnOneKeyInARealKeyring(t *testing.T) {
	if !keyringtest.Inside(t, keyringtest.Unlocked) {
		return
	}
	dir := filepath.Join(t.TempDir(), "state")
	storm(t, mustOpen(t, Options{Dir: dir, Keys: realKeys(dir), Now: fixedNow}), "visit-keyring", 24)
}

func TestALockedKeyringIsToldBeforeAnythingIsKept(t *testing.T) {
	if !keyringtest.Inside(t, keyringtest.Locked) {
		return
	}
	dir := filepath.Join(t.TempDir(), "state")
	w := mustOpen(t, Options{Dir: dir, Keys: realKeys(dir), Now: fixedNow})
	held, cred := accesstest.WalletGrant(grant.AWS, 1, epoch.Add(time.Hour))
	for name, err := range map[string]error{"Ready": w.Ready(t.Context()), "Put": w.Put(t.Context(), held, cred)} {
		if fault.ClassOf(err) != fault.Config || fault.HintOf(err) != keyring.WalletFallback {
			t.Errorf("%s: %v (hint: %q)", name, err, fault.HintOf(err))
		}
	}
	if list, err := w.List(t.Context(), epoch); err != nil || len(list) != 0 {
		t.Errorf("List: %v, %v", list, err)
	}
}
