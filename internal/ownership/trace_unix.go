//go:build unix

package ownership

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// maxHops is how many symbolic links a path may lead through: Linux's own limit
// (path_resolution(7)).
const maxHops = 40

// tracer follows a path as the kernel does, from the root, one name at a time.
//
// A directory is judged before anything in it is looked at. Nobody else can
// change what lies in one that passed, so what was seen there stays, and a name
// that is used later still leads where it did.
type tracer struct {
	at   string      // the place reached, without links
	info fs.FileInfo // of that place
	left []string    // the names still to go
	hops int         // links followed
}

// trace judges everything on the way to what a path leads to, that itself
// included, and returns its path without links.
func trace(path string) (string, fs.FileInfo, error) {
	// What is missing is called missing, whoever could have written it.
	if _, err := os.Stat(path); err != nil {
		return "", nil, unreadable(path, err)
	}
	full := path
	if !filepath.IsAbs(path) {
		wd, err := os.Getwd()
		if err != nil {
			return "", nil, unreadable(path, err)
		}
		// Joined as it is: cleaning would take LINK/.. out, which leads elsewhere.
		full = wd + "/" + path
	}
	t := &tracer{left: names(full)}
	if err := t.move("/"); err != nil {
		return "", nil, unreadable(path, err)
	}
	for len(t.left) > 0 {
		if err := judge(t.at, t.info, holder); err != nil {
			return "", nil, err
		}
		if err := t.step(path); err != nil {
			return "", nil, err
		}
	}
	return t.at, t.info, judge(t.at, t.info, target)
}

// step takes the next name. The path is that which errors are about.
func (t *tracer) step(path string) error {
	name := t.left[0]
	t.left = t.left[1:]
	from := t.at
	if err := t.move(filepath.Join(from, name)); err != nil {
		return unreadable(path, err)
	}
	if t.info.Mode()&fs.ModeSymlink == 0 {
		return nil
	}
	if err := judge(t.at, t.info, link); err != nil {
		return err
	}
	if err := t.follow(from); err != nil {
		return unreadable(path, err)
	}
	return nil
}

// follow goes on with what the link that was reached from a directory says.
func (t *tracer) follow(from string) error {
	t.hops++
	if t.hops > maxHops {
		return &fs.PathError{Op: "readlink", Path: t.at, Err: syscall.ELOOP}
	}
	to, err := os.Readlink(t.at)
	if err != nil {
		return err
	}
	t.left = slices.Concat(names(to), t.left)
	if filepath.IsAbs(to) {
		from = "/"
	}
	return t.move(from)
}

func (t *tracer) move(to string) error {
	info, err := os.Lstat(to)
	t.at, t.info = to, info
	return err
}

// names splits a path into what matters of it.
func names(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(name string) bool { return name == "" || name == "." })
}

// open opens a file that was traced. It follows no link and waits for nobody,
// in case something else has come in its place.
func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}
