package auditlog

import (
	"context"
	"errors"
	"iter"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// Top, Files and Read make a Log an audit.Store. Their errors have class Audit;
// what they wrap, such as fs.ErrNotExist, stays to be asked for.

// Top yields the names directly below the log's prefix.
func (l *Log) Top(ctx context.Context) iter.Seq2[string, error] {
	return l.explained(l.backend.Top(ctx), doingList)
}

// Files yields the names below a writer's folder.
func (l *Log) Files(ctx context.Context, writer string) iter.Seq2[string, error] {
	return l.explained(l.backend.Files(ctx, writer), doingList)
}

// Read returns the bytes of a record.
func (l *Log) Read(ctx context.Context, name string) ([]byte, error) {
	data, err := l.backend.Read(ctx, name)
	if err != nil {
		return nil, l.readFault(err, doingRead)
	}
	return data, nil
}

func (l *Log) explained(names iter.Seq2[string, error], doing string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for name, err := range names {
			if err != nil {
				err = l.readFault(err, doing)
			}
			if !yield(name, err) {
				return
			}
		}
	}
}

func (l *Log) readFault(err error, doing string) error {
	if errors.Is(err, context.Canceled) {
		return fault.Wrap(fault.Cancelled, err, "stopped while the audit log was being read")
	}
	return l.explain(err, doing)
}

// Record returns one record. It fails with class Audit where it is not there,
// or is none.
func (l *Log) Record(ctx context.Context, writer string, seq uint64) (audit.Record, error) {
	data, err := l.Read(ctx, audit.Name(writer, seq))
	if err != nil {
		return audit.Record{}, err
	}
	r, err := audit.Decode(data)
	if err != nil {
		return audit.Record{}, spoiled(writer, seq, err)
	}
	return r, nil
}

// spoiled is the error of a record that cannot be shown.
func spoiled(writer string, seq uint64, err error) error {
	return fault.Wrap(fault.Audit, err, "%s is no record", audit.Name(writer, seq)).
		WithHint("run jit audit verify: it names all that is wrong")
}
