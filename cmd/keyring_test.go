package cmd

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/jitaccess/jit/internal/keyring/keyringtest"
)

// The scripts of these directories run against a real gnome-keyring, one that
// is unlocked and one that nobody unlocks.

func TestWithAKeyring(t *testing.T) {
	if keyringtest.Inside(t, keyringtest.Unlocked) {
		runScripts(t, os.Getenv("DBUS_SESSION_BUS_ADDRESS"), testscript.Params{Dir: filepath.Join("testdata", "keyring")})
	}
}

func TestWithALockedKeyring(t *testing.T) {
	if keyringtest.Inside(t, keyringtest.Locked) {
		runScripts(t, os.Getenv("DBUS_SESSION_BUS_ADDRESS"), testscript.Params{Dir: filepath.Join("testdata", "lockedkeyring")})
	}
}
