package auditlog

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// Owner and group may read: the group is for whoever audits.
const (
	dirMode  = 0o750
	fileMode = 0o640
)

// dirBackend keeps records in a directory of a local file system.
type dirBackend struct {
	audit.Store
	dir string
}

func newDirBackend(dir string) *dirBackend {
	return &dirBackend{Store: audit.FS(os.DirFS(dir)), dir: dir}
}

// create writes a temporary file, syncs it, and links it to its name, which
// fails where the name is taken. A process that is killed leaves a file whose
// name begins with a dot, and which nobody reads.
func (b *dirBackend) create(_ context.Context, name string, data []byte) error {
	path := filepath.Join(b.dir, filepath.FromSlash(name))
	dir := filepath.Dir(path)
	if _, err := os.Lstat(path); err == nil {
		return b.taken(dir)
	}
	if err := b.makeDir(dir); err != nil {
		return err
	}
	temporary, err := writeTemporary(dir, data)
	if err != nil {
		return err
	}
	err = os.Link(temporary, path)
	if rmErr := os.Remove(temporary); err == nil && rmErr != nil {
		return rmErr
	}
	if errors.Is(err, fs.ErrExist) {
		return b.taken(dir)
	}
	if err != nil {
		return err
	}
	return syncDir(dir)
}

// taken makes sure that the record which has the name stays, so that whoever
// finds it to be their own can rely on it.
func (b *dirBackend) taken(dir string) error {
	if err := syncDir(dir); err != nil {
		return err
	}
	return errTaken
}

// makeDir makes a writer's directory, and the log's where it is missing.
func (b *dirBackend) makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	_, missing := os.Stat(b.dir)
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	if missing != nil {
		if err := syncDir(filepath.Dir(b.dir)); err != nil {
			return err
		}
	}
	return syncDir(b.dir)
}

// writeTemporary makes a durable file that is nobody's record yet.
func writeTemporary(dir string, data []byte) (path string, err error) {
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(fileMode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// last reads all the names: a directory has no order to search by. It is asked
// only where no head is cached.
func (b *dirBackend) last(ctx context.Context, writer string, from, below uint64) (uint64, error) {
	dir := filepath.Join(b.dir, writer)
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return from, nil
	}
	if err == nil && !info.IsDir() { // a pipe, say, whose opening waits for ever
		err = &fs.PathError{Op: "readdir", Path: dir, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return 0, err
	}
	f, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for err == nil {
		var names []string
		if names, err = f.Readdirnames(1000); err == nil {
			err = ctx.Err()
		}
		for _, name := range names {
			if seq, ok := audit.ParseFileName(name); ok && seq < below {
				from = max(from, seq)
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		return 0, err
	}
	return from, nil
}

func (b *dirBackend) warm(context.Context) {}

func (b *dirBackend) explain(err error, doing string) *fault.Error {
	f := fault.Wrap(fault.Audit, err, "the audit log cannot %s", doing)
	switch {
	case audit.IsSpoiled(err):
		return f.WithHint("somebody put it there: run jit audit verify")
	case isDiskFull(err):
		return f.WithHint("make room on the file system of %s", b.dir)
	case errors.Is(err, fs.ErrPermission) && doing == doingRead:
		return f.WithHint("ask for the right to read %s, such as by its group", b.dir)
	case isLinkRefused(err):
		return f.WithHint("the file system of %s makes no hard links, which keep records from being overwritten: use another one", b.dir)
	case errors.Is(err, fs.ErrPermission):
		return f.WithHint("make %s writable for you, or set audit.log to a directory that is", b.dir)
	case errors.Is(err, fs.ErrNotExist) && doing == doingRead:
		return f.WithHint("nothing was recorded there yet, or audit.log names another directory than was written to")
	}
	return f.WithHint("see whether %s is a directory on a file system that works, or change audit.log", b.dir)
}
