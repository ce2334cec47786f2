package wallet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/jitaccess/jit/internal/grant"
)

// maxFile bounds a file of a grant, in bytes.
const maxFile = 16 << 20

// file is a file of a grant as read.
type file struct {
	header
	line   []byte // in the clear, without its newline
	sealed []byte
}

func (w *Wallet) path(id grant.ID) string { return filepath.Join(w.dir, string(id)+grantSuffix) }

// parseFile takes a whole file apart. It does not open the seal.
func parseFile(b []byte, id grant.ID) (file, error) {
	line, sealed, ok := bytes.Cut(b, []byte{'\n'})
	if !ok || len(line) > maxHeader {
		return file{}, errors.New("it has no first line")
	}
	h, err := parseHeader(line, id)
	return file{header: h, line: line, sealed: sealed}, err
}

// readFile reads the file of a grant. The error is fs.ErrNotExist where there
// is none.
func (w *Wallet) readFile(id grant.ID) (file, error) {
	f, err := openRegular(w.path(id))
	if err != nil {
		return file{}, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return file{}, err
	}
	if len(b) > maxFile {
		return file{}, fmt.Errorf("it is longer than %d bytes", maxFile)
	}
	return parseFile(b, id)
}

// readHeader reads the line in the clear of a grant, and no more of a large
// file than its beginning.
func (w *Wallet) readHeader(id grant.ID) (header, error) {
	f, err := openRegular(w.path(id))
	if err != nil {
		return header{}, err
	}
	line, err := bufio.NewReader(io.LimitReader(f, maxHeader+1)).ReadBytes('\n')
	closed := f.Close()
	switch {
	case errors.Is(err, io.EOF):
		return header{}, errors.New("it has no first line")
	case err != nil || closed != nil:
		return header{}, errors.Join(err, closed)
	}
	return parseHeader(line[:len(line)-1], id)
}

// openRegular opens what is a file. A named pipe would wait for a writer.
func openRegular(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	return os.Open(path)
}
