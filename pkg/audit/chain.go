package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// walk is a chain being verified, record by record.
type walk struct {
	chain *Chain
	known map[uint64]string // hashes of known records by sequence number
	owner owner
	last  link // the record before; seq 0 for none
}

// verify fills in what is found about one writer's chain.
func (v *verifier) verify(ctx context.Context, writer string, chain *Chain) error {
	*chain = Chain{Writer: writer, OK: true, Problems: []Problem{}}
	w := &walk{chain: chain, known: map[uint64]string{}, owner: v.options.owner(writer)}
	for _, k := range v.options.Known {
		if k.Writer == writer {
			w.known[k.Seq] = k.Hash
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	queue, ended := v.fetch(ctx, writer)
	defer func() {
		cancel()
		for range queue { // no goroutine of fetch outlives the chain
		}
	}()
	for slot := range queue {
		l := <-slot
		if failed, ok := errors.AsType[*storeError](l.err); ok {
			return failed.err
		}
		if l.seq == 0 {
			chain.add(Problem{Code: CodeForeign, Text: fmt.Sprintf("%q is no record's name", writer+"/"+l.file)})
			continue
		}
		if l.seq == 1 && l.err == nil { // one with an error is reported for that
			if err := v.continuation(ctx, l, chain); err != nil {
				return err
			}
		}
		w.step(l)
	}
	if err := ended(); err != nil {
		return err
	}
	w.end()
	return nil
}

// step compares a record with its name, with the record before and with what
// is known about it.
func (w *walk) step(l link) {
	c := w.chain
	c.Records++
	if missing := l.seq - w.last.seq - 1; missing > 0 {
		c.add(Problem{Seq: w.last.seq + 1, Code: CodeGap, Text: fmt.Sprintf("records %d to %d are missing", w.last.seq+1, l.seq-1)})
	}
	switch {
	case l.err != nil:
		c.add(Problem{Seq: l.seq, Code: CodeMalformed, Text: l.err.Error()})
	case l.record.Writer != c.Writer || l.record.Seq != l.seq:
		c.add(Problem{Seq: l.seq, Code: CodeMisplaced, Text: fmt.Sprintf("the record says that it is %s", Name(l.record.Writer, l.record.Seq))})
	case w.last.seq == l.seq-1 && w.last.hash != "" && l.record.Prev != w.last.hash:
		c.add(Problem{Seq: w.last.seq, Code: CodeEdited, Text: fmt.Sprintf(
			"its SHA-256 is %s, and record %d follows one with %s: one of the two was changed", w.last.hash, l.seq, l.record.Prev)})
	}
	if l.err == nil {
		w.checkOwner(l)
	}
	if want, ok := w.known[l.seq]; ok {
		delete(w.known, l.seq)
		if want != l.hash {
			c.add(Problem{Seq: l.seq, Code: CodeKnown, Text: fmt.Sprintf("its SHA-256 is %s, and was %s when it was written", l.hash, want)})
		}
	}
	w.last = l
}

func (w *walk) checkOwner(l link) {
	id := l.record.Principal.ID
	if l.record.Kind == Probe && id == "" || w.owner.is(id) {
		return
	}
	w.chain.add(Problem{Seq: l.seq, Code: CodePrincipal, Text: fmt.Sprintf("the record is about %q, and the chain is %s", id, w.owner)})
}

// end reports what should have been there.
func (w *walk) end() {
	for _, seq := range slices.Sorted(maps.Keys(w.known)) {
		w.chain.add(Problem{Seq: seq, Code: CodeKnown, Text: "the record is known to have been written, and is gone"})
	}
	if w.last.seq > 0 {
		w.chain.Head = &Ref{Writer: w.chain.Writer, Seq: w.last.seq, Hash: w.last.hash}
	}
}

// continuation checks that the first record of WRITER.2 and its like names a
// record of the chain before it, as it is there.
func (v *verifier) continuation(ctx context.Context, first link, chain *Chain) error {
	base, part := SplitWriter(chain.Writer)
	from := first.record.Continues
	broken := func(format string, args ...any) error {
		chain.add(Problem{Seq: 1, Code: CodeBroken, Text: fmt.Sprintf(format, args...)})
		return nil
	}
	before := base
	if part > 2 {
		before = fmt.Sprintf("%s.%d", base, part-1)
	}
	switch {
	case part == 1 && from != nil:
		return broken("the chain is no continuation, and says that it continues %q", Name(from.Writer, from.Seq))
	case part == 1:
		return nil
	case from == nil:
		return broken("the record does not say which record of %s it goes on from", before)
	case from.Writer != before:
		return broken("the record goes on from %q, not from %s", from.Writer, before)
	case from.Seq == 0:
		return nil // nothing of that chain was good
	}
	data, err := v.store.Read(ctx, Name(from.Writer, from.Seq))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return broken("the record goes on from %q, which is not there", Name(from.Writer, from.Seq))
	case err != nil && !errors.Is(err, ErrTooLarge):
		return err
	case err != nil || Hash(data) != from.Hash:
		return broken("the record goes on from %q with SHA-256 %q, which it no longer has", Name(from.Writer, from.Seq), from.Hash)
	}
	return nil
}

// owner says whom the records of a chain may be about.
type owner struct {
	base string // of the writer; "" where it does not matter
	id   string // the mapped principal; "" where the writer's name must be its
}

func (o Options) owner(writer string) owner {
	if len(o.Principals) == 0 {
		return owner{}
	}
	base, _ := SplitWriter(writer)
	return owner{base: base, id: o.Principals[base]}
}

func (o owner) is(id string) bool {
	return o.base == "" || o.id != "" && o.id == id || o.id == "" && EscapeID(id) == o.base
}

func (o owner) String() string {
	if o.id != "" {
		return fmt.Sprintf("%q's", o.id)
	}
	return "that of " + o.base
}
