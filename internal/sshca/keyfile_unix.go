//go:build unix

package sshca

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/jitaccess/jit/internal/fault"
)

// openKeyFile does not wait for the writer of a FIFO; the caller refuses
// whatever is not a regular file.
func openKeyFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// checkPrivate refuses a private key that others can read or that belongs to
// somebody else, who could change it.
func checkPrivate(path string, info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fault.New(fault.Config, "others can reach the CA's key %s (mode %04o)", path, mode).
			WithHint("chmod 600 %s", path)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Geteuid() {
		return fault.New(fault.Config, "the CA's key %s belongs to somebody else", path).
			WithHint("chown it to the user that jit runs as (uid %d)", os.Geteuid())
	}
	return nil
}
