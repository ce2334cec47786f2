// Package expr compiles and runs the expressions of a policy: CEL over typed
// objects (ticket, principal, request), with a limit on their cost and with the
// list of fields that each one reads. It knows nothing of the files that
// expressions come from, and reads none itself, except that a time zone which an
// expression names, as in request.at.getHours("Europe/Berlin"), is looked up in
// the system's zone database.
package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"

	"github.com/jitaccess/jit/internal/ticket"
)

// CostLimit bounds an expression twice: by estimate when it is compiled, for
// the largest input that sizes.go assumes, and by count when it runs, whatever
// the input. A unit is about one comparison or field access and was measured at
// 90 ns, so that no expression takes longer than about half a second. Comparing
// each label with each group, the largest thing that makes sense, is estimated
// at 3.2 million; a third loop inside is beyond.
const CostLimit = 5_000_000

// MaxLength is the longest expression, in characters. Parsing takes time and
// stack by length, and a condition that is longer is beyond reviewing.
const MaxLength = 4096

// maxDepth bounds nesting, again for the parser's stack; expressions that
// people write stay below ten.
const maxDepth = 50

// Values is what an expression sees.
type Values struct {
	Ticket      ticket.Ticket
	Principal   ticket.Principal
	Entitlement string
	TTL         time.Duration
	Reason      string
	At          time.Time
}

// Problem is one mistake in an expression.
type Problem struct {
	Line   int // from 1
	Column int // from 0, in characters
	Msg    string
}

// Compiler compiles expressions. It may be used by one goroutine at a time.
type Compiler struct {
	engine *engine
	fields map[string]map[string]field // by type name, then field name
}

// NewCompiler returns a compiler. The first one of a process takes about a
// millisecond, so make one only where there is an expression.
func NewCompiler() (*Compiler, error) {
	c := &Compiler{fields: objects()}
	engine, err := newEngine(c.fields)
	if err != nil {
		return nil, fmt.Errorf("set up the expression language: %w", err)
	}
	c.engine = engine
	return c, nil
}

// Program is a compiled expression. It may be run by many goroutines at once.
type Program struct {
	// Fields are the fields of the Jira issue that it reads, sorted.
	Fields []ticket.Field
	// Groups reports whether it reads principal.groups.
	Groups bool
	// Reason reports whether it reads request.reason.
	Reason bool
	// TTL reports whether it reads request.ttl.
	TTL bool

	reads   []read
	planned interpreter.InterpretableV2
}

// Compile type-checks an expression, which must give a bool. It returns either
// a program or at least one problem.
func (c *Compiler) Compile(src string) (*Program, []Problem) {
	checked, parsed, errs := c.engine.check(src)
	if len(errs) > 0 {
		return nil, problems(src, errs, parsed)
	}
	found := c.inspect(src, checked)
	if len(found.problems) > 0 {
		return nil, found.problems
	}
	if t := checked.GetType(checked.Expr().ID()); t.Kind() != types.BoolKind {
		return nil, whole("the expression gives %s, not bool", typeText(t))
	}
	if p := tooCostly(checked); p != nil {
		return nil, p
	}
	planned, err := c.engine.plan(checked)
	if err != nil {
		return nil, whole("%s", oneLine(err.Error()))
	}
	return &Program{
		Fields: found.needs(), Groups: found.groups, Reason: found.reason, TTL: found.ttl, reads: found.reads, planned: planned,
	}, nil
}

func tooCostly(checked *ast.AST) []Problem {
	estimate, err := cost.Cost(checked, sizes{})
	if err != nil {
		return whole("the cost of the expression cannot be told: %s", oneLine(err.Error()))
	}
	if estimate.Max > CostLimit {
		return whole("the expression can cost %s, more than the limit of %d; avoid loops within loops and long texts",
			costText(estimate.Max), CostLimit)
	}
	return nil
}

// Eval runs the expression. An error means that there is no answer, which must
// never be taken for a yes.
func (p *Program) Eval(v *Values) (bool, error) {
	out, err := run(p.planned, map[string]any{
		"ticket":    object{ticketType, v},
		"principal": object{principalType, v},
		"request":   object{requestType, v},
	})
	if err != nil {
		return false, tell(err)
	}
	yes, ok := out.Value().(bool)
	if !ok {
		return false, errors.New("it gives no bool")
	}
	return yes, nil
}

// tell words a failure.
func tell(err error) error {
	msg := oneLine(err.Error())
	if name, ok := strings.CutPrefix(msg, "no such key: "); ok && IsCustomName(name) {
		msg = fmt.Sprintf("ticket.fields[%q] %v", name, errUnset)
	}
	return errors.New(msg)
}

// Missing returns the fields that the expression needs and that Jira did not
// answer.
func (p *Program) Missing(t ticket.Ticket) []ticket.Field {
	var missing []ticket.Field
	for _, f := range p.Fields {
		if !t.Has(f) {
			missing = append(missing, f)
		}
	}
	return slices.Clip(missing)
}
