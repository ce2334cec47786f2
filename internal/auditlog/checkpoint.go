package auditlog

import (
	"context"
	"errors"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// WriteCheckpoint makes a signed checkpoint durable under its serial, where none
// is. It fails with class Audit. One whose answer was lost may be there: whoever
// tries again reads it first.
func (l *Log) WriteCheckpoint(ctx context.Context, serial uint64, data []byte) error {
	err := l.create(ctx, audit.CheckpointName(serial), data)
	if errors.Is(err, errTaken) || errors.Is(err, errConflict) {
		return fault.New(fault.Audit, "somebody else wrote checkpoint %d meanwhile", serial).WithHint("run the command again")
	}
	if err != nil {
		f := l.explain(err, doingWrite)
		if f.Hint == "" || fault.HintOf(err) == "" {
			f = f.WithHint("whoever makes checkpoints needs the right to write below %s/, and no writer has it", audit.CheckpointDir)
		}
		return f
	}
	return nil
}

// Address is the log's address in one spelling.
func (l *Log) Address() string { return l.heads.log }

// SeenCheckpoint is the newest checkpoint that this machine has verified; false
// for none.
func (l *Log) SeenCheckpoint() (audit.CheckpointRef, bool) {
	if l.heads.dir == "" {
		return audit.CheckpointRef{}, false
	}
	c, ok := l.heads.read(l.heads.path(audit.CheckpointDir))
	if !ok || c.Writer != audit.CheckpointDir || c.Head.Seq == 0 {
		return audit.CheckpointRef{}, false
	}
	return audit.CheckpointRef{Serial: c.Head.Seq, Hash: c.Head.Hash, Time: c.Time}, true
}

// SawCheckpoint remembers a checkpoint that was verified, unless a newer one was
// seen. It is a memory to compare with, so that it cannot be kept is not an
// error.
func (l *Log) SawCheckpoint(ref audit.CheckpointRef) {
	if before, ok := l.SeenCheckpoint(); ok && before.Serial >= ref.Serial || l.heads.dir == "" {
		return
	}
	l.heads.write(cached{
		Log: l.heads.log, Writer: audit.CheckpointDir, Time: ref.Time,
		Head: audit.Ref{Writer: audit.CheckpointDir, Seq: ref.Serial, Hash: ref.Hash},
	})
}
