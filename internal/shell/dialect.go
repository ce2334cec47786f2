// Package shell speaks to shells and to programs that they start: exports of a
// grant in each shell's own quoting, the environment of a child, and the JSON
// of the AWS SDKs' credential_process.
package shell

import (
	"runtime"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

// Dialect is the language of a family of shells.
type Dialect string

// The dialects.
const (
	Sh         Dialect = "sh" // POSIX: bash, zsh, dash, ksh, ash
	Fish       Dialect = "fish"
	Csh        Dialect = "csh" // tcsh too
	PowerShell Dialect = "powershell"
	Elvish     Dialect = "elvish"
	Nu         Dialect = "nu"
)

// known says which dialect a shell speaks, by the name of its program.
func known(name string) (Dialect, bool) {
	switch name {
	case "sh", "bash", "zsh", "dash", "ash", "busybox", "ksh", "ksh93", "mksh", "yash", "posix":
		return Sh, true
	case "fish":
		return Fish, true
	case "csh", "tcsh":
		return Csh, true
	case "powershell", "pwsh", "powershell_ise":
		return PowerShell, true
	case "elvish":
		return Elvish, true
	case "nu", "nushell":
		return Nu, true
	}
	return "", false
}

// Spoken are the shells that jit writes for, as people call them.
func Spoken() []string {
	return []string{"sh", "bash", "zsh", "fish", "tcsh", "powershell", "elvish", "nu"}
}

// Detect returns the dialect of a shell by its name or the path of its program,
// as in $SHELL. An empty name takes PowerShell on Windows and sh elsewhere. The
// error is of class Usage: a guess would be run by the wrong shell.
func Detect(name string) (Dialect, error) {
	if name == "" {
		if runtime.GOOS == "windows" {
			return PowerShell, nil
		}
		return Sh, nil
	}
	program := name[strings.LastIndexAny(name, `/\`)+1:]
	program = strings.TrimPrefix(program, "-") // a login shell's own name
	program = strings.TrimSuffix(strings.ToLower(program), ".exe")
	if d, ok := known(program); ok {
		return d, nil
	}
	return "", fault.New(fault.Usage, "the shell %q is not one that jit can write for", name).
		WithHint("name one of sh, bash, zsh, fish, tcsh, powershell, elvish or nu with --shell, or use jit exec")
}
