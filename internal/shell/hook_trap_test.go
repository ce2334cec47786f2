package shell

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// typed runs an interactive shell that loads the hook after setup, and in which
// lines are typed. It returns what is printed and, on standard error, prompted.
func typed(t *testing.T, r *rig, setup, lines string) (out, errs string) {
	t.Helper()
	home := filepath.Dir(r.dir)
	rc := map[string]string{"bash": ".bashrc", "zsh": ".zshrc"}[r.name]
	if err := os.WriteFile(filepath.Join(home, rc), []byte(setup+"\neval \"$(cat \"$HOOK\")\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), r.program, "-i")
	cmd.Env, cmd.Stdin = r.env, strings.NewReader(lines+"\nexit 0\n")
	var said strings.Builder
	cmd.Stderr = &said
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, printed, said.String())
	}
	return string(printed), said.String()
}

// A command that fails has failed once: its trap does not see it again in the
// hook, which yet leaves its exit code to whatever comes after.
func TestHooksSpringNoTrapForErrors(t *testing.T) {
	t.Parallel()
	const bash, zsh = `trap 'echo "trapped $?"' ERR; PS1='me$? '; `, `TRAPZERR() { echo "trapped $?" }; PS1='me%? '; `
	for name, tc := range map[string]struct {
		sh, setup, lines string
		only             bool
	}{
		"alone":           {"bash", bash, "", false},
		"errtrace":        {"bash", bash + "set -E; ", "PROMPT_COMMAND+='\necho later $?'", false},
		"a string":        {"bash", bash, "PROMPT_COMMAND=\"$PROMPT_COMMAND; echo later \\$?\"", false},
		"an array":        {"bash", bash + `PROMPT_COMMAND=(: ':'); `, "PROMPT_COMMAND+=('echo later $?')", false},
		"a string, first": {"bash", bash + `PROMPT_COMMAND='echo later $?'; `, "", true},
		"an array, first": {"bash", bash + `PROMPT_COMMAND=('echo later $?' :); `, "", true},
		"zsh":             {"zsh", zsh, "later() { echo later $? }; precmd_functions+=(later)", false},
		"zsh, a trap":     {"zsh", `trap 'echo "trapped $?"' ZERR; PS1='me%? '; `, "later() { echo later $? }; precmd_functions+=(later)", false},
		"zsh, first":      {"zsh", zsh + "later() { echo later $? }; precmd_functions=(later); ", "", true},
	} {
		t.Run(tc.sh+"/"+name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tc.sh, HookOptions{VariableOnly: tc.only})
			r.state(inForce())
			out, errs := typed(t, r, tc.setup, tc.lines+"\n(exit 3)")
			if n := strings.Count(out, "trapped 3\n"); n != 1 || strings.Count(out, "trapped") != 1 {
				t.Errorf("the trap was sprung %d times for it: %q", n, out)
			}
			if strings.Contains(tc.setup+tc.lines, "later") && !strings.Contains(out, "later 3\n") {
				t.Errorf("what comes later does not see the exit code: %q", out)
			}
			if !strings.Contains(errs, "me3 ") {
				t.Errorf("the prompt does not see the exit code: %q", errs)
			}
		})
	}
}

// Nor does it end a shell in which an error does.
func TestHooksLeaveErrexitAlone(t *testing.T) {
	t.Parallel()
	for _, sh := range posix() {
		r := newRig(t, sh, HookOptions{})
		r.state(inForce())
		if out, _ := typed(t, r, "PS1='me '", "(exit 3)\nset -e\necho alive\nfalse || echo on"); !strings.Contains(out, "alive\non\n") {
			t.Errorf("%s: %q", sh, out)
		}
	}
}
