package keyring

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/keyring/keyringtest"
)

// session is the keyring of the session that the test runs in.
func session() *Keyring {
	return New(Options{SessionBus: os.Getenv("DBUS_SESSION_BUS_ADDRESS"), Fallback: TokenFallback})
}

func TestARealKeyringKeepsValues(t *testing.T) {
	if !keyringtest.Inside(t, keyringtest.Unlocked) {
		return
	}
	k := session()
	account := "https://acme.atlassian.net ada@acme.com"
	if _, err := k.Get(t.Context(), Service, account); !errors.Is(err, ErrNotFound) {
		t.Fatalf("Get before Set: %v", err)
	}
	for _, text := range []string{"first", strings.Repeat("é", MaxValue/2), "back\\slash 'quote' \"double\" $x", "line\nbreak"} {
		value := credential.NewSecret(text)
		if err := k.Set(t.Context(), Service, account, value); err != nil {
			t.Fatalf("Set: %v", err)
		}
		// A second keyring has no memory of the first.
		if got, err := session().Get(t.Context(), Service, account); err != nil || got != value {
			t.Errorf("a value of %d bytes came back otherwise: %v", len(text), err)
		}
	}
	if _, err := k.Get(t.Context(), Service, "somebody else"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get of another name: %v", err)
	}
	for range 2 {
		if err := k.Delete(t.Context(), Service, account); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if _, err := k.Get(t.Context(), Service, account); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get after Delete: %v", err)
	}
}

func TestARealKeyringThatNobodyUnlocksIsToldInTime(t *testing.T) {
	if !keyringtest.Inside(t, keyringtest.Locked) {
		return
	}
	k := session()
	k.wait = 2 * time.Second
	_, get := k.Get(t.Context(), Service, "ada")
	for name, err := range map[string]error{"Get": get, "Set": k.Set(t.Context(), Service, "ada", credential.NewSecret("value"))} {
		if fault.ClassOf(err) != fault.Config || fault.HintOf(err) != TokenFallback {
			t.Errorf("%s: %v (hint: %q)", name, err, fault.HintOf(err))
		}
		t.Logf("%s: %v", name, err)
	}
}

// Where nobody may be asked, a keyring that is locked refuses at once.
func TestARealKeyringAsksNobodyWhereNobodyIsThere(t *testing.T) {
	if !keyringtest.Inside(t, keyringtest.Locked) {
		return
	}
	k := New(Options{SessionBus: os.Getenv("DBUS_SESSION_BUS_ADDRESS"), Fallback: TokenFallback, Unattended: true})
	k.wait = time.Minute
	start := time.Now()
	_, err := k.Get(t.Context(), Service, "ada")
	if fault.ClassOf(err) != fault.Config || fault.HintOf(err) != TokenFallback {
		t.Errorf("Get: %v (hint: %q)", err, fault.HintOf(err))
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	t.Logf("Get: %v", err)
}

func TestARealKeyringIsReadWhereItIsUnlocked(t *testing.T) {
	if !keyringtest.Inside(t, keyringtest.Unlocked) {
		return
	}
	k := New(Options{SessionBus: os.Getenv("DBUS_SESSION_BUS_ADDRESS"), Fallback: TokenFallback, Unattended: true})
	value := credential.NewSecret("value")
	if err := session().Set(t.Context(), Service, "ada", value); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Get(t.Context(), Service, "ada"); err != nil || got != value {
		t.Errorf("Get: %v", err)
	}
	// Locked again, it has a password to ask for.
	out, err := exec.CommandContext(t.Context(), "dbus-send", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
		"org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, err := k.Get(t.Context(), Service, "ada"); !errors.Is(err, errLocked) || !got.Empty() {
		t.Errorf("Get from a locked keyring: %v", err)
	}
}
