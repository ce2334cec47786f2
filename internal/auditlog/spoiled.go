package auditlog

import (
	"context"
	"errors"
	"io/fs"

	"github.com/jitaccess/jit/pkg/audit"
)

// goodTries bounds how far back the last good record is looked for. Where it is
// further, the continuation says that none is good, and verify says which are.
const goodTries = 8

// follows reports whether the record before r is the one that r names.
func (l *Log) follows(ctx context.Context, r audit.Record) (bool, error) {
	if r.Seq == 1 {
		return true, nil // Decode has compared its prev
	}
	data, err := l.Read(ctx, audit.Name(r.Writer, r.Seq-1))
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, audit.ErrTooLarge):
		return false, nil
	case err != nil:
		return false, err
	}
	return audit.Hash(data) == r.Prev, nil
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
