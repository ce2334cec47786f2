// Package dotfile edits the user's own configuration files: it shows what would
// change before it does, replaces a file whole or not at all, and takes exactly
// its own lines out again.
package dotfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2/maybe"
	"github.com/rogpeppe/go-internal/diff"

	"github.com/jitaccess/jit/internal/fault"
)

// maxFile is the largest file that is edited, in bytes.
const maxFile = 4 << 20

// File is a file as it was read.
type File struct {
	path   string // as the user names it
	target string // what it is, links followed
	text   []byte
	exists bool
	mode   fs.FileMode
}

// Read reads a file, which may be missing, or a link to where the user keeps it.
// The error is of class Config.
func Read(path string) (File, error) {
	f := File{path: path, target: path, mode: 0o600}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return File{}, fault.New(fault.Config, "%s is a link that leads nowhere", path).WithHint("remove it, or make what it points at")
		}
		return f, nil
	}
	switch {
	case err != nil:
		return File{}, unreadable(path, err)
	case !info.Mode().IsRegular():
		return File{}, fault.New(fault.Config, "%s is not a file", path).WithHint("move it away")
	case info.Size() > maxFile:
		return File{}, fault.New(fault.Config, "%s is too large to be edited", path).WithHint("add the lines by hand: --dry-run prints them")
	}
	if f.target, err = filepath.EvalSymlinks(path); err != nil {
		return File{}, unreadable(path, err)
	}
	if f.text, err = os.ReadFile(f.target); err != nil {
		return File{}, unreadable(path, err)
	}
	f.exists, f.mode = true, info.Mode().Perm()
	return f, nil
}

func unreadable(path string, err error) error {
	return fault.Wrap(fault.Config, err, "%s cannot be read", path).WithHint("look at its permissions")
}

// Text is what the file has, and nothing where it is missing.
func (f File) Text() string { return string(f.text) }

// Edit is a change that has not been made yet.
type Edit struct {
	file  File
	after []byte
	gone  bool
}

// Empty reports whether nothing would change.
func (e Edit) Empty() bool { return !e.gone && bytes.Equal(e.file.text, e.after) }

// Diff is the change as a unified diff.
func (e Edit) Diff() string {
	return string(diff.Diff(e.file.path, e.file.text, e.file.path+" (new)", e.after))
}

// Apply makes the change. It is refused where the file has changed since it was
// read. The errors are of class Config, and the file is then as it was.
func (e Edit) Apply() error {
	now, err := Read(e.file.path)
	if err != nil {
		return err
	}
	if now.exists != e.file.exists || !bytes.Equal(now.text, e.file.text) || now.target != e.file.target {
		return fault.New(fault.Config, "%s has changed meanwhile, so it was left as it is", e.file.path).WithHint("run the command again")
	}
	if e.gone {
		err = os.Remove(e.file.target)
	} else {
		err = errors.Join(os.MkdirAll(filepath.Dir(e.file.target), 0o700),
			maybe.WriteFile(e.file.target, e.after, e.file.mode))
	}
	if err != nil {
		return fault.Wrap(fault.Config, err, "%s cannot be written", e.file.path).
			WithHint("look at the permissions of its directory and whether the disk is full")
	}
	return nil
}

// Replace plans a file that is ours as a whole.
func Replace(f File, text string) Edit { return Edit{file: f, after: []byte(text)} }

// Delete plans the end of a file that is ours as a whole.
func Delete(f File) Edit { return Edit{file: f, gone: f.exists} }
