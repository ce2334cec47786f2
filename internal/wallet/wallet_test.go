package wallet

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

var epoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func fixedNow() time.Time { return epoch }

// stateDir is a state directory that does not exist yet.
func stateDir(t testing.TB) string { return filepath.Join(t.TempDir(), "state", "jit") }

func mustOpen(t testing.TB, o Options) *Wallet {
	t.Helper()
	w, err := Open(o)
	if err != nil {
		t.Fatalf("Open: %v (hint: %s)", err, fault.HintOf(err))
	}
	return w
}

// fileWallet is a wallet in a directory with its key beside it.
func fileWallet(t testing.TB, dir string) *Wallet {
	t.Helper()
	return mustOpen(t, Options{Dir: dir, Keys: KeyInFile(dir), Now: fixedNow})
}

func mustPut(t testing.TB, w *Wallet, kind grant.Kind, n int, expires time.Time) (credential.Held, credential.Credential) {
	t.Helper()
	held, cred := accesstest.WalletGrant(kind, n, expires)
	if err := w.Put(t.Context(), held, cred); err != nil {
		t.Fatalf("Put: %v (hint: %s)", err, fault.HintOf(err))
	}
	return held, cred
}

func TestOpenAndReadCreateNothing(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	w := fileWallet(t, dir)
	if list, err := w.List(t.Context(), epoch); err != nil || list == nil || len(list) != 0 {
		t.Errorf("List: %v, %v", list, err)
	}
	if problems := w.Problems(t.Context()); len(problems) != 0 {
		t.Errorf("Problems: %v", problems)
	}
	held, _ := accesstest.WalletGrant(grant.AWS, 1, epoch)
	if _, err := w.Open(t.Context(), held.Grant.ID); fault.ClassOf(err) != fault.NoGrant {
		t.Errorf("Open: %v", err)
	}
	if err := w.Remove(t.Context(), held.Grant.ID); err != nil {
		t.Errorf("Remove: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(dir)); err == nil {
		t.Error("reading created the state directory")
	}
}

func TestEverythingIsPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes mean nothing here")
	}
	dir := stateDir(t)
	mustPut(t, fileWallet(t, dir), grant.AWS, 1, epoch.Add(time.Hour))
	var seen []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		seen = append(seen, d.Name())
		return err
	})
	if err != nil || fmt.Sprint(seen) != "[jit prompt wallet aaaaaaaaaaaaaaaaaaaaaaaaab.grant lock wallet.key]" {
		t.Errorf("in the state directory: %v (%v)", seen, err)
	}
}

func TestADirectoryThatIsOpenToOthersIsRefused(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes mean nothing here")
	}
	for _, mode := range []fs.FileMode{0o701, 0o710, 0o720, 0o702, 0o704, 0o740, 0o755, 0o777} {
		for _, part := range []string{".", "wallet"} {
			dir := stateDir(t)
			mustPut(t, fileWallet(t, dir), grant.AWS, 1, epoch.Add(time.Hour))
			open := filepath.Join(dir, part)
			if err := os.Chmod(open, mode); err != nil {
				t.Fatal(err)
			}
			_, err := Open(Options{Dir: dir, Keys: KeyInFile(dir), Now: fixedNow})
			if fault.ClassOf(err) != fault.Config || fault.HintOf(err) != "chmod 700 "+open {
				t.Errorf("mode %o of %s: %v (hint: %q)", mode, part, err, fault.HintOf(err))
			}
		}
	}
}

func TestADirectoryOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	dir := stateDir(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Options{Dir: dir, Keys: KeyInFile(dir), Now: fixedNow})
	if fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), "another user") {
		t.Errorf("got %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	for name, o := range map[string]Options{
		"nothing":  {},
		"relative": {Dir: "state", Keys: KeyInFile(dir), Now: fixedNow},
		"no key":   {Dir: dir, Now: fixedNow},
		"no clock": {Dir: dir, Keys: KeyInFile(dir)},
	} {
		if _, err := Open(o); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: file, Keys: KeyInFile(file), Now: fixedNow}); fault.ClassOf(err) != fault.Config {
		t.Errorf("a file as the state directory: %v", err)
	}
}

func TestLinksToPrivateDirectoriesWork(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege here")
	}
	real, link := stateDir(t), filepath.Join(t.TempDir(), "link")
	if err := os.MkdirAll(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	held, _ := mustPut(t, fileWallet(t, link), grant.AWS, 1, epoch.Add(time.Hour))
	if _, err := fileWallet(t, real).Open(t.Context(), held.Grant.ID); err != nil {
		t.Errorf("Open by the other name: %v", err)
	}
	a, errA := (&keyInKeyring{dir: real}).user()
	b, errB := (&keyInKeyring{dir: link}).user()
	if errA != nil || errB != nil || a != b {
		t.Errorf("names in the keyring: %q and %q (%v, %v)", a, b, errA, errB)
	}
}

func TestADirectoryThatCannotBeMadeIsAClearError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "wallet")); err != nil {
		t.Skip(err)
	}
	err := fileWallet(t, dir).Ready(t.Context())
	if fault.ClassOf(err) != fault.Config || fault.HintOf(err) == "" {
		t.Errorf("a dangling link: %v (hint: %q)", err, fault.HintOf(err))
	}
}
