package integration

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// inKeyring runs shell commands in a session of its own with an unlocked
// gnome-keyring, whose keys stay in the world's home between sessions.
func (w *world) inKeyring(t testing.TB, script string) result {
	t.Helper()
	needTools(t, "keyring", "dbus-run-session", "gnome-keyring-daemon")
	for _, dir := range []string{"run", ".local/share/keyrings"} {
		if err := os.MkdirAll(w.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.env["XDG_RUNTIME_DIR"] = w.path("run")
	c := w.program(t.Context(), "dbus-run-session", "--", "sh", "-euc",
		`printf %s secret | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null 2>&1
		`+script)
	defer w.endDaemons()
	return finish(t, c)
}

// endDaemons ends what outlives its session: the daemons whose home is the
// world's.
func (w *world) endDaemons() {
	processes, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range processes {
		env, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(env, []byte("HOME="+w.dir+"\x00")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if daemon, err := os.FindProcess(pid); err == nil {
			_ = daemon.Signal(syscall.SIGTERM)
		}
	}
}

func keyringWorld(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.wallet = "keyring"
	w.start()
	w.env["JIT"] = jitBinary(t)
	return w
}

func TestWalletInGnomeKeyring(t *testing.T) {
	w := keyringWorld(t)
	r := w.inKeyring(t, `"$JIT" request OPS-7 -e data --json >request; "$JIT" status --json; "$JIT" credential-process -e data >first`).want(t, 0)
	grants := decode[[]grant](t, r)
	if len(grants) != 1 || grants[0].Entitlement != "data" {
		t.Fatalf("in force: %+v", grants)
	}
	first := w.read("first")
	if !strings.Contains(first, `"AccessKeyId"`) {
		t.Fatalf("credential-process printed %q", first)
	}
	// The key outlives the daemon: another session opens the same wallet.
	again := w.inKeyring(t, `"$JIT" credential-process -e data`).want(t, 0)
	if again.stdout != first {
		t.Errorf("another session sees %q, not %q", again.stdout, first)
	}
	w.secretsNowhere(t, first)
}

func TestManyProcessesOpenTheKeyringAtOnce(t *testing.T) {
	w := keyringWorld(t)
	w.inKeyring(t, `"$JIT" request OPS-7 -e data --json >/dev/null
		for i in $(seq 30); do "$JIT" credential-process -e data >out.$i 2>err.$i & pids="${pids:-} $!"; done
		for p in $pids; do wait $p; done
		cat out.* | sort -u | wc -l >distinct`).want(t, 0)
	if got := strings.TrimSpace(w.read("distinct")); got != "1" {
		t.Errorf("%s distinct answers", got)
	}
}

// Two first requests at once must agree on the wallet's key.
func TestTwoFirstRequestsMakeOneKey(t *testing.T) {
	w := keyringWorld(t)
	r := w.inKeyring(t, `for i in 1 2 3 4; do "$JIT" request OPS-7 -e data --json >out.$i 2>err.$i & pids="${pids:-} $!"; done
		for p in $pids; do wait $p; done
		"$JIT" credential-process -e data >/dev/null
		"$JIT" status --json`).want(t, 0)
	if grants := decode[[]grant](t, r); len(grants) != 4 {
		t.Errorf("%d grants in force, want 4", len(grants))
	}
}

func TestNoKeyringNamesTheFallback(t *testing.T) {
	w := keyringWorld(t)
	r := w.jit("request", "OPS-7", "-e", "data")
	if r.code == 0 || !strings.Contains(r.stderr, "wallet: file") {
		t.Errorf("exit code %d, standard error %q", r.code, r.stderr)
	}
	if len(w.tokens.Sessions()) > 0 {
		t.Error("a credential was minted that could not be kept")
	}
}

// read returns a file of the world's directory.
func (w *world) read(name string) string {
	w.t.Helper()
	b, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// secretsNowhere greps the state directory for what credential-process printed.
func (w *world) secretsNowhere(t testing.TB, printed string) {
	t.Helper()
	for _, s := range w.tokens.Sessions() {
		if !strings.Contains(printed, s.Key.Secret) {
			continue
		}
		for _, secret := range []string{s.Key.Secret, s.Key.Token} {
			out, err := exec.Command("grep", "-rlF", "--", secret, w.path("state")).Output()
			if err == nil {
				t.Errorf("a secret stands in the clear in %s", out)
			}
		}
		return
	}
	t.Error("what credential-process printed was never minted")
}
