package auditlog

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

const (
	// AppendLimit is how long Append takes at most, waiting for others
	// included. Ctrl-C does not end it: a record that was begun is finished.
	AppendLimit = 30 * time.Second
	// settle is how much of it is kept for a store that was told to stop to say
	// what it could not do. One that does not even stop is left behind.
	settle = time.Second
	// attemptLimit is how long one write may go unanswered before its bytes are
	// sent again.
	attemptLimit = 8 * time.Second
	// maxUnsent is how often a store that is not reached is tried: a machine
	// that is offline should say so soon.
	maxUnsent = 3
	// walks is how many records of others are read one after the other before
	// the end of the chain is searched for.
	walks = 2
)

// What a log could not do.
const (
	doingWrite = "be written"
	doingRead  = "be read"
	doingList  = "be listed"
)

// Append puts an event at the end of a writer's chain and returns when the
// record is durable. Writer is a name that audit.EscapeID or the config makes,
// without the .2 of a continuation. The event gets a UID where it has none. It
// fails with class Audit; after AppendLimit it is not known whether the record
// was written.
func (l *Log) Append(ctx context.Context, writer string, event audit.Event) (audit.Ref, error) {
	if _, part := audit.SplitWriter(writer); !audit.IsWriter(writer) || part != 1 {
		return audit.Ref{}, fault.New(fault.Audit, "%q cannot be a writer of the audit log", writer).
			WithHint("set audit.writer to up to 64 of A-Z a-z 0-9 = -")
	}
	if event.UID == "" {
		uid, err := l.uid()
		if err != nil {
			return audit.Ref{}, err
		}
		event.UID = uid
	}
	if event.Version == "" {
		event.Version = l.version
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), AppendLimit-settle)
	defer cancel()
	return l.bounded(ctx, func() (audit.Ref, error) { return l.inTurn(ctx, writer, event) })
}

// inTurn appends an event when nobody else of this process, or for a while of
// this machine, appends to the same chain.
func (l *Log) inTurn(ctx context.Context, writer string, event audit.Event) (audit.Ref, error) {
	done, err := l.turn(ctx, writer)
	if err != nil {
		return audit.Ref{}, err
	}
	defer done()
	defer l.heads.lock(ctx, writer)()
	a := &appending{log: l, event: event}
	ref, err := a.run(ctx, writer)
	if err != nil {
		return audit.Ref{}, err
	}
	l.heads.set(writer, ref)
	return ref, nil
}

