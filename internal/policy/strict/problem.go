package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

// Problem is one mistake in a file.
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

// Errors are all mistakes in files, sorted by position. They come inside a
// fault.Error of class Config.
type Errors []Problem

// Error has one line a mistake.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// maxProblems bounds what is told at once: aliases can repeat one
// mistake any number of times.
const maxProblems = 1000

// Problems collects the mistakes of all files.
type Problems struct {
	List []Problem
	Hint string // the first that a file which cannot be used came with
}

// Add tells a mistake at a place.
func (p *Problems) Add(file string, line, col int, format string, args ...any) {
	if len(p.List) < maxProblems {
		p.List = append(p.List, Problem{file, max(line, 1), max(col, 1), fmt.Sprintf(format, args...)})
	}
}

// Err is nil where nothing was found. The hint is for whoever has none better.
func (p *Problems) Err(hint string) error {
	if len(p.List) == 0 {
		return nil
	}
	slices.SortFunc(p.List, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Msg, b.Msg))
	})
	return &fault.Error{Class: fault.Config, Err: Errors(slices.Compact(p.List)), Hint: cmp.Or(p.Hint, hint)}
}
