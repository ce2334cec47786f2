package house_test

import (
	"go/ast"
	"slices"
	"testing"
)

// The budget, taken from measuring command lines that are a pleasure to read.
const (
	maxFileLines    = 400
	medianFileLines = 120
	maxFuncLines    = 60
	maxNesting      = 3
)

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	var lengths []int
	for _, s := range load(t).sources {
		if s.lines > maxFileLines {
			t.Errorf("%s has %d lines, and %d is the most: it has more than one job", s.path, s.lines, maxFileLines)
		}
		if !s.test {
			lengths = append(lengths, s.lines)
		}
	}
	slices.Sort(lengths)
	if median := lengths[len(lengths)/2]; median > medianFileLines {
		t.Errorf("half of the files have more than %d lines; %d is the budget", median, medianFileLines)
	}
}

func TestFunctionsAreShortAndFlat(t *testing.T) {
	t.Parallel()
	m := load(t)
	for _, s := range m.code() {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			lines := m.fset.Position(f.End()).Line - m.fset.Position(f.Pos()).Line + 1
			if lines > maxFuncLines {
				t.Errorf("%s: %s has %d lines, and %d is the most", m.at(s, f.Pos()), f.Name.Name, lines, maxFuncLines)
			}
			if depth := nesting(f.Body); depth > maxNesting {
				t.Errorf("%s: %s nests %d deep, and %d is the most", m.at(s, f.Pos()), f.Name.Name, depth, maxNesting)
			}
		}
	}
}

// nesting is how deep branches, loops and function literals stand inside one
// another. An else-if stands beside its if, not in it.
func nesting(n ast.Node) int {
	deepest := 0
	var visit func(n ast.Node, depth int)
	inside := func(depth int, nodes ...ast.Node) {
		deepest = max(deepest, depth)
		for _, n := range nodes {
			visit(n, depth)
		}
	}
	visit = func(top ast.Node, depth int) {
		ast.Inspect(top, func(n ast.Node) bool {
			if n == top {
				return true
			}
			switch n := n.(type) {
			case *ast.IfStmt:
				inside(depth+1, n.Body)
				if also, ok := n.Else.(*ast.IfStmt); ok {
					visit(&ast.BlockStmt{List: []ast.Stmt{also}}, depth)
				} else if n.Else != nil {
					inside(depth+1, n.Else)
				}
				return false
			case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.FuncLit:
				inside(depth+1, n)
				return false
			}
			return true
		})
	}
	visit(n, 0)
	return deepest
}