// bounded returns what a call returns, or goes on without it: a file system
// that hangs does not mind a context. The call keeps its turn until it ends.
func (l *Log) bounded(ctx context.Context, call func() (audit.Ref, error)) (audit.Ref, error) {
	type answer struct {
		ref audit.Ref
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		ref, err := call()
		answered <- answer{ref, err}
	}()
	select {
	case a := <-answered:
		return a.ref, a.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(settle)
	defer timer.Stop()
	select {
	case a := <-answered:
		return a.ref, a.err
	case <-timer.C:
		f := l.explain(ctx.Err(), doingWrite)
		f.Msg = noAnswer() + "; the record may have been written"
		return audit.Ref{}, f
	}
}

// appending is one event on its way to the end of a chain.
type appending struct {
	log   *Log
	event audit.Event
	head  audit.Ref // the last record as far as is known; seq 0 for none
	// good is the last good record of the chain that head's continues, where
	// head is none yet.
	good  *audit.Ref
	lost  bool // a write went unanswered
	walks int  // records of others that were read in a row
}

func (a *appending) run(ctx context.Context, writer string) (audit.Ref, error) {
	head, remembered := a.log.heads.get(writer)
	if !remembered {
		// Nothing is known: try the first place at once. Where it is taken the
		// end is searched for, since it may be far.
		head, a.walks = audit.Ref{Writer: writer, Hash: audit.FirstPrev}, walks
	}
	a.head = head
	for try := 0; ; try++ {
		if a.event.Continues = nil; a.head.Seq == 0 {
			a.event.Continues = a.good
		}
		data, err := audit.Encode(a.event, a.head.Writer, a.head.Seq+1, a.head.Hash)
		if err != nil {
			return audit.Ref{}, fault.Wrap(fault.Audit, err, "the audit record cannot be made").
				WithHint("shorten --reason, or report this with the ticket's fields")
		}
		ref := audit.Ref{Writer: a.head.Writer, Seq: a.head.Seq + 1, Hash: audit.Hash(data)}
		err = a.put(ctx, audit.Name(ref.Writer, ref.Seq), data, ref.Hash)
		if err == nil {
			return ref, nil
		}
		if !errors.Is(err, errTaken) {
			return audit.Ref{}, a.fault(ctx, err, doingWrite)
		}
		a.lost = false // what took the place is there to be read
		if err := a.advance(ctx, ref.Seq); err != nil {
			return audit.Ref{}, a.fault(ctx, err, doingRead)
		}
		if a.head.Hash == ref.Hash {
			return ref, nil // the record that took the place is this one
		}
		a.log.pause(ctx, jitter(try, 5*time.Millisecond, 300*time.Millisecond))
	}
}

// put writes a record's bytes at their place until it is known that they are
// there, or something else is.
func (a *appending) put(ctx context.Context, name string, data []byte, hash string) error {
	unsent := 0
	for try := 0; ; try++ {
		if err := ctx.Err(); err != nil {
			return err // nobody waits any more
		}
		attempt, cancel := context.WithTimeout(ctx, attemptLimit)
		err := a.log.create(attempt, name, data)
		cancel()
		switch {
		case errors.Is(err, errTaken) && a.lost:
			return a.whose(ctx, name, hash)
		case errors.Is(err, errUnclear):
			a.lost = true
		case errors.Is(err, errUnsent) && unsent < maxUnsent-1:
			unsent++
		case errors.Is(err, errConflict):
		default:
			return err
		}
		if ctx.Err() != nil {
			return err
		}
		a.log.pause(ctx, jitter(try, 50*time.Millisecond, 2*time.Second))
	}
}

// whose decides whether the record that has a name is the one whose writing was
// not answered.
func (a *appending) whose(ctx context.Context, name, hash string) error {
	there, err := a.log.Read(ctx, name)
	if err != nil && !audit.IsSpoiled(err) {
		return err
	}
	if err == nil && audit.Hash(there) == hash {
		return nil
	}
	return errTaken
}

// advance finds the end of the chain, seq of which is taken.
func (a *appending) advance(ctx context.Context, seq uint64) error {
	if a.walks < walks {
		a.walks++
		r, ok, err := a.log.record(ctx, a.head.Writer, seq)
		if err != nil {
			return err
		}
		if ok && r.Prev == a.head.Hash {
			a.head = r.Ref()
			return nil
		}
	}
	a.walks = 0
	last, err := a.log.last(ctx, a.head.Writer, seq, audit.MaxSeq+1)
	if err != nil {
		return err
	}
	r, ok, err := a.log.holds(ctx, a.head.Writer, last)
	if err != nil {
		return err
	}
	if !ok || last == audit.MaxSeq {
		return a.goOn(ctx, last)
	}
	a.head = r.Ref()
	return nil
}

// goOn leaves a spoiled chain, and begins the one that continues it with the
// name of the last good record.
func (a *appending) goOn(ctx context.Context, spoiled uint64) error {
	good, err := a.log.lastGood(ctx, a.head.Writer, spoiled)
	if err != nil {
		return err
	}
	next := audit.ContinuedBy(a.head.Writer)
	if !audit.IsWriter(next) {
		return fault.New(fault.Audit, "the chain of %s was spoiled too often", a.head.Writer).
			WithHint("run jit audit verify, and give this writer another name with audit.writer")
	}
	a.good = &good
	a.head, a.walks = audit.Ref{Writer: next, Hash: audit.FirstPrev}, walks
	return nil
}

func noAnswer() string { return "the audit log did not answer within " + AppendLimit.String() }

// fault is the error of an append.
func (a *appending) fault(ctx context.Context, err error, doing string) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Class == fault.Audit {
		return err
	}
	f := a.log.explain(err, doing)
	if ctx.Err() != nil {
		f.Msg = noAnswer()
	}
	if a.lost {
		f.Msg += "; the record may have been written"
	}
	return f
}

// jitter is a random pause that grows with each try.
func jitter(try int, least, most time.Duration) time.Duration {
	d := min(least<<min(try, 10), most)
	return rand.N(d) + 1
}

// record reads one record; ok is false where its bytes are none, or say that
// they belong elsewhere.
func (l *Log) record(ctx context.Context, writer string, seq uint64) (r audit.Record, ok bool, err error) {
	data, err := l.Read(ctx, audit.Name(writer, seq))
	switch {
	case errors.Is(err, fs.ErrNotExist), audit.IsSpoiled(err):
		return audit.Record{}, false, nil
	case err != nil:
		return audit.Record{}, false, err
	}
	r, err = audit.Decode(data)
	if err != nil || r.Writer != writer || r.Seq != seq {
		return audit.Record{}, false, nil //nolint:nilerr // it is a finding, not a failure
	}
	return r, true, nil
}
