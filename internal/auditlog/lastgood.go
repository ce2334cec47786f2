package auditlog

import (
	"context"

	"github.com/jitaccess/jit/pkg/audit"
)

// goodTries is how many records are looked at one after the other, from the
// end, before the good ones are searched for by bisection.
const goodTries = 8

// lastGood finds the last good record before a spoiled one; its Seq is 0 where
// none is found. Behind more than a few bad ones it finds a good record whose
// successor is bad: the last one, unless good and bad alternate. The first
// record of a chain, where it is good, is never missed.
func (l *Log) lastGood(ctx context.Context, writer string, below uint64) (audit.Ref, error) {
	none := audit.Ref{Writer: writer, Hash: audit.FirstPrev}
	for range goodTries {
		seq, err := l.last(ctx, writer, 0, below)
		if err != nil || seq == 0 {
			return none, err
		}
		ref, good, err := l.good(ctx, writer, seq)
		if err != nil || good {
			return ref, err
		}
		below = seq
	}
	return l.bisect(ctx, none, below)
}

// bisect narrows the gap between a good record, or none, and a bad one above
// it. Somebody may have put a million bad ones there, or one far away.
func (l *Log) bisect(ctx context.Context, found audit.Ref, bad uint64) (audit.Ref, error) {
	for low := found.Seq; low+1 < bad; {
		middle := low + (bad-low)/2
		ref, good, err := l.good(ctx, found.Writer, middle)
		if err == nil && ref.Seq == 0 { // nothing is there: look below it
			ref, good, err = l.goodBelow(ctx, found, middle)
		}
		switch {
		case err != nil:
			return found, err
		case ref.Seq == found.Seq: // nothing in between
			low = middle
		case good:
			found, low = ref, middle
		default:
			bad = ref.Seq
		}
	}
	return found, nil
}

// goodBelow looks at the last record between a good one and a bound, or is the
// good one where there is none.
func (l *Log) goodBelow(ctx context.Context, found audit.Ref, bound uint64) (ref audit.Ref, good bool, err error) {
	seq, err := l.last(ctx, found.Writer, found.Seq, bound)
	if err != nil || seq == found.Seq {
		return found, true, err
	}
	if ref, good, err = l.good(ctx, found.Writer, seq); ref.Seq == 0 {
		ref = audit.Ref{Writer: found.Writer, Seq: seq} // listed, and not to be had
	}
	return ref, good, err
}

// good reads one record; the Seq of what it returns is 0 where there is none.
func (l *Log) good(ctx context.Context, writer string, seq uint64) (ref audit.Ref, good bool, err error) {
	e := l.entry(ctx, writer, seq)
	switch {
	case e.fatal != nil || e.gone:
		return audit.Ref{}, false, e.fatal
	case e.err == nil && e.record.Writer == writer && e.record.Seq == seq:
		return e.record.Ref(), true, nil
	}
	return audit.Ref{Writer: writer, Seq: seq}, false, nil
}
