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
// its standard input. It ends with the bus of the session, but only once it is on
// it, so a test that fails at once must not end the session before that.
const script = `
on_the_bus() {
	dbus-send --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetNameOwner string:org.freedesktop.secrets
}
if [ "$1" = unlocked ]; then
	printf pw | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null || exit 1
	tries=0
	until on_the_bus >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || { echo "gnome-keyring does not come to the bus"; exit 1; }
		sleep 0.05
	done
fi
shift
exec "$@"
`

// Inside reports whether the test runs inside a session. Where it does not,
// Inside runs the test of that name again inside one, and passes its outcome on;
// the caller then returns. Where D-Bus or gnome-keyring-daemon is
// missing the test is skipped, unless JIT_REQUIRE names keyring.
func Inside(t *testing.T, state State) bool {
	t.Helper()
	if os.Getenv(insideEnv) != "" {
		return true
	}
	for _, program := range []string{"dbus-run-session", "dbus-send", "gnome-keyring-daemon"} {
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
