package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

// Problem is one mistake in a policy.
type Problem struct {
	File string `json:"file"`
	Line int    `json:"line"`   // from 1
	Col  int    `json:"column"` // from 1, in characters
	Msg  string `json:"message"`
}

// String is FILE:LINE:COL: message.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Msg)
}

// Errors are all mistakes in a policy, sorted by position. Load and Compile
// return them inside a fault.Error of class Config.
type Errors []Problem

// Error has one line a mistake.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// maxProblems bounds what is told about one policy: aliases can repeat one
// mistake any number of times.
const maxProblems = 1000

// problems collects the mistakes of all files.
type problems struct {
	list []Problem
	hint string // the first that a file which cannot be used came with
}

func (p *problems) add(file string, line, col int, format string, args ...any) {
	if len(p.list) < maxProblems {
		p.list = append(p.list, Problem{file, max(line, 1), max(col, 1), fmt.Sprintf(format, args...)})
	}
}

// err is nil where nothing was found.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortFunc(p.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Msg, b.Msg))
	})
	hint := p.hint
	if hint == "" {
		hint = "correct the policy; jit policy check tells whether it is right"
	}
	return &fault.Error{Class: fault.Config, Err: Errors(slices.Compact(p.list)), Hint: hint}
}
