package audit

// Report is what Verify found.
type Report struct {
	OK      bool    `json:"ok"`
	Records uint64  `json:"records"`
	Chains  []Chain `json:"chains"`
	// Problems are those of no chain that is there, such as names that are no
	// writer's.
	Problems []Problem `json:"problems"`
	// More is how many such problems there are beside those that are listed.
	More uint64 `json:"more,omitempty"`
	// Checkpoint is the one that the log was compared with; nil for none. What
	// it covers is Chain.Proven.
	Checkpoint *CheckpointRef `json:"checkpoint,omitempty"`
	// Versions says whether the store was asked for overwritten and deleted
	// records.
	Versions Versions `json:"versions"`
}

// Chain is what Verify found about the chain of one writer.
type Chain struct {
	Writer  string `json:"writer"`
	OK      bool   `json:"ok"`
	Records uint64 `json:"records"`
	Head    *Ref   `json:"head,omitempty"` // the last record; nil for none
	// Proven is the last record up to which the chain is what the checkpoint
	// signed; 0 where it is not, or is not in it. What follows may have been cut
	// off or changed at its end.
	Proven   uint64    `json:"proven"`
	Problems []Problem `json:"problems"`
	// More is how many problems there are beside those that are listed.
	More uint64 `json:"more,omitempty"`
}

// Problem is one thing that is wrong.
type Problem struct {
	Writer string `json:"writer,omitempty"`
	Seq    uint64 `json:"seq,omitempty"` // 0 where no record is concerned
	Code   Code   `json:"code"`
	Text   string `json:"text"`
}

// String is the problem in a line: where, and what.
func (p Problem) String() string {
	if place := p.Place(); place != "" {
		return place + ": " + p.Text
	}
	return p.Text
}

// Place names the record, checkpoint or chain that is concerned; "" for none.
func (p Problem) Place() string {
	switch {
	case p.Writer == "" || p.Seq == 0:
		return p.Writer
	case p.Writer == CheckpointDir:
		return CheckpointName(p.Seq)
	}
	return Name(p.Writer, p.Seq)
}

// Code sorts problems.
type Code string

// The codes of problems.
const (
	CodeGap       Code = "gap"       // records are missing before this one
	CodeEdited    Code = "edited"    // this record is not the one that the next one follows
	CodeMalformed Code = "malformed" // these bytes are no record
	CodeMisplaced Code = "misplaced" // the record names another place than it is at
	CodeForeign   Code = "foreign"   // a name that no log has
	CodeBroken    Code = "broken"    // a continuation does not name its predecessor, or has none
	CodePrincipal Code = "principal" // the record is about somebody whose writer this is not
	CodeKnown     Code = "known"     // a record that is known to have been written is not there as it was
	CodeAbsent    Code = "absent"    // a writer that was asked for has no record
	CodeReordered Code = "reordered" // the record is at another place of its own chain
	CodeFork      Code = "fork"      // two records follow the same one
	CodeTruncated Code = "truncated" // the chain ends before the checkpoint's head of it
	CodeReplaced  Code = "replaced"  // not the record, or checkpoint, that was signed or seen
	CodeVersion   Code = "version"   // the object was written more than once
	CodeDeleted   Code = "deleted"   // the object has a delete marker
	CodeSignature Code = "signature" // the checkpoint is signed by nobody who may
	CodeOlder     Code = "older"     // the newest checkpoint is older than one that is known
)

// maxProblems is how many problems of one chain a report lists, and of no chain,
// so that a spoiled log of a million records does not fill the memory.
const maxProblems = 100

func (r *Report) add(p Problem) {
	r.OK = false
	if len(r.Problems) == maxProblems {
		r.More++
		return
	}
	r.Problems = append(r.Problems, p)
}

// AddCheckpoints adds what is wrong with the checkpoints of the log.
func (r *Report) AddCheckpoints(c Checkpoints) {
	for _, p := range c.Problems {
		r.add(p)
	}
	r.More += c.More
}

func (c *Chain) add(p Problem) {
	p.Writer, c.OK = c.Writer, false
	if len(c.Problems) == maxProblems {
		c.More++
		return
	}
	c.Problems = append(c.Problems, p)
}
