package policy

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/policy/expr"
)

// when compiles an expression, making the compiler with the first one.
func (f *file) when(n *yaml.Node, out *compiled) {
	it, ok := f.Text(n, "when")
	if !ok {
		return
	}
	if f.c.compiler == nil {
		compiler, err := expr.NewCompiler()
		if err != nil {
			f.Problem(it.Node, "%s", err.Error())
			return
		}
		f.c.compiler = compiler
	}
	program, found := f.c.compiler.Compile(it.Value)
	for _, p := range found {
		line, col := f.inside(it, p.Line, p.Column)
		f.Problems.Add(f.Name, line, col, "when: %s", p.Msg)
	}
	out.When, out.when = it.Value, program
}

// inside is the place in the file of a place in a scalar: line from 1, column
// from 0 to line and column from 1. Where the text in the file is not the
// value, as with escapes and folded lines, it is the place of the scalar.
func (f *file) inside(it item, line, column int) (int, int) {
	n := it.Node
	values := strings.Split(it.Value, "\n")
	if line > len(values) {
		return n.Line, n.Column
	}
	if n.Style&yaml.LiteralStyle != 0 {
		source := f.Line(n.Line + line)
		indent := len(source) - len(strings.TrimLeft(source, " "))
		if at := strings.Index(source, values[line-1]); at >= 0 && at <= indent && values[line-1] != "" {
			return n.Line + line, at + column + 1
		}
		return n.Line, n.Column
	}
	source := []rune(f.Line(n.Line))
	for _, quote := range []int{0, 1} {
		from := n.Column - 1 + quote
		if len(values) == 1 && from >= 0 && from <= len(source) && strings.HasPrefix(string(source[from:]), it.Value) {
			return n.Line, from + column + 1
		}
	}
	return n.Line, n.Column
}
