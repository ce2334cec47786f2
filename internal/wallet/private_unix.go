//go:build !windows

package wallet

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/jitaccess/jit/internal/fault"
)

// checkPrivate refuses what belongs to somebody else or is open to others. The
// hint has the chmod that mends it; want is the mode in it.
func checkPrivate(path string, info fs.FileInfo, want fs.FileMode) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return fault.New(fault.Config, "%s belongs to another user (uid %d)", path, st.Uid).
			WithHint("name a place of your own with JIT_STATE_DIR, or use chown where sudo has created it")
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return fault.New(fault.Config, "%s is open to other users (mode %04o)", path, perm).
			WithHint("chmod %o %s", want, path)
	}
	return nil
}
