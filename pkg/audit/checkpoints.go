package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// CheckpointOptions say what ReadCheckpoints compares checkpoints with.
type CheckpointOptions struct {
	// Verify says whether a signature is by somebody who may make checkpoints,
	// at the time that the statement has.
	Verify func(statement, signature []byte, at time.Time) error
	// Known are checkpoints that were seen before: on this machine, or as a copy
	// that was kept elsewhere.
	Known []CheckpointRef
}

// Checkpoints are those of a log.
type Checkpoints struct {
	Count uint64 // of names that are there
	// Newest is the last one whose signature verifies; nil for none.
	Newest   *SignedCheckpoint
	Problems []Problem
	// Last is the greatest serial that is taken, whatever has it.
	Last uint64
	// More is how many problems there are beside those that are listed.
	More uint64
}

// ReadCheckpoints verifies the signatures of a log's checkpoints, and the chain
// that they form. Its problems are those of the checkpoints alone; what the
// newest of them says of the log is for Verify. It keeps two of them in memory.
func ReadCheckpoints(ctx context.Context, store Store, o CheckpointOptions) (Checkpoints, error) {
	found := Checkpoints{Problems: []Problem{}}
	serials, err := found.list(ctx, store)
	if err != nil {
		return Checkpoints{}, err
	}
	r := &checkpointReader{store: store, options: o, found: &found, known: map[uint64][]CheckpointRef{}}
	for _, k := range o.Known {
		r.known[k.Serial] = append(r.known[k.Serial], k)
	}
	for _, serial := range serials {
		if err := r.step(ctx, serial); err != nil {
			return Checkpoints{}, err
		}
	}
	r.end()
	return found, nil
}

// list returns the serials that are there, in order.
func (c *Checkpoints) list(ctx context.Context, store Store) ([]uint64, error) {
	var serials []uint64
	for file, err := range store.Files(ctx, CheckpointDir) {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		serial, ok := parseCheckpointFile(file)
		if !ok {
			c.add(0, CodeForeign, "%q is no checkpoint's name", CheckpointDir+"/"+file)
			continue
		}
		serials = append(serials, serial)
	}
	slices.Sort(serials)
	c.Count = uint64(len(serials))
	if c.Count > 0 {
		c.Last = serials[c.Count-1]
	}
	return serials, nil
}

func (c *Checkpoints) add(serial uint64, code Code, format string, args ...any) {
	if len(c.Problems) == maxProblems {
		c.More++
		return
	}
	c.Problems = append(c.Problems, Problem{Writer: CheckpointDir, Seq: serial, Code: code, Text: fmt.Sprintf(format, args...)})
}

// checkpointReader goes through the checkpoints of a log.
type checkpointReader struct {
	store   Store
	options CheckpointOptions
	found   *Checkpoints
	known   map[uint64][]CheckpointRef
	before  *SignedCheckpoint // the one before, where it could be read
	last    uint64            // serial of the one before, whatever it is
}

// step reads one checkpoint and holds it against the one before.
func (r *checkpointReader) step(ctx context.Context, serial uint64) error {
	if missing := serial - r.last - 1; missing > 0 {
		r.found.add(r.last+1, CodeGap, "checkpoints %d to %d are missing", r.last+1, serial-1)
	}
	before := r.before
	if serial != r.last+1 {
		before = nil
	}
	r.before, r.last = nil, serial
	data, err := r.store.Read(ctx, CheckpointName(serial))
	if err != nil && !IsSpoiled(err) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var c SignedCheckpoint
	if err == nil {
		c, err = ParseCheckpoint(data)
	}
	if err != nil {
		r.found.add(serial, CodeMalformed, "%s", err)
		return nil
	}
	if r.holds(c, serial) {
		r.follows(c, before)
		r.before, r.found.Newest = &c, &c
	}
	return nil
}

// holds reports whether the checkpoint is the one that should be there.
func (r *checkpointReader) holds(c SignedCheckpoint, serial uint64) bool {
	if c.Serial != serial {
		r.found.add(serial, CodeMisplaced, "it says that it is checkpoint %d: an older one was put in its place, or a newer", c.Serial)
		return false
	}
	if err := r.options.Verify(c.Statement, c.Signature, c.Time); err != nil {
		r.found.add(serial, CodeSignature, "%s", err)
		return false
	}
	ok := true
	for _, k := range r.known[serial] {
		if k.Hash != c.Hash {
			r.found.add(serial, CodeReplaced, "its SHA-256 is %s, and was %s when it was seen before", c.Hash, k.Hash)
			ok = false
		}
	}
	delete(r.known, serial)
	return ok
}

func (r *checkpointReader) follows(c SignedCheckpoint, before *SignedCheckpoint) {
	switch {
	case before == nil: // it is the first, or what is wrong with the one before was told
	case c.Previous.Hash != before.Hash:
		r.found.add(c.Serial, CodeBroken, "it follows a checkpoint with SHA-256 %s, and the one before it has %s", c.Previous.Hash, before.Hash)
	case c.Time.Before(before.Time):
		r.found.add(c.Serial, CodeBroken, "it is of %s, before the one that it follows, of %s", stamp(c.Time), stamp(before.Time))
	}
}

// end tells of checkpoints that are known and newer than all that are there:
// whoever cuts off the newest, presents an older one for it.
func (r *checkpointReader) end() {
	newest := uint64(0)
	for serial := range r.known {
		newest = max(newest, serial)
	}
	if newest <= r.last {
		return // one from the middle was told as a gap
	}
	k := r.known[newest][0]
	if r.last == 0 {
		r.found.add(newest, CodeOlder, "the log has no checkpoint, and this one of %s is known", stamp(k.Time))
		return
	}
	r.found.add(newest, CodeOlder, "the newest checkpoint that the log has is %d, and this one of %s is known: an older one is presented", r.last, stamp(k.Time))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
