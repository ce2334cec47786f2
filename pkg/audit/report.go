package audit

// Report is what Verify found.
type Report struct {
	OK      bool    `json:"ok"`
	Records uint64  `json:"records"`
	Chains  []Chain `json:"chains"`
	// Problems are those of no chain that is there, such as names that are no
	// writer's.
	Problems []Problem `json:"problems"`
}

// Chain is what Verify found about the chain of one writer.
type Chain struct {
	Writer   string    `json:"writer"`
	OK       bool      `json:"ok"`
	Records  uint64    `json:"records"`
	Head     *Ref      `json:"head,omitempty"` // the last record; nil for none
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
	switch {
	case p.Writer == "":
		return p.Text
	case p.Seq == 0:
		return p.Writer + ": " + p.Text
	}
	return Name(p.Writer, p.Seq) + ": " + p.Text
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
)

// maxProblems is how many problems of one chain a report lists, so that a
// spoiled chain of a million records does not fill the memory.
const maxProblems = 100

func (r *Report) add(p Problem) {
	r.OK = false
	r.Problems = append(r.Problems, p)
}

func (c *Chain) add(p Problem) {
	p.Writer, c.OK = c.Writer, false
	if len(c.Problems) == maxProblems {
		c.More++
		return
	}
	c.Problems = append(c.Problems, p)
}
