package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// begin checks what the first record that a chain has can tell of the chain
// before it.
func (v *verifier) begin(ctx context.Context, first link, chain *Chain) error {
	if chain.Records > 0 {
		return nil
	}
	if before := continuedFrom(chain.Writer); before != "" {
		has, err := v.hasRecord(ctx, before)
		if err != nil {
			return err
		}
		if !has {
			chain.add(Problem{Seq: first.seq, Code: CodeBroken, Text: fmt.Sprintf("the chain goes on from %s, which has no record", before)})
			return nil
		}
	}
	if first.seq == 1 && first.err == nil { // any other is reported for that
		return v.continuation(ctx, first, chain)
	}
	return nil
}

// continuedFrom is the chain that a continuation goes on from, "" for a chain
// that is none.
func continuedFrom(writer string) string {
	switch base, part := SplitWriter(writer); part {
	case 0, 1:
		return ""
	case 2:
		return base
	default:
		return fmt.Sprintf("%s.%d", base, part-1)
	}
}

// hasRecord reports whether a chain has the name of any record.
func (v *verifier) hasRecord(ctx context.Context, writer string) (bool, error) {
	for file, err := range v.store.Files(ctx, writer) {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if _, ok := ParseFileName(file); ok {
			return true, nil
		}
	}
	return false, nil
}

// continuation checks that the first record of WRITER.2 and its like names a
// record of the chain before it, as it is there.
func (v *verifier) continuation(ctx context.Context, first link, chain *Chain) error {
	before, from := continuedFrom(chain.Writer), first.record.Continues
	broken := func(format string, args ...any) error {
		chain.add(Problem{Seq: 1, Code: CodeBroken, Text: fmt.Sprintf(format, args...)})
		return nil
	}
	switch {
	case before == "" && from != nil:
		return broken("the chain is no continuation, and says that it continues %q", Name(from.Writer, from.Seq))
	case before == "":
		return nil
	case from == nil:
		return broken("the record does not say which record of %s it goes on from", before)
	case from.Writer != before:
		return broken("the record goes on from %q, not from %s", from.Writer, before)
	case from.Seq == 0: // nothing of that chain was good
		return v.forked(ctx, *from, chain)
	}
	data, err := v.store.Read(ctx, Name(from.Writer, from.Seq))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return broken("the record goes on from %q, which is not there", Name(from.Writer, from.Seq))
	case err != nil && !IsSpoiled(err):
		return err
	case err != nil || Hash(data) != from.Hash:
		return broken("the record goes on from %q with SHA-256 %q, which it no longer has", Name(from.Writer, from.Seq), from.Hash)
	}
	return v.forked(ctx, *from, chain)
}

// forked reports a continuation of a record that a good one follows already: it
// left a chain that was not spoiled there.
func (v *verifier) forked(ctx context.Context, from Ref, chain *Chain) error {
	next := Name(from.Writer, from.Seq+1)
	data, err := v.store.Read(ctx, next)
	if errors.Is(err, fs.ErrNotExist) || IsSpoiled(err) {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := Decode(data)
	if err == nil && r.Writer == from.Writer && r.Seq == from.Seq+1 && r.Prev == from.Hash {
		chain.add(Problem{Seq: 1, Code: CodeFork, Text: fmt.Sprintf(
			"it goes on from record %d of %s, which %s follows too", from.Seq, from.Writer, next)})
	}
	return nil // a record that is none is told of on its own chain
}
