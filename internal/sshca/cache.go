package sshca

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Cache keeps small public facts between processes. What it returns is not
// trusted: every signature is checked.
type Cache interface {
	// Load returns what was stored under a name, or fs.ErrNotExist.
	Load(name string) ([]byte, error)
	// Store keeps data under a name; nil forgets it.
	Store(name string, data []byte) error
}

// maxCached is more than any entry takes, in bytes.
const maxCached = 64 << 10

// DirCache is a Cache of one file a name, in a directory that it makes.
type DirCache struct{ Dir string }

var _ Cache = DirCache{}

// Load reads the file of a name.
func (c DirCache) Load(name string) ([]byte, error) {
	f, err := os.Open(filepath.Join(c.Dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCached+1))
	if err == nil && len(data) > maxCached {
		err = fmt.Errorf("%s is larger than %d bytes", f.Name(), maxCached)
	}
	return data, err
}

// Store replaces the file of a name at once. It does not sync: a file that a
// crash spoiled is fetched again.
func (c DirCache) Store(name string, data []byte) error {
	path := filepath.Join(c.Dir, name)
	if data == nil {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.Dir, name+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
