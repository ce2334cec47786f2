package keyring

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// The library's provider is one for the whole process, so nothing here runs in
// parallel.

// mocked returns a keyring over the library's provider in memory.
func mocked() *Keyring {
	gokeyring.MockInit()
	return New(Options{SessionBus: "unix:path=/mock", Fallback: WalletFallback})
}

func TestValuesComeBack(t *testing.T) {
	k := mocked()
	value := credential.NewSecret("top secret")
	if _, err := k.Get(t.Context(), Service, "ada"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get before Set: %v", err)
	}
	if err := k.Set(t.Context(), Service, "ada", value); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Get(t.Context(), Service, "ada"); err != nil || got != value {
		t.Errorf("Get: %v, %v", got == value, err)
	}
	if _, err := k.Get(t.Context(), Service, "bob"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get of another name: %v", err)
	}
	for range 2 {
		if err := k.Delete(t.Context(), Service, "ada"); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if _, err := k.Get(t.Context(), Service, "ada"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get after Delete: %v", err)
	}
}

func TestSizes(t *testing.T) {
	k := mocked()
	if err := k.Set(t.Context(), Service, "ada", credential.NewSecret(strings.Repeat("x", MaxValue))); err != nil {
		t.Errorf("the longest value: %v", err)
	}
	err := k.Set(t.Context(), Service, "ada", credential.NewSecret(strings.Repeat("x", MaxValue+1)))
	if fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), "2561 bytes") || fault.HintOf(err) == "" {
		t.Errorf("a longer one: %v (hint: %q)", err, fault.HintOf(err))
	}
	if err := k.Set(t.Context(), Service, "ada", credential.Secret{}); err == nil {
		t.Error("an empty value was kept")
	}
}

func TestNames(t *testing.T) {
	k := mocked()
	for _, name := range []string{"", "a\nb", "a\x00", "\x7f", strings.Repeat("x", 513)} {
		if _, err := k.Get(t.Context(), Service, name); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("Get of %q: %v", name, err)
		}
		if err := k.Set(t.Context(), Service, name, credential.NewSecret("x")); err == nil {
			t.Errorf("Set of %q succeeded", name)
		}
		if err := k.Delete(t.Context(), name, "ada"); err == nil {
			t.Errorf("Delete of %q succeeded", name)
		}
	}
}

func TestABrokenKeyringNamesTheFallback(t *testing.T) {
	for _, test := range []struct {
		cause error
		hint  string
	}{
		{errors.New(`exec: "dbus-launch": executable file not found in $PATH`), WalletFallback},
		{errors.New("The name org.freedesktop.secrets was not provided by any .service files"), TokenFallback},
		{errors.New("failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'"), WalletFallback},
		{gokeyring.ErrSetDataTooBig, TokenFallback},
	} {
		k := mocked()
		k.fallback = test.hint
		gokeyring.MockInitWithError(test.cause)
		_, get := k.Get(t.Context(), Service, "ada")
		set := k.Set(t.Context(), Service, "ada", credential.NewSecret("the secret itself"))
		for name, err := range map[string]error{"Get": get, "Set": set} {
			if name == "Get" && errors.Is(test.cause, gokeyring.ErrSetDataTooBig) {
				continue // Get cannot fail so
			}
			if fault.ClassOf(err) != fault.Config || fault.HintOf(err) != test.hint {
				t.Errorf("%s: class %d, hint %q: %v", name, fault.ClassOf(err), fault.HintOf(err), err)
			}
			for _, unwanted := range []string{"the secret itself", "dbus-launch", ".service", "collection"} {
				if strings.Contains(err.Error(), unwanted) {
					t.Errorf("%s: the error says %q: %v", name, unwanted, err)
				}
			}
		}
	}
}

func TestNoBusIsToldWithoutStartingOne(t *testing.T) {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skip("there is no D-Bus here")
	}
	// A library call would succeed, so a failure shows that none was made.
	for _, bus := range []string{"", "autolaunch:"} {
		k := mocked()
		k.bus = bus
		if k.reachable() == nil {
			t.Skip("a session bus is running for this user")
		}
		_, err := k.Get(t.Context(), Service, "ada")
		if !errors.Is(err, errNoBus) || fault.HintOf(err) != WalletFallback || strings.Contains(err.Error(), "launch") {
			t.Errorf("bus %q: %v", bus, err)
		}
	}
}

func TestTheWaitIsBounded(t *testing.T) {
	k := mocked()
	forever := make(chan struct{})
	defer close(forever)
	hang := func() (string, error) { <-forever; return "late", nil }

	k.wait = time.Millisecond
	_, err := k.bounded(t.Context(), hang)
	if fault.ClassOf(err) != fault.Config || fault.HintOf(err) == "" || !strings.Contains(err.Error(), "locked") {
		t.Errorf("a keyring that hangs: %v", err)
	}
	k.wait = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.bounded(ctx, hang); fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("a cancelled wait: %v", err)
	}
	if short, long := New(Options{}).wait, New(Options{Interactive: true}).wait; short != 5*time.Second || long != 30*time.Second {
		t.Errorf("waits %s and %s", short, long)
	}
}

func TestAPanicOfTheLibraryIsAnError(t *testing.T) {
	k := mocked()
	_, err := k.bounded(t.Context(), func() (string, error) {
		panic("a reply of another type")
	})
	if fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), "went away") {
		t.Errorf("got %v", err)
	}
}

func TestALockedKeyringIsNotAskedUnattended(t *testing.T) {
	k := mocked()
	value := credential.NewSecret("value")
	if err := k.Set(t.Context(), Service, "ada", value); err != nil {
		t.Fatal(err)
	}
	k.locked = func() (bool, error) { return false, nil }
	if got, err := k.Get(t.Context(), Service, "ada"); err != nil || got != value {
		t.Errorf("unlocked: %v", err)
	}
	for name, answer := range map[string]func() (bool, error){
		"locked": func() (bool, error) { return true, nil },
		"broken": func() (bool, error) { return false, errors.New("no such property") },
	} {
		k.locked = answer
		if got, err := k.Get(t.Context(), Service, "ada"); fault.ClassOf(err) != fault.Config || !got.Empty() {
			t.Errorf("%s: %v", name, err)
		}
	}
}
