package shell

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Interactive is how to start a shell for a person so that it has the hook,
// after whatever the user's own rc files do.
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
		return Interactive{Args: []string{"--rcfile", file, "-i"}, Files: map[string]string{file: rc + hook}}, nil
	case "fish":
		return Interactive{
			Args:  []string{"--init-command", "source " + Fish.quote(file)},
			Files: map[string]string{file: hook},
		}, nil
	}
	zsh := filepath.Join(dir, "zsh")
	return Interactive{
		Vars:  []Var{{"ZDOTDIR", zsh}, {userZdotdir, zdotdir}},
		Files: map[string]string{file: hook, filepath.Join(zsh, ".zshenv"): zshenv(file)},
	}, nil
}

// zshenv gives the user's ZDOTDIR back, so that all the user's files are read,
// and has the hook loaded before the first prompt, when they have been.
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
`, userZdotdir, Sh.quote(hook))
}
