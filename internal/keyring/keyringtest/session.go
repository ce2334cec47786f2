// Package keyringtest runs a test against a real gnome-keyring, in a D-Bus
// session of its own that ends with the test.
package keyringtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// State is how the keyring is at the start.
type State string

// The states. A keyring that is locked has nobody to ask for its password.
const (
	Unlocked State = "unlocked"
	Locked   State = "locked"
)

// insideEnv marks the process that runs inside the session.
const insideEnv = "JIT_TEST_KEYRING_SESSION"

// script starts the keyring and then the test. The daemon has the password from
// its standard input; it ends with the bus of the session.
const script = `
if [ "$1" = unlocked ]; then
	printf pw | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null || exit 1
fi
shift
exec "$@"
`

// Inside reports whether the test runs inside a session. Where it does not,
// Inside runs the test of that name again inside one, and passes its outcome on;
// the caller then returns. Where dbus-run-session or gnome-keyring-daemon is
// missing the test is skipped, unless JIT_REQUIRE names keyring.
func Inside(t *testing.T, state State) bool {
	t.Helper()
	if os.Getenv(insideEnv) != "" {
		return true
	}
	for _, program := range []string{"dbus-run-session", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), "keyring") {
			t.Fatalf("%s is required, and not installed", program)
		}
		t.Skipf("%s is not installed", program)
	}
	home := t.TempDir()
	// Sockets go here, whose names may have only some hundred bytes.
	runtime, err := os.MkdirTemp("", "jit-keyring")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(runtime); err != nil {
			t.Error(err)
		}
	})
	cmd := exec.CommandContext(t.Context(), "dbus-run-session", "--", "sh", "-c", script, "sh", string(state),
		os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), insideEnv+"=1", "HOME="+home, "XDG_RUNTIME_DIR="+runtime,
		"XDG_DATA_HOME="+filepath.Join(home, "data"), "XDG_CONFIG_HOME="+filepath.Join(home, "config"),
		"XDG_CACHE_HOME="+filepath.Join(home, "cache"), "DISPLAY=", "WAYLAND_DISPLAY=", "GNOME_KEYRING_CONTROL=")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("inside the session: %v\n%s", err, out)
	}
	return false
}
