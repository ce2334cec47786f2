package house_test

import (
	"go/ast"
	"go/parser"
	"testing"
)

func TestNesting(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		body string
		want int
	}{
		{"{}", 0},
		{"{ if a {} }", 1},
		{"{ if a {} else if b {} else if c {} else {} }", 1},
		{"{ if a {} else if b { if c {} } }", 2},
		{"{ for { switch { case a: if b {} } } }", 3},
		{"{ go func() { for { select { case <-c: if a {} } } }() }", 4},
		{"{ if a { for {} }; if b {} }", 2},
	} {
		e, err := parser.ParseExpr("func() " + tc.body)
		if err != nil {
			t.Fatal(err)
		}
		if got := nesting(e.(*ast.FuncLit).Body); got != tc.want {
			t.Errorf("nesting of %s = %d, want %d", tc.body, got, tc.want)
		}
	}
}
