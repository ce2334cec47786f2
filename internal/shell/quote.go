package shell

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

// quote returns value as one word of the dialect, in which nothing is expanded.
func (d Dialect) quote(value string) string {
	switch d {
	case Fish:
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
	case Csh:
		// History is expanded even between single quotes.
		return "'" + strings.NewReplacer(`'`, `'\''`, `!`, `\!`).Replace(value) + "'"
	case PowerShell:
		// Typographic quotes end a string as the plain one does.
		return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(value) + "'"
	case Elvish:
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	case Nu:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// set returns the command that exports a variable.
func (d Dialect) set(v Var) string {
	value := d.quote(v.Value)
	switch d {
	case Fish:
		return "set -gx " + v.Name + " " + value + ";"
	case Csh:
		return "setenv " + v.Name + " " + value + ";"
	case PowerShell:
		return "$Env:" + v.Name + " = " + value + ";"
	case Elvish:
		return "set-env " + v.Name + " " + value + ";"
	}
	return "export " + v.Name + "=" + value + ";"
}

// unset returns the command that takes a variable away, and does nothing where
// there is none.
func (d Dialect) unset(name string) string {
	switch d {
	case Fish:
		// It fails where the variable is not set, and no later set would mend $status.
		return "set -eg " + name + "; " + stays(name) + "or true;"
	case Csh:
		return "unsetenv " + name + ";"
	case PowerShell:
		return "Remove-Item -ErrorAction SilentlyContinue Env:" + name + ";"
	case Elvish:
		return "unset-env " + name + ";"
	}
	return "unset " + name + ";"
}

// stays says in fish that a variable which would win over a grant is a universal
// one. Those reach programs whatever a session does, short of an empty value, at
// which the aws command fails; to erase one is to erase it in every fish.
func stays(name string) string {
	if !slices.Contains(winners(), name) {
		return ""
	}
	warning := "jit: warning: " + name + " is a universal variable of fish, which stays and may win over the grant"
	hint := "jit: hint: use jit exec, or take it away everywhere with set -eU " + name
	return "set -q -U -x " + name + "; and printf '%s\\n' " + Fish.quote(warning) + " " + Fish.quote(hint) + " >&2; "
}

// record returns the variables as one JSON object, which is what nu loads: it
// evaluates no text. What is null is set, and reaches no program.
func record(vars []Var, unset []string) (string, error) {
	parts := make([]string, 0, len(vars)+len(unset))
	for _, name := range unset {
		parts = append(parts, `"`+name+`":null`)
	}
	for _, v := range vars {
		value, err := json.Marshal(v.Value)
		if err != nil {
			return "", err
		}
		parts = append(parts, `"`+v.Name+`":`+string(value))
	}
	return "{" + strings.Join(parts, ",") + "}", nil
}

// checkVar refuses what no variable of jit's is and some shell would stumble
// over. The value is not in the error: it may be a secret.
func checkVar(v Var) error {
	if err := checkName(v.Name); err != nil {
		return err
	}
	for _, r := range v.Value {
		if r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\ufffd' {
			return fault.New(fault.Internal, "the value of %s has a control character", v.Name)
		}
	}
	return nil
}

func checkName(name string) error {
	for i := range len(name) {
		c := name[i]
		letter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return fault.New(fault.Internal, "%q cannot name a variable", name)
		}
	}
	if name == "" {
		return fault.New(fault.Internal, "a variable has no name")
	}
	return nil
}
