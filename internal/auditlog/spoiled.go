package auditlog

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"github.com/jitaccess/jit/pkg/audit"
)

// goodTries bounds how far back the last good record is looked for. Where it is
// further, the continuation says that none is good, and verify says which are.
const goodTries = 8

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
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, audit.ErrTooLarge):
		return "", nil
	case err != nil:
		return "", err
	}
	return audit.Hash(data), nil
}

// lastGood finds the last record before a spoiled one that can be read; its Seq
// is 0 where there is none.
func (l *Log) lastGood(ctx context.Context, writer string, below uint64) (audit.Ref, error) {
	none := audit.Ref{Writer: writer, Hash: audit.FirstPrev}
	for range goodTries {
		seq, err := l.last(ctx, writer, 0, below)
		if err != nil || seq == 0 {
			return none, err
		}
		r, ok, err := l.record(ctx, writer, seq)
		if err != nil {
			return none, err
		}
		if ok {
			return r.Ref(), nil
		}
		below = seq
	}
	return none, nil
}
