package shell

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// posix are the shells whose prompt is a variable that the hook edits.
func posix() []string { return []string{"bash", "zsh"} }

// prompted evaluates what the shell does before a prompt, with $? at 3.
func prompted(sh string) string {
	if sh == "bash" {
		return `ask() { return 3; }; before() { local i; for i in "${PROMPT_COMMAND[@]}"; do ask || eval "$i"; done; }; before;`
	}
	return `ask() { return 3; }; before() { local i; for i in "${precmd_functions[@]}"; do ask || $i; done; }; before;`
}

func inForce() string { return fmt.Sprintf("%s\tOPS-7\tprod\n", in(12*time.Minute+30*time.Second)) }

// shownIn is the hook's part of PS1.
func shownIn(sh string) string {
	if sh == "bash" {
		return `\[\]\[\]\[\e[32m\]OPS-7 prod 12m\[\e[0m\] \[\]\[\]`
	}
	return `%{%}%{%}%F{green}OPS-7 prod 12m%f %{%}%{%}`
}

func TestHooksKeepTheUsersPrompt(t *testing.T) {
	t.Parallel()
	again := `eval "$(cat "$HOOK")"; eval "$(cat "$HOOK")"; `
	for _, sh := range posix() {
		p, ps1, shown := prompted(sh), `printf '%s' "$PS1"`, shownIn(sh)
		for name, tc := range map[string]struct{ script, want string }{
			"set before":             {`PS1='me$ '; ` + p + ps1, shown + `me$ `},
			"sourced again":          {`PS1='me$ '; ` + again + p + `before; ` + ps1, shown + `me$ `},
			"wrapped by another":     {`PS1='me$ '; ` + p + `PS1="(venv) $PS1"; before; ` + ps1, shown + `(venv) me$ `},
			"what is over goes":      {`PS1='me$ '; ` + p + `printf '' >"` + "$JIT_STATE_DIR" + `/prompt"; before; ` + ps1 + `; printf '<%s>' "${JIT_PROMPT-unset}"`, `me$ <unset>`},
			"NO_COLOR":               {`NO_COLOR=1 PS1='me$ '; ` + p + ps1, regexp.MustCompile(`(\\\[\\e\[\d+m\\\]|%F\{green\}|%f)`).ReplaceAllString(shown, "") + `me$ `},
			"a dumb terminal":        {`TERM=dumb PS1='me$ '; ` + p + ps1, regexp.MustCompile(`(\\\[\\e\[\d+m\\\]|%F\{green\}|%f)`).ReplaceAllString(shown, "") + `me$ `},
			"options":                {`set -eu; PS1='me$ '; ` + p + ps1, shown + `me$ `},
			"IFS":                    {`PS1='me$ '; IFS=0123456789PO; ` + p + ps1, shown + `me$ `},
			"a script has no prompt": {`unset PS1; ` + p + `printf '%s' "${PS1-unset}"`, `unset`},
		} {
			t.Run(sh+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, sh, HookOptions{})
				r.state(inForce())
				if got := r.run(tc.script, "JIT_STATE_DIR="+r.dir); got != tc.want {
					t.Errorf("got  %q\nwant %q", got, tc.want)
				}
			})
		}
	}
}

