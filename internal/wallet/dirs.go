package wallet

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jitaccess/jit/internal/fault"
)

// checkDir refuses a directory that others could read or write. A directory
// that is not there is fine, and so is a symbolic link to one that holds: some
// people keep their state on another disk.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fault.Wrap(fault.Config, err, "the directory of the wallet cannot be looked at").
			WithHint("mend its permissions, or name another place with JIT_STATE_DIR")
	case !info.IsDir():
		return fault.New(fault.Config, "%s is not a directory", dir).
			WithHint("move it away, or name another place with JIT_STATE_DIR")
	}
	return checkPrivate(dir, info, 0o700)
}

// createDirs makes the directories of the wallet where they are missing, and
// durable, so that a grant that was kept is not lost with its directory.
func (w *Wallet) createDirs() error {
	for _, dir := range []string{w.state, w.dir} {
		if _, err := os.Stat(dir); err == nil {
			continue
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fault.Wrap(fault.Config, err, "the directory of the wallet cannot be created").
				WithHint("mend its permissions, or name another place with JIT_STATE_DIR")
		}
		if err := syncDir(filepath.Dir(dir)); err != nil {
			return writeFailed(err)
		}
		if err := checkDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func writeFailed(err error) error {
	return fault.Wrap(fault.Internal, err, "the wallet cannot be written").
		WithHint("look whether the disk is full or read-only")
}
