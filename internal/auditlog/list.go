package auditlog

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jitaccess/jit/pkg/audit"
)

// Filter chooses records. A zero field chooses all.
type Filter struct {
	Writer      string // with its continuations
	Grant       string // id
	Ticket      string // key
	Kind        audit.Kind
	Who         string    // the principal's id or name, in any case; or the chain's writer
	Entitlement string    // of the record, or among those that a denial considered
	Since       time.Time // the event's time is not before
	Until       time.Time // the event's time is before
	Oldest      bool      // oldest first; newest first otherwise
}

func (f Filter) takes(r audit.Record) bool {
	return (f.Grant == "" || f.Grant == r.Grant) &&
		(f.Ticket == "" || f.Ticket == r.Ticket) &&
		(f.Kind == "" || f.Kind == r.Kind) &&
		(f.Who == "" || f.isAbout(r)) &&
		(f.Entitlement == "" || f.Entitlement == r.Entitlement || slices.Contains(r.Entitlements, f.Entitlement)) &&
		(f.Since.IsZero() || !r.Time.Before(f.Since)) &&
		(f.Until.IsZero() || r.Time.Before(f.Until))
}

func (f Filter) isAbout(r audit.Record) bool {
	base, _ := audit.SplitWriter(r.Writer)
	return strings.EqualFold(f.Who, r.Principal.ID) || strings.EqualFold(f.Who, r.Principal.Name) || f.Who == base
}

// skew is how far the clocks of two writers may be apart: what is looked for by
// time is looked for that much further.
const skew = 15 * time.Minute

// List yields records of all writers in the order of their times, each writer's
// in the order of its chain. Records that cannot be shown are yielded as
// errors, and the list goes on after them; other errors end it. All errors have
// class Audit. Nothing is verified.
func (l *Log) List(ctx context.Context, f Filter) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		chains, err := l.chains(ctx, f)
		if err != nil {
			yield(audit.Record{}, err)
			return
		}
		defer func() {
			for _, c := range chains {
				c.close()
			}
		}()
		for {
			c, err := l.nextOf(ctx, chains, f.Oldest)
			if err != nil {
				yield(audit.Record{}, err)
			}
			if c == nil || err != nil {
				return
			}
			e := c.take()
			if e.err == nil && beyond(e.record, f) {
				c.done, c.ahead = true, nil
				continue
			}
			if (e.err != nil || f.takes(e.record)) && !yield(e.record, e.err) {
				return
			}
		}
	}
}

// beyond reports whether nothing that is chosen can follow a record.
func beyond(r audit.Record, f Filter) bool {
	if f.Oldest {
		return !f.Until.IsZero() && r.Time.After(f.Until.Add(skew))
	}
	return !f.Since.IsZero() && r.Time.Before(f.Since.Add(-skew))
}

// Find returns all records of a grant, oldest first. It reads back to the
// grant's issuance; where that is not found, the whole log. A record that
// cannot be read is an error unless the issuance was found.
func (l *Log) Find(ctx context.Context, grant string) ([]audit.Record, error) {
	var records []audit.Record
	var bad error
	issued := false
	for r, err := range l.List(ctx, Filter{}) {
		if err != nil {
			if bad = errors.Join(bad, err); r.Seq == 0 {
				return nil, err
			}
			continue
		}
		if issued && r.Time.Before(records[len(records)-1].Time.Add(-skew)) {
			break
		}
		if r.Grant == grant {
			records = append(records, r)
			issued = issued || r.Kind == audit.Issued
		}
	}
	if !issued && bad != nil {
		return nil, bad
	}
	slices.Reverse(records)
	return records, nil
}

// Since returns the records on a writer's chain, its continuations included, whose
// time is not before from, newest first. One that cannot be read is an error.
func (l *Log) Since(ctx context.Context, writer string, from time.Time) ([]audit.Record, error) {
	var records []audit.Record
	for r, err := range l.List(ctx, Filter{Writer: writer, Since: from}) {
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// chains are those that may have what is chosen, each at its start or end.
func (l *Log) chains(ctx context.Context, f Filter) ([]*chain, error) {
	var chains []*chain
	for name, err := range l.Top(ctx) {
		if err != nil {
			return nil, err
		}
		writer, folder := strings.CutSuffix(name, "/")
		base, _ := audit.SplitWriter(writer)
		if folder && audit.IsWriter(writer) && (f.Writer == "" || f.Writer == writer || f.Writer == base) {
			chains = append(chains, &chain{log: l, writer: writer})
		}
	}
	if f.Oldest {
		return chains, nil
	}
	return chains, eachOf(chains, func(c *chain) error {
		seq, err := l.last(ctx, c.writer, 0, audit.MaxSeq+1)
		if err != nil {
			return l.readFault(err, doingList)
		}
		c.next, c.done = seq, seq == 0
		return nil
	})
}

// nextOf returns the chain whose next record comes next, or nil.
func (l *Log) nextOf(ctx context.Context, chains []*chain, oldest bool) (*chain, error) {
	empty := slices.DeleteFunc(slices.Clone(chains), func(c *chain) bool { return c.done || len(c.ahead) > 0 })
	if err := eachOf(empty, func(c *chain) error { return c.fill(ctx, oldest) }); err != nil {
		return nil, err
	}
	var best *chain
	for _, c := range chains {
		if len(c.ahead) == 0 {
			continue
		}
		if best == nil || c.before(best, oldest) {
			best = c
		}
	}
	return best, nil
}

// sideBySide is how many chains are asked at the same time.
const sideBySide = 8

// eachOf calls a function for each chain, several at a time.
func eachOf(chains []*chain, call func(*chain) error) error {
	errs := make([]error, len(chains))
	room := make(chan struct{}, sideBySide)
	var wg sync.WaitGroup
	for i, c := range chains {
		room <- struct{}{}
		wg.Go(func() {
			errs[i] = call(c)
			<-room
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err // one of them says enough
		}
	}
	return nil
}
