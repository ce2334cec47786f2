package auditlog

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"github.com/jitaccess/jit/pkg/audit"
)

// holds reads a record and, at the same time, the one before it; ok says that
// the one is good and names the other.
func (l *Log) holds(ctx context.Context, writer string, seq uint64) (r audit.Record, ok bool, err error) {
	var (
		wg        sync.WaitGroup
		before    string
		beforeErr error
	)
	if seq > 1 {
		wg.Go(func() { before, beforeErr = l.hashOf(ctx, writer, seq-1) })
	}
	r, ok, err = l.record(ctx, writer, seq)
	wg.Wait()
	if err == nil {
		err = beforeErr
	}
	if err != nil || !ok {
		return audit.Record{}, false, err
	}
	return r, seq == 1 || before == r.Prev, nil // Decode has compared the prev of the first
}

// hashOf is the SHA-256 of a record, "" where there is none.
func (l *Log) hashOf(ctx context.Context, writer string, seq uint64) (string, error) {
	data, err := l.Read(ctx, audit.Name(writer, seq))
	switch {
	case errors.Is(err, fs.ErrNotExist), audit.IsSpoiled(err):
		return "", nil
	case err != nil:
		return "", err
	}
	return audit.Hash(data), nil
}
