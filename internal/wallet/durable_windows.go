package wallet

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// A reader that has the old file open makes the rename fail for as long as it
// reads, which is well under a millisecond.
const (
	renameTries = 50
	renamePause = 5 * time.Millisecond
)

// replaceFile puts a file in place in one step; renameio does not do Windows,
// where os.Rename replaces the target by MoveFileEx.
func replaceFile(path string, parts ...[]byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	for _, part := range parts {
		if _, err = f.Write(part); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err = errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	for range renameTries {
		if err = os.Rename(f.Name(), path); !errors.Is(err, os.ErrPermission) {
			return err
		}
		time.Sleep(renamePause)
	}
	return err
}

// syncDir does nothing: Windows journals names, and has no call for it.
func syncDir(string) error { return nil }
