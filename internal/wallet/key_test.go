package wallet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

// memoryKeys is a KeySource whose every failing can be set.
type memoryKeys struct {
	mu     sync.Mutex
	text   credential.Secret
	loads  int
	stores int
	forget bool // Store reports success and keeps nothing
	fail   error
}

func (m *memoryKeys) Load(context.Context) (credential.Secret, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loads++
	switch {
	case m.fail != nil:
		return credential.Secret{}, m.fail
	case m.text.Empty():
		return credential.Secret{}, ErrNoKey
	}
	return m.text, nil
}

func (m *memoryKeys) Store(_ context.Context, text credential.Secret) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stores++
	if !m.forget {
		m.text = text
	}
	return m.fail
}

func (m *memoryKeys) Where() string { return "in memory" }

func memoryWallet(t *testing.T) (*Wallet, *memoryKeys) {
	keys := &memoryKeys{}
	return mustOpen(t, Options{Dir: stateDir(t), Keys: keys, Now: fixedNow}), keys
}

func TestReadyMakesOneKeyAndKeepsIt(t *testing.T) {
	t.Parallel()
	w, keys := memoryWallet(t)
	for range 3 {
		if err := w.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	held, _ := mustPut(t, w, grant.AWS, 1, epoch.Add(time.Hour))
	loads := keys.loads
	if _, err := w.Open(t.Context(), held.Grant.ID); err != nil {
		t.Fatal(err)
	}
	if keys.stores != 1 || keys.loads != loads {
		t.Errorf("%d keys were made, and %d loads where the key was known", keys.stores, keys.loads-loads)
	}
}

func TestListingAsksForNoKey(t *testing.T) {
	t.Parallel()
	w, keys := memoryWallet(t)
	mustPut(t, w, grant.AWS, 1, epoch.Add(time.Hour))
	keys.fail = errors.New("locked")
	again := mustOpen(t, Options{Dir: w.state, Keys: keys, Now: fixedNow})
	loads := keys.loads
	if list, err := again.List(t.Context(), epoch); err != nil || len(list) != 1 || keys.loads != loads {
		t.Errorf("List: %v, %v; %d loads", list, err, keys.loads-loads)
	}
}

func TestAKeyringThatKeepsNothingIsNoticedBeforeAnythingIsMinted(t *testing.T) {
	t.Parallel()
	w, keys := memoryWallet(t)
	keys.forget = true
	err := w.Ready(t.Context())
	if fault.ClassOf(err) != fault.Config || !strings.Contains(fault.HintOf(err), "wallet: file") {
		t.Errorf("%v (hint: %q)", err, fault.HintOf(err))
	}
}

func TestAKeyringThatFailsIsPassedOn(t *testing.T) {
	t.Parallel()
	w, keys := memoryWallet(t)
	keys.fail = fault.New(fault.Config, "there is no keyring").WithHint("start one")
	held, cred := accesstest.WalletGrant(grant.AWS, 1, epoch.Add(time.Hour))
	for name, err := range map[string]error{"Ready": w.Ready(t.Context()), "Put": w.Put(t.Context(), held, cred)} {
		if !errors.Is(err, keys.fail) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if keys.stores != 0 {
		t.Error("a key was made although one may be there")
	}
}

func TestAKeyringThatWasResetIsTold(t *testing.T) {
	t.Parallel()
	w, keys := memoryWallet(t)
	before, _ := mustPut(t, w, grant.AWS, 1, epoch.Add(time.Hour))
	keys.text = credential.Secret{}

	fresh := mustOpen(t, Options{Dir: w.state, Keys: keys, Now: fixedNow})
	_, err := fresh.Open(t.Context(), before.Grant.ID)
	if fault.ClassOf(err) != fault.Config || !strings.Contains(fault.HintOf(err), "jit request OPS-7") {
		t.Errorf("Open with the key gone: %v (hint: %q)", err, fault.HintOf(err))
	}
	after, _ := mustPut(t, fresh, grant.AWS, 2, epoch.Add(time.Hour))
	_, err = fresh.Open(t.Context(), before.Grant.ID)
	if fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), "not the one that sealed") {
		t.Errorf("Open with another key: %v", err)
	}
	// A process that still has the old key in memory finds the new one.
	if _, err := w.Open(t.Context(), after.Grant.ID); err != nil {
		t.Errorf("Open of the new grant by the older process: %v", err)
	}
}

func TestKeysThatAreNoKeys(t *testing.T) {
	t.Parallel()
	good := newKey()
	text := good.text().Reveal()
	for name, bad := range map[string]string{
		"nothing but a prefix": keyPrefix, "no prefix": strings.TrimPrefix(text, keyPrefix), "short": text[:len(text)-4],
		"long": text + "AAAA", "not base 64": keyPrefix + strings.Repeat("!", 44), "another version": strings.Replace(text, "-1:", "-2:", 1),
		"of a password manager": "hunter2", "newline within": text[:20] + "\n" + text[20:],
	} {
		w, keys := memoryWallet(t)
		keys.text = credential.NewSecret(bad)
		err := w.Ready(t.Context())
		if bad == text[:20]+"\n"+text[20:] && err == nil {
			continue // base 64 skips newlines
		}
		if fault.ClassOf(err) != fault.Config || fault.HintOf(err) == "" || strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", name, err)
		}
		if keys.stores != 0 {
			t.Errorf("%s: it was overwritten", name)
		}
	}
	again, err := parseKey(credential.NewSecret(text + "\n"))
	if err != nil || *again != *good || again.id() != good.id() || strings.Contains(text, good.id()) {
		t.Errorf("a key does not come back: %v", err)
	}
	if newKey().id() == good.id() {
		t.Error("two keys have one id")
	}
	for _, verb := range []string{"%v", "%+v", "%s"} {
		if out := fmt.Sprintf(verb, good.text()); strings.Contains(out, text) {
			t.Errorf("%s shows the key", verb)
		}
	}
}

func TestAKeyFileThatOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes mean nothing here")
	}
	dir := stateDir(t)
	held, _ := mustPut(t, fileWallet(t, dir), grant.AWS, 1, epoch.Add(time.Hour))
	path := filepath.Join(dir, keyName)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := fileWallet(t, dir).Open(t.Context(), held.Grant.ID)
		if fault.ClassOf(err) != fault.Config || fault.HintOf(err) != "chmod 600 "+path {
			t.Errorf("mode %o: %v (hint: %q)", mode, err, fault.HintOf(err))
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := fileWallet(t, dir).Open(t.Context(), held.Grant.ID); err != nil {
		t.Errorf("mode 400: %v", err)
	}
}

func TestAKeyFileThatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(path string) error{
		"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"a link":      func(path string) error { return os.Symlink("/dev/zero", path) },
		"empty":       func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"huge":        func(path string) error { return os.WriteFile(path, make([]byte, 1<<20), 0o600) },
	} {
		dir := stateDir(t)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := plant(filepath.Join(dir, keyName)); err != nil {
			t.Skip(err)
		}
		if err := fileWallet(t, dir).Ready(t.Context()); fault.ClassOf(err) != fault.Config || fault.HintOf(err) == "" {
			t.Errorf("%s: %v (hint: %q)", name, err, fault.HintOf(err))
		}
	}
}
