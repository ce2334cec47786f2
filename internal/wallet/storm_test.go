package wallet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/keyring"
)

// The test binary runs itself as other processes of jit: JIT_TEST_WALLET says
// what such a process does.
const roleEnv = "JIT_TEST_WALLET"

func TestMain(m *testing.M) {
	role, ok := os.LookupEnv(roleEnv)
	if !ok {
		os.Exit(m.Run())
	}
	if err := play(strings.Fields(role)); err != nil {
		fmt.Fprintf(os.Stderr, "%v (hint: %s)\n", err, fault.HintOf(err))
		os.Exit(1)
	}
}

// play does what a role says: visit DIR N, churn DIR, or visit-keyring DIR N.
func play(role []string) error {
	ctx := context.Background()
	keys := KeyInFile(role[1])
	if role[0] == "visit-keyring" {
		keys = KeyInKeyring(keyring.New(keyring.Options{
			Interactive: true, SessionBus: os.Getenv("DBUS_SESSION_BUS_ADDRESS"), Fallback: keyring.WalletFallback,
		}), role[1])
	}
	w, err := Open(Options{Dir: role[1], Keys: keys, Now: fixedNow})
	if err != nil {
		return err
	}
	if role[0] == "churn" {
		return churn(ctx, w)
	}
	n, err := strconv.Atoi(role[2])
	if err != nil {
		return err
	}
	return visit(ctx, w, n)
}

// visit is one process of the storm: it keeps a grant, lists, opens it, and if
// n is odd removes it again.
func visit(ctx context.Context, w *Wallet, n int) error {
	held, cred := accesstest.WalletGrant(grant.AWS, n, epoch.Add(time.Hour))
	if err := w.Put(ctx, held, cred); err != nil {
		return err
	}
	list, err := w.List(ctx, epoch)
	if err != nil {
		return err
	}
	var listed bool
	for _, h := range list {
		listed = listed || h.Grant.ID == held.Grant.ID
	}
	got, err := w.Open(ctx, held.Grant.ID)
	switch {
	case err != nil:
		return err
	case !listed || got.AWS.SessionToken != cred.AWS.SessionToken:
		return fmt.Errorf("grant %d: listed: %t, or it came back otherwise", n, listed)
	case n%2 == 1:
		return w.Remove(ctx, held.Grant.ID)
	}
	return nil
}

func role(ctx context.Context, words ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+strings.Join(words, " "))
	return cmd
}

// storm runs many processes at once, an even number, on a state directory that
// is not there yet, and looks at what they leave.
func storm(t *testing.T, w *Wallet, what string, processes int) {
	t.Helper()
	var wg sync.WaitGroup
	for n := range processes {
		wg.Go(func() {
			if out, err := role(t.Context(), what, w.state, strconv.Itoa(n)).CombinedOutput(); err != nil {
				t.Errorf("process %d: %v: %s", n, err, out)
			}
		})
	}
	wg.Wait()
	list, err := w.List(t.Context(), epoch)
	if err != nil || len(list) != processes/2 {
		t.Fatalf("%d grants are left, want %d (%v)", len(list), processes/2, err)
	}
	for _, held := range list {
		if _, err := w.Open(t.Context(), held.Grant.ID); err != nil {
			t.Errorf("Open: %v", err)
		}
	}
	wantPrompt(t, w, list)
}

func wantPrompt(t *testing.T, w *Wallet, list []credential.Held) {
	t.Helper()
	var want strings.Builder
	for _, h := range list {
		fmt.Fprintf(&want, "%d\t%s\t%s\n", h.Grant.ExpiresAt.Unix(), h.Grant.Ticket, h.Grant.Entitlement)
	}
	if got := readPrompt(t, w); got != want.String() {
		t.Errorf("the prompt does not follow the wallet:\ngot  %q\nwant %q", got, want.String())
	}
}

func TestAHundredProcessesAtOnce(t *testing.T) {
	t.Parallel()
	storm(t, fileWallet(t, filepath.Join(t.TempDir(), "state")), "visit", 100/slowdown)
}

// churn keeps and removes grants for ever, and says what it has done.
func churn(ctx context.Context, w *Wallet) error {
	for n := 0; ; n = (n + 1) % 6 {
		held, cred := accesstest.WalletGrant(grant.SSH, n, epoch.Add(time.Hour))
		if err := w.Put(ctx, held, cred); err != nil {
			return err
		}
		fmt.Println("put", held.Grant.ID)
		gone, _ := accesstest.WalletGrant(grant.SSH, (n+3)%6, epoch)
		fmt.Println("removing", gone.Grant.ID)
		if err := w.Remove(ctx, gone.Grant.ID); err != nil {
			return err
		}
	}
}

// TestKilledProcessesLeaveNothingBroken kills a process that changes the wallet
// without a pause, at a moment that differs each time.
func TestKilledProcessesLeaveNothingBroken(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process is not killed in the same way here")
	}
	w := fileWallet(t, filepath.Join(t.TempDir(), "state"))
	rounds := 25 / slowdown
	for round := range rounds {
		acknowledged := killOne(t, w, round)
		if problems := w.Problems(t.Context()); len(problems) != 0 {
			t.Fatalf("round %d: %v", round, problems)
		}
		list, err := w.List(t.Context(), epoch)
		if err != nil {
			t.Fatal(err)
		}
		for _, held := range list {
			cred, err := w.Open(t.Context(), held.Grant.ID)
			if err != nil || !strings.HasSuffix(cred.SSH.PrivateKey.Reveal(), string(held.Grant.ID)) {
				t.Fatalf("round %d: Open: %v", round, err)
			}
			delete(acknowledged, string(held.Grant.ID))
		}
		for id := range acknowledged {
			t.Errorf("round %d: %s was kept, and is gone", round, id)
		}
		wantPrompt(t, w, list)
	}
}

// killOne starts a process, kills it in the midst of a change, and returns the
// grants that it had said were kept.
func killOne(t *testing.T, w *Wallet, round int) map[string]bool {
	t.Helper()
	cmd := role(t.Context(), "churn", w.state)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(uint64(round), 1))
	after, delay := 1+rng.IntN(4), time.Duration(rng.Int64N(int64(4*time.Millisecond)))
	acknowledged := map[string]bool{}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		what, id, _ := strings.Cut(lines.Text(), " ")
		if what == "put" {
			acknowledged[id] = true
		} else {
			delete(acknowledged, id)
		}
		if n == after {
			// The moment of death is what is random here; nothing waits for it.
			time.AfterFunc(delay, func() { _ = cmd.Process.Kill() })
		}
	}
	exit, ok := errors.AsType[*exec.ExitError](cmd.Wait())
	if !ok || exit.Exited() {
		t.Fatalf("round %d: the process was not killed: %v", round, exit)
	}
	// While the process was dying nobody else looked: what it left of the
	// prompt must be whole even before anybody mends it.
	if b, err := os.ReadFile(w.PromptPath()); err == nil && len(b) > 0 && b[len(b)-1] != '\n' {
		t.Errorf("round %d: half a prompt: %q", round, b)
	}
	return acknowledged
}
