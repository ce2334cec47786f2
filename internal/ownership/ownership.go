// Package ownership refuses files that somebody else could have written: a
// policy or a configuration decides what a person may do, so nobody but that
// person and root may change it.
package ownership

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jitaccess/jit/internal/fault"
)

// Check refuses a file or directory that its group or others can write, or that
// somebody else than root and the current user owns. Symbolic links are
// resolved first: what they lead to is what counts. The directory that holds
// it, and the one that holds the link, must not be writable by others either,
// unless sticky as /tmp is, since whoever can write there can put another file
// in its place. On Windows, where access lists decide, nothing is checked beyond
// that the path exists.
//
// The error is of class Config, its hint the chmod or chown that mends it; a
// path that does not exist gives one for which errors.Is(err, fs.ErrNotExist)
// holds.
func Check(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return unreadable(path, err)
	}
	info, err := os.Stat(real)
	if err != nil {
		return unreadable(path, err)
	}
	if err := judge(real, info, false); err != nil {
		return err
	}
	if err := checkParent(real); err != nil {
		return err
	}
	return checkParent(path)
}

// ReadFile reads a file that passes Check, judging the very file that it
// opened, and refuses one of more than limit bytes or that is no regular file.
// The errors are those of Check.
func ReadFile(path string, limit int64) ([]byte, error) {
	// Looked at before it is opened, because opening a pipe would wait for a
	// writer.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fault.New(fault.Config, "%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	if err := Check(path); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if err := judge(path, info, false); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if int64(len(data)) > limit {
		return nil, fault.New(fault.Config, "%s is larger than %d bytes", path, limit)
	}
	return data, nil
}

func checkParent(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return unreadable(path, err)
	}
	parent := filepath.Dir(abs)
	info, err := os.Stat(parent)
	if err != nil {
		return unreadable(parent, err)
	}
	return judge(parent, info, true)
}

// unreadable says why a path cannot be read, in words that name it once.
func unreadable(path string, err error) error {
	cause := err
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		cause = pe.Err
	}
	e := fault.Wrap(fault.Config, cause, "cannot read %s", path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return e.WithHint("check the path, or create the file")
	case errors.Is(err, fs.ErrPermission):
		return e.WithHint("make it readable for yourself")
	}
	return e
}
