package wallet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
)

func readPrompt(t *testing.T, w *Wallet) string {
	t.Helper()
	b, err := os.ReadFile(w.PromptPath())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestThePromptFollowsTheWallet(t *testing.T) {
	t.Parallel()
	w := fileWallet(t, stateDir(t))
	late, _ := mustPut(t, w, grant.AWS, 1, epoch.Add(2*time.Hour))
	lateLine := "1772449200\tOPS-7\tprod-1\n"
	if got := readPrompt(t, w); got != lateLine {
		t.Errorf("after the first Put: %q", got)
	}
	soon, _ := mustPut(t, w, grant.SSH, 2, epoch.Add(time.Hour))
	soonLine := "1772445600\tOPS-7\tprod-2\n"
	if got := readPrompt(t, w); got != soonLine+lateLine {
		t.Errorf("after the second Put: %q", got)
	}
	if err := w.Remove(t.Context(), soon.Grant.ID); err != nil {
		t.Fatal(err)
	}
	if got := readPrompt(t, w); got != lateLine {
		t.Errorf("after Remove: %q", got)
	}
	if err := w.Remove(t.Context(), late.Grant.ID); err != nil {
		t.Fatal(err)
	}
	if got := readPrompt(t, w); got != "" {
		t.Errorf("after the last Remove: %q", got)
	}
}

func TestWhatDoesNotFitThePromptIsNotTaken(t *testing.T) {
	t.Parallel()
	w := fileWallet(t, stateDir(t))
	for name, spoil := range map[string]func(*grant.Grant){
		"entitlement with a tab":     func(g *grant.Grant) { g.Entitlement = "prod\t1" },
		"entitlement with an escape": func(g *grant.Grant) { g.Entitlement = "\x1b[2J" },
		"entitlement too long":       func(g *grant.Grant) { g.Entitlement = strings.Repeat("x", 65) },
		"entitlement begins oddly":   func(g *grant.Grant) { g.Entitlement = ".x" },
		"no entitlement":             func(g *grant.Grant) { g.Entitlement = "" },
		"upper case":                 func(g *grant.Grant) { g.Entitlement = "Prod" },
		"ticket with a newline":      func(g *grant.Grant) { g.Ticket = "OPS-7\n" },
		"ticket in lower case":       func(g *grant.Grant) { g.Ticket = "ops-7" },
		"no ticket":                  func(g *grant.Grant) { g.Ticket = "" },
		"no expiry":                  func(g *grant.Grant) { g.ExpiresAt = time.Time{} },
		"an expiry too late":         func(g *grant.Grant) { g.ExpiresAt = time.Unix(1<<40, 0) },
	} {
		held, cred := accesstest.WalletGrant(grant.AWS, 1, epoch.Add(time.Hour))
		spoil(&held.Grant)
		if err := w.Put(t.Context(), held, cred); fault.ClassOf(err) != fault.Internal || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(w.PromptPath()); err == nil {
		t.Error("a refused grant wrote a prompt")
	}
	for _, good := range []string{"a", "0", "a.b_c-d", strings.Repeat("x", 64)} {
		if !policy.IsEntitlementName(good) {
			t.Errorf("%q is refused", good)
		}
	}
}

func TestExpiredGrantsArePurged(t *testing.T) {
	t.Parallel()
	dir, now := stateDir(t), epoch
	w := mustOpen(t, Options{Dir: dir, Keys: KeyInFile(dir), Now: func() time.Time { return now }})
	first, _ := mustPut(t, w, grant.AWS, 1, epoch.Add(time.Hour))
	second, _ := mustPut(t, w, grant.AWS, 2, epoch.Add(2*time.Hour))
	kept := func(id grant.ID) bool { _, err := os.Stat(w.path(id)); return err == nil }

	// A question about another moment purges nothing.
	if _, err := w.List(t.Context(), epoch.Add(time.Hour)); err != nil || !kept(first.Grant.ID) {
		t.Errorf("purged by a question about later (%v)", err)
	}
	now = epoch.Add(time.Hour)
	if _, err := w.List(t.Context(), now); err != nil || kept(first.Grant.ID) || !kept(second.Grant.ID) {
		t.Errorf("List has not purged what has expired, and nothing else (%v)", err)
	}
	if got := readPrompt(t, w); got != "1772449200\tOPS-7\tprod-2\n" {
		t.Errorf("the prompt after the purge: %q", got)
	}
	now = epoch.Add(2 * time.Hour)
	mustPut(t, w, grant.AWS, 3, epoch.Add(3*time.Hour))
	if kept(second.Grant.ID) {
		t.Error("Put has not purged what has expired")
	}
}

func TestWhatAKilledProcessLeftIsTidied(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	w := fileWallet(t, dir)
	held, _ := mustPut(t, w, grant.AWS, 1, epoch.Add(time.Hour))
	junk := []string{
		filepath.Join(w.dir, marker),
		filepath.Join(w.dir, "."+string(held.Grant.ID)+grantSuffix+"123"),
		filepath.Join(dir, ".prompt456"), filepath.Join(dir, ".wallet.key789"),
	}
	others := []string{filepath.Join(dir, ".prompt.swp"), filepath.Join(dir, ".prompt"), filepath.Join(dir, "heads.json")}
	for _, path := range append(junk, others...) {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The prompt is older than the grants, as after a kill between the two.
	if err := os.WriteFile(w.PromptPath(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.List(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
	if got := readPrompt(t, w); got != "1772445600\tOPS-7\tprod-1\n" {
		t.Errorf("the prompt was not mended: %q", got)
	}
	for _, path := range junk {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	for _, path := range others {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s was not the wallet's to remove", path)
		}
	}
}

func TestAPromptThatWasRemovedComesBack(t *testing.T) {
	t.Parallel()
	w := fileWallet(t, stateDir(t))
	mustPut(t, w, grant.AWS, 1, epoch.Add(time.Hour))
	if err := os.Remove(w.PromptPath()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.List(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
	if got := readPrompt(t, w); got != "1772445600\tOPS-7\tprod-1\n" {
		t.Errorf("the prompt: %q", got)
	}
}

func TestReadingWorksWhileSomebodyHoldsTheLock(t *testing.T) {
	t.Parallel()
	dir, now := stateDir(t), epoch
	w := mustOpen(t, Options{Dir: dir, Keys: KeyInFile(dir), Now: func() time.Time { return now }})
	mustPut(t, w, grant.AWS, 1, epoch.Add(time.Hour))
	held, _ := mustPut(t, w, grant.AWS, 2, epoch.Add(2*time.Hour))
	now = epoch.Add(time.Hour)
	err := w.locked(t.Context(), func() error {
		if list, err := w.List(t.Context(), now); err != nil || len(list) != 1 {
			t.Errorf("List: %v, %v", list, err)
		}
		_, err := w.Open(t.Context(), held.Grant.ID)
		return err
	})
	if err != nil {
		t.Errorf("Open: %v", err)
	}
}

func TestAPromptThatCannotBeWrittenIsTold(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	w := fileWallet(t, dir)
	if err := os.MkdirAll(filepath.Join(w.PromptPath(), "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	held, cred := accesstest.WalletGrant(grant.AWS, 1, epoch.Add(time.Hour))
	err := w.Put(t.Context(), held, cred)
	if fault.ClassOf(err) != fault.Internal || !strings.Contains(err.Error(), "the grant is kept") {
		t.Errorf("Put: %v", err)
	}
	if _, err := w.Open(t.Context(), held.Grant.ID); err != nil {
		t.Errorf("the grant is not kept: %v", err)
	}
}