// What runs before the prompt already still does, the hook after it, or before
// it where another program shows the variable; each sees the command's $?.
func TestHooksStandBesideOthers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sh, setup string
		first     bool
		want      string
	}{
		"a string":             {"bash", `PROMPT_COMMAND='printf "mine$?;"; PS1="new "; '`, false, `mine3;` + shownIn("bash") + `new `},
		"with a comment":       {"bash", `PROMPT_COMMAND='printf "mine$?;"; PS1="new " # why'`, false, `mine3;` + shownIn("bash") + `new `},
		"an array":             {"bash", `PROMPT_COMMAND=('printf "mine$?;"' 'PS1="new$? "')`, false, `mine3;` + shownIn("bash") + `new3 `},
		"after the hook":       {"bash", `PROMPT_COMMAND='printf "mine$?$JIT_PROMPT;"'`, true, `mine3OPS-7 prod 12m;old `},
		"array after":          {"bash", `PROMPT_COMMAND=('printf "mine$?$JIT_PROMPT;"' :)`, true, `mine3OPS-7 prod 12m;old `},
		"functions":            {"zsh", `mine() { printf "mine$?;"; PS1="new "; }; precmd_functions=(mine)`, false, `mine3;` + shownIn("zsh") + `new `},
		"functions after":      {"zsh", `mine() { printf "mine$?$JIT_PROMPT;" }; precmd_functions=(mine)`, true, `mine3OPS-7 prod 12m;old `},
		"no promptvars":        {"bash", `shopt -u promptvars; PROMPT_COMMAND=`, false, shownIn("bash") + `old `},
		"nocasematch, posix":   {"bash", `shopt -s nocasematch; set -o posix; set -f`, false, shownIn("bash") + `old `},
		"aliases":              {"bash", `shopt -s expand_aliases; alias read='echo no' printf='echo no' date='echo no'`, false, shownIn("bash") + `old `},
		"ksh options":          {"zsh", `setopt ksh_arrays sh_word_split no_prompt_subst`, false, shownIn("zsh") + `old `},
		"glob options":         {"zsh", `setopt extended_glob null_glob glob_subst no_multibyte rc_expand_param warn_create_global typeset_silent`, false, shownIn("zsh") + `old `},
		"ksh emulation":        {"zsh", `emulate ksh`, false, shownIn("zsh") + `old `},
		"no percent escapes":   {"zsh", `setopt no_prompt_percent`, false, `old `},
		"no module for a read": {"zsh", `zmodload() { return 1; }; disable sysread 2>/dev/null`, false, shownIn("zsh") + `old `},
	} {
		t.Run(tc.sh+"/"+name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tc.sh, HookOptions{VariableOnly: tc.first})
			r.state(inForce())
			script := `unset PROMPT_COMMAND; precmd_functions=(); PS1='old '; ` + tc.setup + `; eval "$(cat "$HOOK")"; ` + prompted(tc.sh) + `builtin printf '%s' "$PS1"`
			if got := r.run(script); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// To load the hook again without its part of the prompt takes that out.
func TestHooksLeaveThePrompt(t *testing.T) {
	t.Parallel()
	for _, sh := range append(posix(), "fish") {
		r := newRig(t, sh, HookOptions{})
		r.state(inForce())
		quiet, err := Hook(sh, HookOptions{State: r.dir, VariableOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		script := `PS1='me$ '; ` + prompted(sh) + "\n" + quiet + `printf '%s<%s>' "$PS1" "$JIT_PROMPT"`
		if sh == "fish" {
			script = "function __jit_fish_prompt; printf 'me$ '; end\n" + quiet + `fish_prompt; printf '<%s>' "$JIT_PROMPT"`
		}
		if got := r.run(script); got != "me$ <OPS-7 prod 12m>" {
			t.Errorf("%s: %q", sh, got)
		}
	}
}

func TestHooksWorkInAnyLocale(t *testing.T) {
	t.Parallel()
	for _, sh := range posix() {
		for _, locale := range []string{"C", "POSIX", "C.UTF-8", "en_US.ISO-8859-1", "nowhere"} {
			r := newRig(t, sh, HookOptions{})
			r.state(fmt.Sprintf("%s\tOPS-1\té\xff\n", in(time.Hour)) + inForce())
			// bash itself warns of a locale that the system does not have.
			if got := r.run(r.said(), "LC_ALL="+locale); !strings.HasSuffix(got, "<OPS-7 prod 12m>") {
				t.Errorf("%s in %s: %q", sh, locale, got)
			}
		}
	}
}

// bash before 4.2 cannot tell the time: the hook asks date once, and counts.
func TestOldBashCountsSeconds(t *testing.T) {
	t.Parallel()
	old := func(t *testing.T) *rig {
		r := newRig(t, "bash", HookOptions{})
		r.edit(`'%(%s)T' -1`, `'%(no)' x`)
		r.edit(`-ge 5`, `-ge 99`)
		r.edit(`[1234]:*`, `*`)
		r.state(inForce())
		return r
	}
	counted := `date() { printf d >>"$HOME/dates"; command date "$@"; }; command() { printf d >>"$HOME/dates"; builtin command "$@"; }; rm -f "$HOME/dates"; unset __jit_epoch EPOCHSECONDS; `
	said := `printf '<%s>' "${JIT_PROMPT-}"; cat "$HOME/dates"`
	for name, tc := range map[string]struct{ script, want string }{
		"one date":                   {`__jit_hook; __jit_hook; __jit_hook; `, `<OPS-7 prod 12m>d`},
		"seconds pass":               {`__jit_hook; SECONDS=$((SECONDS + 600)); __jit_hook; `, `<OPS-7 prod 2m>d`},
		"past the end":               {`__jit_hook; SECONDS=$((SECONDS + 7200)); __jit_hook; `, `<>d`},
		"SECONDS is set back":        {`SECONDS=500; __jit_hook; SECONDS=0; __jit_hook; __jit_hook; `, `<OPS-7 prod 12m>dd`},
		"SECONDS is a plain word":    {`__jit_hook; unset SECONDS; SECONDS=x; __jit_hook; `, `<>d`},
		"SECONDS is gone":            {`__jit_hook; unset SECONDS; __jit_hook; `, `<>d`},
		"a stale EPOCHSECONDS":       {`EPOCHSECONDS=1; __jit_hook; `, `<OPS-7 prod 12m>d`},
		"and under nounset, errexit": {`set -eu; __jit_hook; __jit_hook; `, `<OPS-7 prod 12m>d`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := old(t).run(counted + tc.script + said); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// macOS has bash 3.2, which none of the machines that test this has: what came
// later is looked for in the text.
func TestTheBashHookIsOldBash(t *testing.T) {
	t.Parallel()
	text, err := Hook("bash", HookOptions{State: "/state"})
	if err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, "read -r -N", "", 1)             // only run by bash 5
	text = strings.Replace(text, `printf -v now '%(%s)T'`, "", 1) // fails before 4.2, as it may
	for construct, pattern := range map[string]string{
		"associative or global": `(declare|local|typeset) -[a-zA-Z]*[AgnlU]`,
		"mapfile":               `\b(mapfile|readarray|coproc)\b`,
		"case conversion":       `\$\{[A-Za-z_]+(\^|,)`,
		"transformation":        `\$\{[A-Za-z_]+@`,
		"pipe of both":          `\|&|&>>`,
		"test of a variable":    `-v [A-Za-z_]+ \]`,
		"negative length":       `\$\{[A-Za-z_]+:[^}]*: ?-`,
		"EPOCHREALTIME":         `EPOCHREALTIME`,
		"fall through":          `;;?&`,
		"time in printf":        `%\(`,
		"read with a fraction":  `read .*-(N|i|t 0?\.)`,
	} {
		if found := regexp.MustCompile(pattern).FindString(text); found != "" {
			t.Errorf("%s: %q", construct, found)
		}
	}
}

// The faults of memory that a shell's ended children had are counted by the
// kernel: any process that a prompt started and waited for adds to them.
func TestNoProcessIsStartedForAPrompt(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("there is no /proc to count in")
	}
	loop := map[string]string{
		"bash": `PATH=; i=0; PS1='x '; read -r a </proc/$$/stat; while [ $i -lt 1000 ]; do i=$((i+1)); __jit_hook; $(true); done; read -r b </proc/$$/stat; printf '%s\n%s\n%s' "$a" "$b" "$JIT_PROMPT"`,
		"fish": `set pid $fish_pid; read a </proc/$pid/stat; set PATH; for i in (string split ' ' (string repeat -n 999 'x ')); emit fish_prompt; $(true); end; read b </proc/$pid/stat; printf '%s\n%s\n%s' $a $b $JIT_PROMPT`,
		"nu":   `let a = (open --raw $'/proc/($nu.pid)/stat'); for i in 1..1000 { do --env ($env.config.hooks.pre_prompt | last); $(true) }; let b = (open --raw $'/proc/($nu.pid)/stat'); print -n $"($a)($b)($env.JIT_PROMPT)"`,
	}
	loop["zsh"] = loop["bash"]
	one := map[string]string{"bash": `: "$(true)"`, "zsh": `: "$(/bin/true)"`, "fish": `/bin/true`, "nu": `^/bin/true`}
	for _, sh := range builtins() {
		for _, control := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/control=%v", sh, control), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, sh, HookOptions{})
				r.state(inForce() + inForce())
				extra, n := "", "1000"
				if control {
					extra, n = one[sh], "20"
				}
				script := strings.NewReplacer("$(true)", extra, "1000", n, "999", n, "; ; done", "; done").Replace(loop[sh])
				lines := strings.Split(r.run(strings.ReplaceAll(script, "; ;", ";")), "\n")
				if len(lines) != 3 || lines[2] != "OPS-7 prod 12m +1" {
					t.Fatalf("got %q", lines)
				}
				if before, after := childFaults(t, lines[0]), childFaults(t, lines[1]); (after > before) != control {
					t.Errorf("%d faults of children before, %d after", before, after)
				}
			})
		}
	}
}

// childFaults is cminflt of proc(5): minor faults of children waited for.
func childFaults(t *testing.T, stat string) int {
	t.Helper()
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	n, err := strconv.Atoi(fields[8])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// batches are the parts that a benchmark runs in. The least counts: on a busy
// machine the others tell what else it did.
const batches = 10

func BenchmarkPrompt(b *testing.B) {
	for _, sh := range posix() {
		for name, body := range map[string]string{"hook": "__jit_hook", "subshell": `: "$(true)"`} {
			b.Run(sh+"/"+name, func(b *testing.B) {
				if _, err := exec.LookPath(sh); err != nil {
					b.Skip("not installed")
				}
				r := newRig(b, sh, HookOptions{})
				r.state(inForce() + inForce())
				each := max(b.N, 100) / batches
				loop := map[string]string{
					"bash": `for ((i = 0; i < %d; i++)); do %s; done`,
					"zsh":  `repeat %d; do %s; done`,
				}[sh]
				script := `PS1='me '; zmodload zsh/datetime 2>/dev/null; echo $EPOCHREALTIME; ` + strings.Repeat(fmt.Sprintf(loop, each, body)+`; echo $EPOCHREALTIME; `, batches)
				var at []float64
				for _, word := range strings.Fields(r.run(script)) {
					t, err := strconv.ParseFloat(word, 64)
					if err != nil {
						b.Fatal(err)
					}
					at = append(at, t)
				}
				least := math.Inf(1)
				for i := range batches {
					least = min(least, at[i+1]-at[i])
				}
				b.ReportMetric(least*1000/float64(each), "ms/prompt")
			})
		}
	}
}
