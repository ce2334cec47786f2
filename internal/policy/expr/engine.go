package expr

import (
	"fmt"

	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/containers"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/stdlib"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
	"cel.dev/cel-go/parser"
)

// engine is CEL put together from its parts: parser, checker and interpreter
// with the standard functions and macros. The package cel does the same and
// more; it is not used because whatever it imports (descriptors of protobuf,
// YAML, templates) is set up at the start of every command of jit, for half a
// millisecond, also of those that never see an expression.
type engine struct {
	parser  *parser.Parser
	checker *checker.Env
	planner interpreter.Interpreter
	tracker *cost.Tracker
}

func newEngine(fields map[string]map[string]field) (*engine, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	e := &engine{}
	e.parser, err = parser.NewParser(parser.Macros(parser.AllMacros...), parser.MaxRecursionDepth(maxDepth),
		parser.ExpressionSizeCodePointLimit(MaxLength))
	if err != nil {
		return nil, err
	}
	known := provider{registry, fields}
	if e.checker, err = newChecker(known); err != nil {
		return nil, err
	}
	dispatcher := interpreter.NewDispatcher()
	for _, fn := range stdlib.Functions() {
		var bindings []*functions.Overload
		if bindings, err = fn.Bindings(); err != nil {
			return nil, err
		}
		if err := dispatcher.Add(bindings...); err != nil {
			return nil, err
		}
	}
	attributes := interpreter.NewAttributeFactory(containers.DefaultContainer, registry, known)
	e.planner = interpreter.NewInterpreter(dispatcher, containers.DefaultContainer, known, registry, attributes)
	e.tracker, err = cost.NewTracker(nil, cost.TrackerLimit(CostLimit))
	return e, err
}

func newChecker(known types.Provider) (*checker.Env, error) {
	// A number of Jira is a double: let 3 equal 3.0.
	env, err := checker.NewEnv(containers.DefaultContainer, known, checker.CrossTypeNumericComparisons(true))
	if err != nil {
		return nil, err
	}
	if err := env.AddIdents(stdlib.Types()...); err != nil {
		return nil, err
	}
	for _, typeName := range []string{ticketType, principalType, requestType} {
		variable := decls.NewVariable(variableOf(typeName), types.NewObjectType(typeName))
		if err := env.AddIdents(variable); err != nil {
			return nil, err
		}
	}
	return env, env.AddFunctions(stdlib.Functions()...)
}

// check parses and checks an expression. After an error of the checker, parsed
// is what it looked at.
func (e *engine) check(src string) (checked, parsed *ast.AST, errs []*common.Error) {
	source, err := common.NewTextSourceWithLimit(src, MaxLength)
	if err != nil {
		return nil, nil, []*common.Error{{Location: common.NoLocation, Message: err.Error()}}
	}
	parsed, issues := e.parser.Parse(source)
	if found := issues.GetErrors(); len(found) > 0 {
		return nil, nil, found
	}
	checked, issues = checker.Check(parsed, source, e.checker)
	if found := issues.GetErrors(); len(found) > 0 {
		return nil, parsed, found
	}
	return checked, parsed, nil
}

// plan makes a checked expression ready to run, its constant regular
// expressions compiled, under the limit on cost.
func (e *engine) plan(checked *ast.AST) (interpreter.InterpretableV2, error) {
	return e.planner.NewInterpretable(checked,
		interpreter.Optimize(),
		interpreter.CompileRegexConstants(interpreter.MatchesRegexOptimization),
		interpreter.CostObserver(interpreter.CostTrackerFactory(e.tracker.Clone)),
	)
}

// run evaluates a planned expression. CEL tells of the limit by a panic, and
// whatever else panics inside must not take the program down with it.
func run(planned interpreter.InterpretableV2, vars map[string]any) (out ref.Val, err error) {
	frame, err := interpreter.NewExecutionFrame(vars)
	if err != nil {
		return nil, err
	}
	defer frame.Close()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case cost.LimitExceededError:
			err = fmt.Errorf("it costs more than the limit of %d", CostLimit)
		default:
			err = fmt.Errorf("it failed inside: %v", r)
		}
	}()
	out = planned.Exec(frame)
	if failure, ok := out.(*types.Err); ok {
		return nil, failure
	}
	return out, nil
}
