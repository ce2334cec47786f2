package expr

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/jitaccess/jit/internal/ticket"
)

// quoted returns what stands in single quotes right after prefix, and the rest.
func quoted(msg, prefix string) (word, rest string, ok bool) {
	msg, ok = strings.CutPrefix(msg, prefix+"'")
	if !ok {
		return "", "", false
	}
	return strings.Cut(msg, "'")
}

// problems turns CEL's errors into ours. Parsed helps to find words, and is nil
// where parsing failed.
func problems(src string, errs []*common.Error, parsed *ast.AST) []Problem {
	out := make([]Problem, 0, len(errs))
	for _, e := range errs {
		p := Problem{Line: max(e.Location.Line(), 1), Column: max(e.Location.Column(), 0), Msg: reword(e.Message)}
		if word, _, ok := quoted(e.Message, "undefined field "); ok && parsed != nil {
			p.Line, p.Column = after(src, p.Line, p.Column, word)
			p.Msg = unknownField(parsed, e, word)
		}
		out = append(out, p)
	}
	return out
}

// reword says in the words of a policy what CEL says in its own.
func reword(msg string) string {
	if word, _, ok := quoted(msg, "undeclared reference to "); ok {
		return fmt.Sprintf("unknown name %q: expressions see ticket, principal and request", word)
	}
	if name, rest, ok := quoted(msg, "found no matching overload for "); ok {
		taken, _, _ := quoted(rest, " applied to ")
		if op, ok := operators.FindReverse(name); ok && op != "" {
			name = op
		}
		return fmt.Sprintf("%s does not take %s", name, taken)
	}
	msg, _, _ = strings.Cut(msg, " expecting {") // a list of every token of the grammar
	return oneLine(strings.Replace(msg, "Syntax error: ", "syntax error: ", 1))
}

// unknownField names the fields that there are.
func unknownField(parsed *ast.AST, e *common.Error, name string) string {
	known := objects()
	for _, node := range ast.MatchDescendants(ast.NavigateAST(parsed), ast.KindMatcher(ast.SelectKind)) {
		operand := node.AsSelect().Operand()
		if node.ID() != e.ExprID || operand.Kind() != ast.IdentKind {
			continue
		}
		for typeName, fields := range known {
			if variableOf(typeName) == operand.AsIdent() {
				return fmt.Sprintf("%s has no field %q; it has %s", operand.AsIdent(), name, strings.Join(sortedKeys(fields), ", "))
			}
		}
	}
	return fmt.Sprintf("there is no field %q", name)
}

// after finds word at or after a position, and gives the position back where it
// is not there.
func after(src string, line, column int, word string) (int, int) {
	lines := strings.Split(src, "\n")
	for i := line - 1; i < len(lines); i++ {
		runes, from := []rune(lines[i]), 0
		if i == line-1 {
			from = min(column, len(runes))
		}
		if before, _, ok := strings.Cut(string(runes[from:]), word); ok {
			return i + 1, from + len([]rune(before))
		}
	}
	return line, column
}

// lineColumn turns an offset in characters into a line from 1 and a column
// from 0.
func lineColumn(src string, offset int) (int, int) {
	runes := []rune(src)
	before := string(runes[:min(max(offset, 0), len(runes))])
	last := strings.LastIndexByte(before, '\n')
	return strings.Count(before, "\n") + 1, len([]rune(before[last+1:]))
}

// whole is a problem with the expression altogether.
func whole(format string, args ...any) []Problem {
	return []Problem{{Line: 1, Msg: fmt.Sprintf(format, args...)}}
}

// oneLine makes a message of CEL fit one line of ours.
func oneLine(msg string) string {
	const longest = 200
	msg = strings.TrimSpace(ticket.Clean(msg))
	if r := []rune(msg); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return msg
}

// typeText is a type as expressions spell it.
func typeText(t *types.Type) string { return checker.FormatCELType(t) }
