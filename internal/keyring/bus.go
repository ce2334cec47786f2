package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// errNoBus says it in the user's terms; the library's own words would be about
// dbus-launch.
var errNoBus = errors.New("no D-Bus session bus is running")

// reachable reports why the keyring cannot be asked. The places are those that
// the D-Bus library looks into before it starts a bus of its own.
func (k *Keyring) reachable() error {
	switch runtime.GOOS {
	case "darwin", "windows":
		return nil
	}
	if k.bus != "" && k.bus != "autolaunch:" {
		return nil
	}
	dir := filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	for _, name := range []string{"bus", "dbus-session"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return nil
		}
	}
	return errNoBus
}
