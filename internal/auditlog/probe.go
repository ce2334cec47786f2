package auditlog

import (
	"context"
	"errors"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// Probe proves that records can be written, read back and never overwritten. It
// leaves one record, of the event, whose kind should be audit.Probe. The error
// has class Audit.
func (l *Log) Probe(ctx context.Context, writer string, event audit.Event) (audit.Ref, error) {
	ref, err := l.Append(ctx, writer, event)
	if err != nil {
		return audit.Ref{}, err
	}
	name := audit.Name(ref.Writer, ref.Seq)
	data, err := l.Read(ctx, name)
	if err != nil {
		return ref, err
	}
	if audit.Hash(data) != ref.Hash {
		return ref, fault.New(fault.Audit, "%s was changed right after it was written", name).
			WithHint("see who else may write to the audit log, and run jit audit verify")
	}
	// The same bytes once more: a store that takes them does no harm by it.
	switch err := l.create(ctx, name, data); {
	case err == nil:
		return ref, fault.New(fault.Audit, "the store overwrites records in spite of If-None-Match").
			WithHint("use a store that holds to it: what can be overwritten is no audit log")
	case !errors.Is(err, errTaken) && !errors.Is(err, errConflict):
		return ref, l.explain(err, doingWrite)
	}
	return ref, nil
}

// Head finds the last record of a writer, of a continuation where there is one,
// without writing anything. Its Seq is 0 where the writer has no record. The
// error has class Audit.
func (l *Log) Head(ctx context.Context, writer string) (audit.Ref, error) {
	seq, err := l.last(ctx, writer, 0, audit.MaxSeq+1)
	if err != nil {
		return audit.Ref{}, l.readFault(err, doingRead)
	}
	for seq > 0 {
		next := audit.ContinuedBy(writer)
		s, err := l.last(ctx, next, 0, audit.MaxSeq+1)
		if err != nil {
			return audit.Ref{}, l.readFault(err, doingRead)
		}
		if s == 0 {
			break
		}
		writer, seq = next, s
	}
	if seq == 0 {
		return audit.Ref{Writer: writer, Hash: audit.FirstPrev}, nil
	}
	data, err := l.Read(ctx, audit.Name(writer, seq))
	if err != nil {
		return audit.Ref{}, err
	}
	return audit.Ref{Writer: writer, Seq: seq, Hash: audit.Hash(data)}, nil
}
