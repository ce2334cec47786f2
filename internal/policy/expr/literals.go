package expr

import (
	"regexp"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// visitLiterals tells of constants that could only fail when the expression
// runs: by then somebody is waiting for access.
func (in *inspection) visitLiterals(node ast.NavigableExpr) {
	switch node.Kind() {
	case ast.CallKind:
		in.visitCall(node.AsCall())
	case ast.ListKind:
		in.visitList(node)
	}
}

func (in *inspection) visitCall(call ast.CallExpr) {
	args := call.Args()
	if len(args) == 0 || args[len(args)-1].Kind() != ast.LiteralKind {
		return
	}
	last := args[len(args)-1]
	text, ok := last.AsLiteral().(types.String)
	if !ok {
		return
	}
	valid := true
	switch call.FunctionName() {
	case overloads.Matches:
		_, err := regexp.Compile(string(text))
		valid = err == nil
	case overloads.TypeConvertDuration:
		valid = !types.IsError(text.ConvertToType(types.DurationType))
	case overloads.TypeConvertTimestamp:
		valid = !types.IsError(text.ConvertToType(types.TimestampType))
	}
	if !valid {
		in.problemAt(in.start(last.ID()), "%s does not take %.80q", call.FunctionName(), string(text))
	}
}

// visitList refuses a list of unlike constants, in which "in" finds nothing
// that it is meant to.
func (in *inspection) visitList(node ast.NavigableExpr) {
	elements := node.AsList().Elements()
	if len(elements) == 0 {
		return
	}
	first := in.ast.GetType(elements[0].ID())
	for _, e := range elements[1:] {
		if t := in.ast.GetType(e.ID()); !first.IsEquivalentType(t) {
			in.problemAt(in.start(e.ID()), "the list has %s beside %s", typeText(t), typeText(first))
			return
		}
	}
}
