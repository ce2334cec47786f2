package shell

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeJit puts a program named jit on the shell's PATH, which leaves a mark and
// answers as jit prompt does.
func (r *rig) fakeJit(answer string) (ran func() bool) {
	r.t.Helper()
	bin := filepath.Join(filepath.Dir(r.dir), "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		r.t.Fatal(err)
	}
	script := "#!/bin/sh\n: >\"$HOME/ran\"\n" + answer + "\n"
	if err := os.WriteFile(filepath.Join(bin, "jit"), []byte(script), 0o700); err != nil {
		r.t.Fatal(err)
	}
	r.env = append(r.env, "PATH="+bin+":"+os.Getenv("PATH"))
	return func() bool {
		mark := filepath.Join(filepath.Dir(r.dir), "ran")
		_, err := os.Stat(mark)
		_ = os.Remove(mark) // where it is
		return err == nil
	}
}

// The shells that cannot tell the time run jit, and only where there may be
// something to show.
func TestHooksThatNeedAProcessStartItForSomething(t *testing.T) {
	t.Parallel()
	for name, sh := range map[string]struct{ said, answer string }{
		"elvish": {`print '<'$E:JIT_PROMPT'>'`, `[ "$*" = "prompt --format json" ] && echo '{"text":"OPS-7 prod 12m","colour":"green"}'`},
		"tcsh":   {`eval precmd; if ( ! $?JIT_PROMPT ) setenv JIT_PROMPT ""; echo -n "<$JIT_PROMPT>"`, `[ "$*" = "prompt --format tcsh" ] && printf 'x \nOPS-7 prod 12m\n'`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, name, HookOptions{})
			ran := r.fakeJit(sh.answer)
			if got := r.run(sh.said); got != "<>" || ran() {
				t.Errorf("without a state file: %q", got)
			}
			r.state("")
			if got := r.run(sh.said); got != "<>" || ran() {
				t.Errorf("with an empty one: %q", got)
			}
			if got := r.run(sh.said, "JIT_EXPIRES_AT=1"); got != "<OPS-7 prod 12m>" || !ran() {
				t.Errorf("with a grant of its own: %q", got)
			}
			r.state(inForce())
			if got := r.run(sh.said); got != "<OPS-7 prod 12m>" || !ran() {
				t.Errorf("with a grant in force: %q", got)
			}
			if got := r.run(sh.said, "JIT_STATE_DIR="+filepath.Dir(r.dir)); got != "<>" || ran() {
				t.Errorf("JIT_STATE_DIR is not heeded: %q", got)
			}
			if err := os.Remove(filepath.Join(filepath.Dir(r.dir), "bin", "jit")); err != nil {
				t.Fatal(err)
			}
			if got := r.run(sh.said, "PATH=/usr/bin:/bin"); !strings.HasSuffix(got, "<>") {
				t.Errorf("without jit: %q", got)
			}
		})
	}
}

// A state file that is something else costs a prompt of elvish no more than
// another, where elvish tells its size. An older one is given a module that does.
func TestElvishReadsNoHugeFile(t *testing.T) {
	t.Parallel()
	r := newRig(t, "elvish", HookOptions{})
	lib := filepath.Join(filepath.Dir(r.dir), "config", "elvish", "lib")
	const module = "fn stat {|&follow-symlink=$false path| put [&size=(num (e:stat -Lc %s $path))] }\n"
	r.state("")
	path := filepath.Join(r.dir, "prompt")
	if err := errors.Join(os.MkdirAll(lib, 0o700), os.WriteFile(filepath.Join(lib, "os.elv"), []byte(module), 0o600)); err != nil {
		t.Fatal(err)
	}
	ran := r.fakeJit(`echo '{"text":"OPS-7 prod 12m","colour":"green"}'`)
	said, config := `print '<'$E:JIT_PROMPT'>'`, "XDG_CONFIG_HOME="+filepath.Join(filepath.Dir(r.dir), "config")
	if got := r.run(said, config); got != "<>" || ran() {
		t.Errorf("with an empty file: %q", got)
	}
	if err := os.Truncate(path, 64<<20); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if got := r.run(said, config); got != "<OPS-7 prod 12m>" {
		t.Errorf("with a huge one: %q", got)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What only sets the variable leaves the prompt as it is.
func TestHooksLeaveThePromptToOthers(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"bash": `PS1=me; __jit_hook; printf '%s;%s' "$PS1" "$JIT_PROMPT"`,
		"zsh":  `PS1=me; __jit_hook; printf '%s;%s' "$PS1" "$JIT_PROMPT"`,
		"fish": `function fish_prompt; printf me; end; source $HOOK; fish_prompt; printf ';%s' $JIT_PROMPT`,
		"nu":   `print -n $"($env.PROMPT_COMMAND? | default me);($env.JIT_PROMPT)"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, name, HookOptions{VariableOnly: true, State: "/nonexistent"})
			r.state(inForce())
			if got := r.run(script, "JIT_STATE_DIR="+r.dir); got != "me;OPS-7 prod 12m" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// A prompt that reuses what the one before made does not outlive its minute, the
// grant, the file or the clock.
func TestPromptsThatAreReusedEnd(t *testing.T) {
	t.Parallel()
	for _, sh := range posix() {
		t.Run(sh, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sh, HookOptions{})
			r.state(in(2*time.Second) + "\tOPS-7\tprod\n")
			got := r.run(`PS1=me; n=0; while [ -n "${JIT_PROMPT-}" ] && [ $n -lt 10000000 ]; do n=$((n+1)); __jit_hook; done; printf '%s' "$PS1"`)
			if got != "me" {
				t.Errorf("after the expiry: %q", got)
			}
			r.state(in(12*time.Minute+30*time.Second) + "\tOPS-7\tprod\n")
			next := moments(in(12*time.Minute+30*time.Second) + "\tOPS-8\tprod")
			got = r.run(`PS1=me; __jit_hook; printf '%s\n' "`+next+`" >"$JIT_STATE_DIR/prompt"; __jit_hook; printf '%s;' "$JIT_PROMPT"; rm "$JIT_STATE_DIR/prompt"; __jit_hook; printf '%s;%s' "${JIT_PROMPT-}" "$PS1"`, "JIT_STATE_DIR="+r.dir)
			if got != "OPS-8 prod 12m;;me" {
				t.Errorf("after changes: %q", got)
			}
		})
	}
}
