package shell

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Interactive is how to start a shell for a person so that it has the hook,
// after whatever the user's own rc files do, and the grant that it was given.
type Interactive struct {
	Args  []string          // for the shell
	Vars  []Var             // beside those of the grant
	Files map[string]string // to write first: content by absolute path
}

// userZdotdir is where a zsh finds the user's ZDOTDIR again.
const userZdotdir = "JIT_ZDOTDIR"

// HookedShell returns how to start the shell program with the hook, which is
// kept in dir, an absolute path. bash, zsh and fish take it without a change to
// the user's files; any other shell is started as it is, and shows the grant if
// its own rc file has the hook. zdotdir is the user's ZDOTDIR. The error is that
// of Hook.
func HookedShell(program, dir, zdotdir string, o HookOptions) (Interactive, error) {
	name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(program), "-"), ".exe")
	if name != "bash" && name != "zsh" && name != "fish" {
		return Interactive{}, nil
	}
	hook, err := Hook(name, o)
	if err != nil {
		return Interactive{}, err
	}
	file := filepath.Join(dir, "hook."+name)
	switch name {
	case "bash":
		rc := "[ ! -f ~/.bashrc ] || . ~/.bashrc\n"
		return Interactive{Args: []string{"--rcfile", file, "-i"}, Files: map[string]string{file: rc + restored(Sh) + hook}}, nil
	case "fish":
		return Interactive{
			Args:  []string{"--init-command", "source " + Fish.quote(file)},
			Files: map[string]string{file: restored(Fish) + hook},
		}, nil
	}
	zsh := filepath.Join(dir, "zsh")
	return Interactive{
		Vars:  []Var{{"ZDOTDIR", zsh}, {userZdotdir, zdotdir}},
		Files: map[string]string{file: restored(Sh) + hook, filepath.Join(zsh, ".zshenv"): zshenv(file)},
	}, nil
}

// restored takes away what the user's files have set and what would win over an
// AWS grant, and says so where they have set other keys: jit writes no secret
// down to set its own again. It looks for the mark when it runs, since every
// shell of a state directory has the same file.
func restored(d Dialect) string {
	begin, differ, end := `if [ -n "${`+keyMark+`-}" ]; then`, `[ "${AWS_ACCESS_KEY_ID-}" = "$`+keyMark+`" ] ||`, "fi"
	if d == Fish {
		begin, differ, end = `if test -n "$`+keyMark+`"`, `test "$AWS_ACCESS_KEY_ID" = "$`+keyMark+`"; or`, "end"
	}
	lines := []string{begin}
	for _, name := range winners() {
		lines = append(lines, "  "+d.unset(name))
	}
	warning := d.quote("jit: warning: your own files set AWS_ACCESS_KEY_ID: this shell does not use the keys of the grant")
	return strings.Join(append(lines, "  "+differ+` printf '%s\n' `+warning+" >&2", end, ""), "\n")
}

// zshenv gives the user's ZDOTDIR back, so that all the user's files are read,
// and has the hook loaded before the first prompt, when they have been. Without
// a terminal there is no prompt, and no file after this one.
func zshenv(hook string) string {
	return fmt.Sprintf(`if [[ -n $%[1]s ]]; then export ZDOTDIR=$%[1]s; else unset ZDOTDIR; fi
unset %[1]s
__jit_load() {
  () { emulate -L zsh; precmd_functions=("${(@)precmd_functions:#__jit_load}") }
  source %[2]s
}
typeset -ga precmd_functions
precmd_functions+=(__jit_load)
[[ ! -f ${ZDOTDIR:-$HOME}/.zshenv ]] || source ${ZDOTDIR:-$HOME}/.zshenv
if [[ ! -o interactive ]]; then
%[3]sfi
`, userZdotdir, Sh.quote(hook), restored(Sh))
}
