// Package ownership refuses files that somebody else could have written: a
// policy or a configuration decides what a person may do, so nobody but that
// person and root may change it.
package ownership

import (
	"errors"
	"io"
	"io/fs"

	"github.com/jitaccess/jit/internal/fault"
)

// Check refuses a file or directory that its group or others can write, or that
// somebody else than root and the current user owns. The same goes for every
// directory on the way to it from the root, and on the way to what each
// symbolic link leads to, as with OpenSSH's StrictModes: whoever can write in
// one of them can put another file in the place of the one that was meant. Only
// a directory on the way may be sticky instead, as /tmp is, since there nobody
// can replace what belongs to somebody else. On Windows, where access lists
// decide, nothing is checked beyond that the path exists.
//
// The error is of class Config, its hint the chmod or chown that mends the very
// file or directory; a path that does not exist gives one for which
// errors.Is(err, fs.ErrNotExist) holds.
func Check(path string) error {
	_, _, err := trace(path)
	return err
}

// ReadFile reads a file that passes Check, and refuses one of more than limit
// bytes or that is no regular file. It opens the file under the path that was
// checked, which nobody else can then change, and judges once more what it
// opened. The errors are those of Check.
func ReadFile(path string, limit int64) ([]byte, error) {
	real, info, err := trace(path)
	if err != nil {
		return nil, err
	}
	// Looked at before it is opened, because opening a pipe would wait for a
	// writer.
	if !info.Mode().IsRegular() {
		return nil, fault.New(fault.Config, "%s is not a regular file", path)
	}
	f, err := open(real)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fault.New(fault.Config, "%s is not a regular file", path)
	}
	if err := judge(real, info, target); err != nil {
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

// part is what something on the way is there for.
type part int

const (
	target part = iota // what is asked for
	holder             // a directory on the way
	link               // a symbolic link on the way
)

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
