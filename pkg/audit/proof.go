package audit

import "fmt"

// prove compares a record with the head that the checkpoint has of its chain.
func (w *walk) prove(l link) {
	if w.head == nil || l.seq != w.head.Seq {
		return
	}
	switch {
	case l.hash != w.head.Hash:
		w.chain.add(Problem{Seq: l.seq, Code: CodeReplaced, Text: fmt.Sprintf(
			"its SHA-256 is %s, and %s has %s: the record was edited, or the chain up to it was replaced", l.hash, w.checkpoint, w.head.Hash)})
	case w.chain.OK:
		w.chain.Proven = l.seq
	}
}

// truncated reports that a chain ends before the checkpoint's head of it.
func (w *walk) truncated() {
	if w.head == nil || w.last.seq >= w.head.Seq {
		return
	}
	w.chain.add(Problem{Seq: w.last.seq + 1, Code: CodeTruncated, Text: fmt.Sprintf(
		"the chain ends before it, and %s has %s: its end was cut off", w.checkpoint, Name(w.head.Writer, w.head.Seq))})
}

// head is what the checkpoint has of a chain; nil for none.
func (o Options) head(writer string) *Head {
	if o.Checkpoint == nil {
		return nil
	}
	for i := range o.Checkpoint.Chains {
		if o.Checkpoint.Chains[i].Writer == writer {
			return &o.Checkpoint.Chains[i]
		}
	}
	return nil
}

// String names the checkpoint in a sentence.
func (c Checkpoint) String() string {
	return fmt.Sprintf("checkpoint %d of %s", c.Serial, stamp(c.Time))
}

// vanished reports the chains of the checkpoint that are gone as a whole.
func (v *verifier) vanished(writers []string, report *Report) {
	if v.options.Checkpoint == nil {
		return
	}
	there := map[string]bool{}
	for _, writer := range writers {
		there[writer] = true
	}
	for _, h := range v.options.Checkpoint.Chains {
		if !there[h.Writer] && v.wanted(h.Writer) {
			report.add(Problem{Writer: h.Writer, Seq: 1, Code: CodeTruncated, Text: fmt.Sprintf(
				"the whole chain is gone, and %s has %d records of it", v.options.Checkpoint, h.Records)})
		}
	}
}
