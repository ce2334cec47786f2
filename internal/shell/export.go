package shell

import (
	"io"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

// Export writes commands that take the variables named by unset away and then
// set vars, a line each, for the shell to evaluate:
//
//	sh          eval "$(jit env)"
//	fish        jit env --shell fish | source
//	csh         eval "`jit env --shell tcsh`"
//	powershell  jit env --shell powershell | Out-String | Invoke-Expression
//	elvish      eval (jit env --shell elvish | slurp)
//	nu          jit env --shell nu | from json | load-env
//
// Nu evaluates no text. It gets one JSON object, in which what is to be taken
// away is null.
//
// Nothing is written if a name or a value is not fit for every shell.
func Export(w io.Writer, d Dialect, vars []Var, unset ...string) error {
	var b strings.Builder
	for _, v := range vars {
		if err := checkVar(v); err != nil {
			return err
		}
	}
	for _, name := range unset {
		if err := checkName(name); err != nil {
			return err
		}
	}
	if d == Nu {
		object, err := record(vars, unset)
		if err != nil {
			return fault.Wrap(fault.Internal, err, "the variables do not make JSON")
		}
		b.WriteString(object + "\n")
	} else {
		for _, name := range unset {
			b.WriteString(d.unset(name) + "\n")
		}
		for _, v := range vars {
			b.WriteString(d.set(v) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
