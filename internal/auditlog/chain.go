package auditlog

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"sync"

	"github.com/jitaccess/jit/pkg/audit"
)

// aheadOf is how many records of a chain are read at the same time.
const aheadOf = 8

// chain is one writer's records, being listed in one direction.
type chain struct {
	log    *Log
	writer string
	ahead  []entry // read and not yet taken
	next   uint64  // newest first: the record to read next
	done   bool    // nothing is left to read

	pull func() (string, error, bool) // oldest first: the next name
	stop func()                       // set with pull
}

// entry is a record, or what it has instead.
type entry struct {
	record audit.Record
	err    error // not fatal: the record cannot be shown
	gone   bool
	fatal  error
}

// take returns the next record.
func (c *chain) take() entry {
	e := c.ahead[0]
	c.ahead = c.ahead[1:]
	return e
}

// before says whose record comes first. Those that cannot be shown have no
// time, and come at once.
func (c *chain) before(other *chain, oldest bool) bool {
	a, b := c.ahead[0], other.ahead[0]
	if a.err != nil || b.err != nil {
		return a.err != nil && b.err == nil
	}
	if oldest {
		return a.record.Time.Before(b.record.Time)
	}
	return a.record.Time.After(b.record.Time)
}

// fill reads the next few records, until there is one or none is left.
func (c *chain) fill(ctx context.Context, oldest bool) error {
	for !c.done && len(c.ahead) == 0 {
		seqs, err := c.upcoming(ctx, oldest)
		if err != nil {
			return err
		}
		for _, e := range c.log.entries(ctx, c.writer, seqs) {
			if e.fatal != nil {
				return e.fatal
			}
			if !e.gone {
				c.ahead = append(c.ahead, e)
			}
		}
		if len(c.ahead) > 0 || oldest {
			continue
		}
		if err := c.skip(ctx); err != nil {
			return err
		}
	}
	return nil
}

// close ends the listing.
func (c *chain) close() {
	if c.stop != nil {
		c.stop()
	}
}

// upcoming are the sequence numbers to read next.
func (c *chain) upcoming(ctx context.Context, oldest bool) ([]uint64, error) {
	var seqs []uint64
	if !oldest {
		for ; c.next > 0 && len(seqs) < aheadOf; c.next-- {
			seqs = append(seqs, c.next)
		}
		c.done = c.next == 0
		return seqs, nil
	}
	if c.pull == nil {
		c.pull, c.stop = iter.Pull2(c.log.Files(ctx, c.writer))
	}
	for len(seqs) < aheadOf {
		name, err, ok := c.pull()
		if !ok || err != nil {
			c.done = true
			return seqs, err
		}
		if seq, ok := audit.ParseFileName(name); ok {
			seqs = append(seqs, seq)
		}
	}
	return seqs, nil
}

// skip goes to the far side of a hole.
func (c *chain) skip(ctx context.Context) error {
	if c.done {
		return nil
	}
	seq, err := c.log.last(ctx, c.writer, 0, c.next+1)
	if err != nil {
		return c.log.readFault(err, doingList)
	}
	c.next, c.done = seq, seq == 0
	return nil
}

// entries reads records side by side.
func (l *Log) entries(ctx context.Context, writer string, seqs []uint64) []entry {
	entries := make([]entry, len(seqs))
	var wg sync.WaitGroup
	for i, seq := range seqs {
		wg.Go(func() { entries[i] = l.entry(ctx, writer, seq) })
	}
	wg.Wait()
	return entries
}

func (l *Log) entry(ctx context.Context, writer string, seq uint64) entry {
	data, err := l.Read(ctx, audit.Name(writer, seq))
	e := entry{record: audit.Record{Writer: writer, Seq: seq, Raw: data}}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.gone = true
	case audit.IsSpoiled(err):
		e.err = spoiled(writer, seq, err)
	case err != nil:
		e.fatal = err
	default:
		r, err := audit.Decode(data)
		if err != nil {
			e.err = spoiled(writer, seq, err)
			break
		}
		e.record = r
	}
	return e
}
