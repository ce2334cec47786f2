package expr

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/jitaccess/jit/internal/ticket"
)

const customPrefix = "customfield_"

// IsCustomName reports whether s is customfield_N. It is a loop and no regular
// expression, which would be compiled whenever the program starts.
func IsCustomName(s string) bool {
	number, ok := strings.CutPrefix(s, customPrefix)
	return ok && number != "" && len(number) < 20 && strings.Trim(number, "0123456789") == ""
}

// inspection is what walking over a checked expression finds out.
type inspection struct {
	src      string
	ast      *ast.AST
	objects  map[string]map[string]field
	reads    []read // in order, without repeats
	custom   map[ticket.Field]bool
	groups   bool
	reason   bool
	ttl      bool
	problems []Problem
}

// inspect lists the fields that an expression reads, and refuses whatever would
// let it read one that cannot be listed: an object used as a value, a custom
// field whose name is computed.
func (c *Compiler) inspect(src string, checked *ast.AST) *inspection {
	in := &inspection{src: src, ast: checked, objects: c.fields, custom: map[ticket.Field]bool{}}
	for _, node := range ast.MatchDescendants(ast.NavigateAST(checked), ast.AllMatcher()) {
		in.visit(node)
	}
	return in
}

func (in *inspection) visit(node ast.NavigableExpr) {
	if node.Kind() == ast.StructKind {
		in.problem(node, "%s cannot be made in an expression", node.AsStruct().TypeName())
		return
	}
	if _, ours := in.objects[typeName(node.Type())]; ours {
		in.visitObject(node)
	}
	if node.Kind() == ast.SelectKind {
		in.visitSelect(node)
	}
	in.visitLiterals(node)
}

// typeName is the name of an object type, and "" for any other.
func typeName(t *types.Type) string {
	if t == nil || t.Kind() != types.StructKind {
		return ""
	}
	return t.TypeName()
}

// visitObject allows an object only in front of a dot.
func (in *inspection) visitObject(node ast.NavigableExpr) {
	parent, ok := node.Parent()
	if node.Kind() == ast.IdentKind && ok && parent.Kind() == ast.SelectKind {
		return
	}
	name := variableOf(typeName(node.Type()))
	in.problem(node, "%s can only be used with a field, such as %s.%s", name, name, sortedKeys(in.objects[typeName(node.Type())])[0])
}

func (in *inspection) visitSelect(node ast.NavigableExpr) {
	sel := node.AsSelect()
	object := typeName(in.ast.GetType(sel.Operand().ID()))
	f, ok := in.objects[object][sel.FieldName()]
	if !ok {
		return
	}
	switch {
	case object == ticketType && sel.FieldName() == customFields:
		in.visitCustom(node)
		return
	case object == principalType && sel.FieldName() == "groups":
		in.groups = true
	case object == requestType && sel.FieldName() == "reason":
		in.reason = true
	case object == requestType && sel.FieldName() == "ttl":
		in.ttl = true
	}
	in.add(read{variableOf(object) + "." + sel.FieldName(), f})
}

// visitCustom wants ticket.fields followed by a name that can be read here.
func (in *inspection) visitCustom(node ast.NavigableExpr) {
	name, ok := customIndex(node)
	if !ok {
		in.problem(node, `ticket.fields takes the name of a field in quotes, such as ticket.fields["customfield_10101"]`)
		return
	}
	if !IsCustomName(name) {
		in.problemAt(in.wordAt(node.ID(), name), "%q is not the name of a custom field, such as customfield_10101", name)
		return
	}
	f := ticket.Field(name)
	in.custom[f] = true
	in.add(read{fmt.Sprintf("ticket.fields[%q]", name), field{types.DynType, f, func(v *Values) (any, error) {
		return customValue(v, f)
	}}})
}

// customIndex is N of fields["N"] or fields.N, where node is fields.
func customIndex(node ast.NavigableExpr) (string, bool) {
	parent, ok := node.Parent()
	if !ok || node.AsSelect().IsTestOnly() {
		return "", false
	}
	switch parent.Kind() {
	case ast.SelectKind:
		return parent.AsSelect().FieldName(), true
	case ast.CallKind:
		call := parent.AsCall()
		if call.FunctionName() != operators.Index || call.Args()[0].ID() != node.ID() || call.Args()[1].Kind() != ast.LiteralKind {
			return "", false
		}
		name, ok := call.Args()[1].AsLiteral().Value().(string)
		return name, ok
	}
	return "", false
}

func (in *inspection) add(r read) {
	if !slices.ContainsFunc(in.reads, func(have read) bool { return have.path == r.path }) {
		in.reads = append(in.reads, r)
	}
}

func (in *inspection) needs() []ticket.Field {
	var fields []ticket.Field
	for _, r := range in.reads {
		if r.field.needs != "" {
			fields = append(fields, r.field.needs)
		}
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

func (in *inspection) problem(node ast.NavigableExpr, format string, args ...any) {
	in.problemAt(in.start(node.ID()), format, args...)
}

func (in *inspection) problemAt(offset int32, format string, args ...any) {
	line, column := lineColumn(in.src, int(offset))
	in.problems = append(in.problems, Problem{line, column, fmt.Sprintf(format, args...)})
}

// start is the offset of a node, in characters.
func (in *inspection) start(id int64) int32 {
	at, ok := in.ast.SourceInfo().GetOffsetRange(id)
	if !ok {
		return 0
	}
	return at.Start
}

// wordAt is where word stands at or after the node, or else the node itself.
func (in *inspection) wordAt(id int64, word string) int32 {
	start := in.start(id)
	runes := []rune(in.src)
	if start < 0 || int(start) > len(runes) {
		return 0
	}
	before, _, found := strings.Cut(string(runes[start:]), word)
	if !found {
		return start
	}
	return start + int32(len([]rune(before)))
}
