package audit

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
)

// Store is what a log is read from.
type Store interface {
	// Top yields the names directly below the log's prefix; those of folders
	// end with a slash.
	Top(ctx context.Context) iter.Seq2[string, error]
	// Files yields the names below a writer's folder, without the folder:
	// those of records in the order of their sequence numbers.
	Files(ctx context.Context, writer string) iter.Seq2[string, error]
	// Read returns the bytes of WRITER/FILE. A name that is not there is
	// fs.ErrNotExist; what can be no record is an error that IsSpoiled knows.
	Read(ctx context.Context, name string) ([]byte, error)
}

// ErrNotRegular says that a name has no regular file: a directory, a pipe, a
// device or a symbolic link, which no log has, and whose opening may wait for
// ever or lead out of the log.
var ErrNotRegular = errors.New("it is no regular file")

// IsSpoiled reports whether an error of Read is about what has the name, which
// can be no record, and not about a store that failed.
func IsSpoiled(err error) bool { return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrNotRegular) }

// FS reads a log from a file system: the directory of a file:// log, or a copy
// of a bucket. Names that begin with a dot are left out: an append that was
// interrupted leaves such a file, which was never a record. Where fsys has
// symbolic links it must be an fs.ReadLinkFS, as os.DirFS is: they are no
// records.
func FS(fsys fs.FS) Store { return fsStore{fsys} }

type fsStore struct{ fsys fs.FS }

func (s fsStore) Top(context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		entries, err := fs.ReadDir(s.fsys, ".")
		if err != nil {
			yield("", err)
			return
		}
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() {
				name += "/"
			}
			if !hidden(name) && name != lostAndFound && !yield(name, nil) {
				return
			}
		}
	}
}

// Files keeps eight bytes for each record, and yields other names first.
func (s fsStore) Files(ctx context.Context, writer string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var seqs []uint64
		for name, err := range s.unordered(ctx, writer) {
			// A directory with a record's name is in that record's place.
			if seq, ok := ParseFileName(strings.TrimSuffix(name, "/")); ok && err == nil {
				seqs = append(seqs, seq)
			} else if !yield(name, err) || err != nil {
				return
			}
		}
		slices.Sort(seqs)
		for _, seq := range seqs {
			if !yield(FileName(seq), nil) {
				return
			}
		}
	}
}

// unordered reads a folder a thousand names at a time.
func (s fsStore) unordered(ctx context.Context, writer string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		info, err := fs.Lstat(s.fsys, writer)
		if err == nil && !info.IsDir() {
			return // nothing is below it, and opening a pipe waits for ever
		}
		if err != nil {
			yield("", err)
			return
		}
		f, err := s.fsys.Open(writer)
		if err != nil {
			yield("", err)
			return
		}
		defer f.Close() //nolint:errcheck // nothing was written
		dir, ok := f.(fs.ReadDirFile)
		if !ok {
			yield("", &fs.PathError{Op: "readdir", Path: writer, Err: errors.ErrUnsupported})
			return
		}
		for err == nil {
			var entries []fs.DirEntry
			if entries, err = dir.ReadDir(1000); err == nil {
				err = ctx.Err()
			}
			if !yieldNames(entries, yield) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield("", err)
		}
	}
}

// lostAndFound is the directory that mkfs makes in a file system of its own.
const lostAndFound = "lost+found/"

func yieldNames(entries []fs.DirEntry, yield func(string, error) bool) bool {
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name += "/"
		}
		if !hidden(name) && !yield(name, nil) {
			return false
		}
	}
	return true
}

func (s fsStore) Read(_ context.Context, name string) ([]byte, error) {
	// Looked at before it is opened: opening a pipe waits for whoever writes.
	info, err := fs.Lstat(s.fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: ErrNotRegular}
	}
	f, err := s.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return ReadRecord(f)
}

// ReadRecord reads a record's bytes, and no more than a record may have.
func ReadRecord(r io.Reader) ([]byte, error) {
	buf := make([]byte, 0, 2<<10) // most records fit
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > MaxRecord:
			return nil, ErrTooLarge
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return nil, err
		case len(buf) == cap(buf):
			buf = slices.Grow(buf, len(buf))
		}
	}
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") }
