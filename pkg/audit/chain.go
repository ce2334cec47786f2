package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// walk is a chain being verified, record by record.
type walk struct {
	chain *Chain
	known map[uint64][]string // hashes of known records by sequence number
	owner owner
	last  link // the record before; seq 0 for none
	// beforeLast is the hash of the record before that, "" where there is none.
	beforeLast string
	head       *Head  // that the checkpoint has of the chain; nil for none
	checkpoint string // in words, set with head
}

// verify fills in what is found about one writer's chain.
func (v *verifier) verify(ctx context.Context, writer string, chain *Chain) error {
	*chain = Chain{Writer: writer, OK: true, Problems: []Problem{}}
	w := &walk{
		chain: chain, known: v.options.known(writer), owner: v.options.owner(writer),
		head: v.options.head(writer),
	}
	if w.head != nil {
		w.checkpoint = v.options.Checkpoint.String()
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
		if err := v.begin(ctx, l, chain); err != nil {
			return err
		}
		w.step(l)
		if v.options.Done != nil {
			v.options.Done.Add(1)
		}
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
	case l.reordered(c.Writer):
		c.add(Problem{Seq: l.seq, Code: CodeReordered, Text: fmt.Sprintf("the record says that it is %s of this chain", FileName(l.record.Seq))})
	case l.record.Writer != c.Writer || l.record.Seq != l.seq:
		c.add(Problem{Seq: l.seq, Code: CodeMisplaced, Text: fmt.Sprintf("the record says that it is %s", Name(l.record.Writer, l.record.Seq))})
	case w.last.seq == l.seq-1 && w.last.hash != "" && l.record.Prev != w.last.hash:
		w.unlinked(l)
	}
	if l.err == nil {
		w.checkOwner(l)
	}
	for _, want := range w.known[l.seq] {
		if want != l.hash {
			c.add(Problem{Seq: l.seq, Code: CodeKnown, Text: fmt.Sprintf("its SHA-256 is %s, and was %s when it was written", l.hash, want)})
		}
	}
	delete(w.known, l.seq)
	w.prove(l)
	w.last, w.beforeLast = l, w.last.hash
}

// reordered reports whether the record belongs elsewhere on the same chain.
func (l link) reordered(writer string) bool {
	return l.seq > 0 && l.err == nil && l.record.Writer == writer && l.record.Seq != l.seq
}

// unlinked tells why a record does not follow the one before it.
func (w *walk) unlinked(l link) {
	switch {
	case w.last.reordered(w.chain.Writer): // which was told, and says why
	case w.beforeLast != "" && l.record.Prev == w.beforeLast && w.last.err == nil && w.last.record.Prev == w.beforeLast:
		w.chain.add(Problem{Seq: l.seq, Code: CodeFork, Text: fmt.Sprintf(
			"it follows record %d, as record %d does: the chain forks there", l.seq-2, w.last.seq)})
	default:
		w.chain.add(Problem{Seq: w.last.seq, Code: CodeEdited, Text: fmt.Sprintf(
			"its SHA-256 is %s, and record %d follows one with %s: one of the two was changed", w.last.hash, l.seq, l.record.Prev)})
	}
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
		for _, hash := range w.known[seq] {
			w.chain.add(Problem{Seq: seq, Code: CodeKnown, Text: fmt.Sprintf("a record with SHA-256 %q is known to have been written, and is gone", hash)})
		}
	}
	w.truncated()
	if w.last.seq > 0 {
		w.chain.Head = &Ref{Writer: w.chain.Writer, Seq: w.last.seq, Hash: w.last.hash}
	}
}

// known are the hashes that records of a chain are known to have had. Two of
// the same number cannot both be there.
func (o Options) known(writer string) map[uint64][]string {
	known := map[uint64][]string{}
	for _, k := range o.Known {
		if k.Writer == writer && !slices.Contains(known[k.Seq], k.Hash) {
			known[k.Seq] = append(known[k.Seq], k.Hash)
		}
	}
	return known
}
