package shell

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/fault"
)

// rig is a shell with jit's hook and a state directory of its own.
type rig struct {
	t       testing.TB
	name    string // as Hook takes it
	program string
	dir     string // the state directory
	hook    string // the file with the hook
	env     []string
}

// args are how each shell runs a script that has loaded the hook before.
func (r *rig) args(script string) []string {
	switch r.name {
	case "bash":
		return []string{"--norc", "--noprofile", "-c", `eval "$(cat "$HOOK")"; ` + script}
	case "zsh":
		return []string{"-f", "-c", `eval "$(cat "$HOOK")"; ` + script}
	case "fish":
		return []string{"--no-config", "-c", `source $HOOK; ` + script}
	case "elvish":
		return []string{"-norc", "-c", `eval (slurp < $E:HOOK); ` + script}
	case "tcsh":
		return []string{"-f", "-c", `eval "` + "`cat $HOOK`" + `"; ` + script}
	case "nu":
		return []string{"--no-config-file", "--commands", `source ` + r.hook + `; ` + script}
	}
	return nil
}

// said is how each prints JIT_PROMPT as its next prompt would have it.
func (r *rig) said() string {
	return map[string]string{
		"bash": `printf '<%s>' "${JIT_PROMPT-}"`,
		"zsh":  `printf '<%s>' "${JIT_PROMPT-}"`,
		"fish": `emit fish_prompt; printf '<%s>' "$JIT_PROMPT"`,
		"nu":   `do --env ($env.config.hooks.pre_prompt | last); print -n $"<($env.JIT_PROMPT? | default '')>"`,
	}[r.name]
}

// newRig skips where the shell is not installed, unless JIT_REQUIRE has the
// word shells.
func newRig(t testing.TB, name string, o HookOptions) *rig {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), "shells") {
			t.Fatalf("%s is required, and not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	top := t.TempDir()
	r := &rig{t: t, name: name, program: program, dir: filepath.Join(top, "it's state $(x) `y`"), hook: filepath.Join(top, "hook")}
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if o.State == "" {
		o.State = r.dir
	}
	r.load(o)
	r.env = []string{"HOME=" + top, "PATH=" + os.Getenv("PATH"), "TERM=xterm", "HOOK=" + r.hook, "LC_ALL=C.UTF-8"}
	return r
}

func (r *rig) load(o HookOptions) {
	r.t.Helper()
	text, err := Hook(r.name, o)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.hook, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// edit changes the hook, to take an ability of the shell away.
func (r *rig) edit(from, to string) {
	r.t.Helper()
	b, err := os.ReadFile(r.hook)
	if err != nil || !strings.Contains(string(b), from) {
		r.t.Fatalf("the hook has no %q (%v)", from, err)
	}
	if err := os.WriteFile(r.hook, []byte(strings.ReplaceAll(string(b), from, to)), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) state(content string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "prompt"), []byte(moments(content)), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// run returns what a script printed on both streams: a hook is silent.
func (r *rig) run(script string, env ...string) string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.program, r.args(script)...)
	cmd.Env = append(slices.Clone(r.env), env...)
	cmd.Dir = filepath.Dir(r.dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Errorf("%s: %v", r.name, err)
	}
	return string(out)
}

// in is the moment that is d from now. In a state file it is a mark, which is
// replaced when the file is written: tests wait for one another.
func in(d time.Duration) string { return "@" + d.String() + "@" }

// moments replaces the marks of in.
func moments(text string) string {
	return regexp.MustCompile(`@[0-9hms.-]+@`).ReplaceAllStringFunc(text, func(mark string) string {
		d, err := time.ParseDuration(strings.Trim(mark, "@"))
		if err != nil {
			panic(err)
		}
		return strconv.FormatInt(time.Now().Add(d).Unix(), 10)
	})
}

// builtins are the shells whose hooks do all by themselves.
func builtins() []string { return []string{"bash", "zsh", "fish", "nu"} }

func TestHooksShowTheGrantInForce(t *testing.T) {
	t.Parallel()
	line := func(d time.Duration, rest string) string { return fmt.Sprintf("%s\t%s\n", in(d), rest) }
	soon, late := line(12*time.Minute+30*time.Second, "OPS-7\tprod-readonly"), line(2*time.Hour+3*time.Minute+30*time.Second, "OPS-8\tbastion")
	gone := line(-time.Hour, "OPS-1\told")
	for name, tc := range map[string]struct{ state, want string }{
		"none":                {"", ""},
		"one":                 {soon, "OPS-7 prod-readonly 12m"},
		"hours":               {late, "OPS-8 bastion 2h03m"},
		"one and another":     {soon + late, "OPS-7 prod-readonly 12m +1"},
		"what is over":        {gone, ""},
		"after what is over":  {gone + soon + late + late, "OPS-7 prod-readonly 12m +2"},
		"the last seconds":    {line(55*time.Second, "OPS-7\tx"), "OPS-7 x NNs"},
		"no newline":          {strings.TrimSuffix(soon, "\n"), "OPS-7 prod-readonly 12m"},
		"the longest":         {line(12*time.Minute+30*time.Second, strings.Repeat("A", 35)+"-7\t"+strings.Repeat("b", 64)), strings.Repeat("A", 35) + "-7 " + strings.Repeat("b", 64) + " 12m"},
		"awkward but allowed": {line(12*time.Minute+30*time.Second, "A_1-10\t0.a_b-"), "A_1-10 0.a_b- 12m"},
	} {
		for _, sh := range builtins() {
			t.Run(sh+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, sh, HookOptions{})
				r.state(tc.state)
				got := r.run(r.said())
				if name == "the last seconds" {
					got = regexp.MustCompile(`[45][0-9]s`).ReplaceAllString(got, "NNs")
				}
				if got != "<"+tc.want+">" {
					t.Errorf("got %q, want %q", got, tc.want)
				}
			})
		}
	}
}

func TestHooksShowTheShellsOwnGrant(t *testing.T) {
	t.Parallel()
	own := func(d time.Duration) []string {
		return []string{"JIT_GRANT=x", "JIT_TICKET=OPS-9", "JIT_ENTITLEMENT=own", moments("JIT_EXPIRES_AT=" + in(d))}
	}
	for _, sh := range builtins() {
		t.Run(sh, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sh, HookOptions{})
			r.state(fmt.Sprintf("%s\tOPS-7\tprod\n", in(12*time.Minute+30*time.Second)))
			if got := r.run(r.said(), own(5*time.Minute+30*time.Second)...); got != "<OPS-9 own 5m>" {
				t.Errorf("in force: %q", got)
			}
			if got := r.run(r.said(), own(-time.Minute)...); got != "<OPS-9 own expired>" {
				t.Errorf("run out: %q", got)
			}
			for _, bad := range []string{"JIT_TICKET=OPS-9$(x)", "JIT_ENTITLEMENT=a`b`", "JIT_EXPIRES_AT=12a", "JIT_EXPIRES_AT="} {
				if got := r.run(r.said(), append(own(5*time.Minute+30*time.Second), bad)...); got != "<OPS-7 prod 12m>" {
					t.Errorf("%s: %q", bad, got)
				}
			}
			other := filepath.Join(filepath.Dir(r.dir), "other")
			if err := os.Mkdir(other, 0o700); err != nil {
				t.Fatal(err)
			}
			if got := r.run(r.said(), "JIT_STATE_DIR="+other); got != "<>" {
				t.Errorf("JIT_STATE_DIR is not heeded: %q", got)
			}
		})
	}
}

// hostile is a state file that jit did not write, and what is shown of it.
type hostile struct{ state, want string }

func hostileFiles() map[string]hostile {
	good := fmt.Sprintf("%s\tOPS-7\tprod\n", in(12*time.Minute+30*time.Second))
	at := func(ticket, name string) string { return fmt.Sprintf("%s\t%s\t%s\n", in(time.Hour), ticket, name) }
	odd := strings.Join([]string{
		at("OPS-1$(touch canary)", "a"), at("OPS-1", "a`touch canary`"), at("OPS-1", "$(touch canary)"), at("OPS-1", "%(touch canary)"),
		at("OPS-1", "\x1b[31mred"), at("OPS-1\x1b]0;x\x07", "a"), at("OPS-1", "%F{red}"), at("OPS-1", "%n"), at("OPS-1", `\[x\]`), at("OPS-1", `\u`),
		at("ops-1", "a"), at("OPS", "a"), at("OPS-", "a"), at("OPS-0", "a"), at("-1", "a"), at("A-1", "a"), at("OPS-1-1", "a"), at("ÖPS-1", "a"), at("OPS-1", "é"), at("OPS-1", "\xff"),
		at("OPS-1", ""), at("", "a"), at("OPS-1", "-a"), at("OPS-1", ".a"), at("OPS-1", "A"), at("OPS-1", "a b"), at("OPS-1", "a\tb"), at("OPS-1", "a\r"),
		at("OPS-1", strings.Repeat("a", 65)), at(strings.Repeat("A", 36)+"-1", "a"),
		"x[$(touch canary)]\tOPS-1\ta\n", "99999999999999999999\tOPS-1\ta\n", "0x7fffffff\tOPS-1\ta\n", "09999999999\tOPS-1\ta\n", "-1\tOPS-1\ta\n", "+9999999999\tOPS-1\ta\n",
		"9999999999+1\tOPS-1\ta\n", " 9999999999\tOPS-1\ta\n", "\n", "\t\t\n", "9999999999 OPS-1 a\n",
	}, "")
	return map[string]hostile{
		"odd lines":       {odd, ""},
		"one good line":   {odd + good, "OPS-7 prod 12m"},
		"a huge line":     {strings.Repeat("9", 1<<20) + "\n" + good, ""},
		"many lines":      {strings.Repeat(good, 10_000), "OPS-7 prod 12m"},
		"many bad lines":  {strings.Repeat("\n", 1<<20) + good, ""},
		"NUL":             {"\x00\x00\n" + strings.Repeat("\x00", 5000), ""},
		"NUL in the line": {strings.Replace(at("OPS-1", "a"), "OPS", "O\x1b\x00PS", 1), ""},
		"not text":        {strings.Repeat("\xff\xfe\x80", 2000), ""},
	}
}

// A state file is written by jit; what anybody else put there is not shown, not
// run and not waited for.
func TestHooksSurviveHostileFiles(t *testing.T) {
	t.Parallel()
	for name, tc := range hostileFiles() {
		for _, sh := range builtins() {
			t.Run(sh+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, sh, HookOptions{})
				r.state(tc.state)
				start := time.Now()
				got := r.run(r.said())
				if name == "many lines" && strings.HasPrefix(got, "<OPS-7 prod 12m +") {
					got = "<OPS-7 prod 12m>" // how many depends on how much is read
				}
				if got != "<"+tc.want+">" {
					t.Errorf("got %q, want %q", got, tc.want)
				}
				if took := time.Since(start); took > 20*time.Second {
					t.Errorf("it took %v", took)
				}
				if found, err := filepath.Glob(filepath.Join(filepath.Dir(r.dir), "canary*")); err != nil || len(found) > 0 {
					t.Errorf("something was run: %q %v", found, err)
				}
			})
		}
	}
}

func TestHooksSurviveWhatIsNoFile(t *testing.T) {
	t.Parallel()
	for _, sh := range builtins() {
		t.Run(sh, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sh, HookOptions{})
			path := filepath.Join(r.dir, "prompt")
			for what, create := range map[string]func() error{
				"missing":       func() error { return nil },
				"a directory":   func() error { return os.Mkdir(path, 0o700) },
				"a device":      func() error { return os.Symlink("/dev/zero", path) },
				"a broken link": func() error { return os.Symlink("nowhere", path) },
				"a pipe":        func() error { return exec.CommandContext(t.Context(), "mkfifo", path).Run() },
			} {
				if err := create(); err != nil {
					t.Fatal(err)
				}
				if got := r.run(r.said()); got != "<>" {
					t.Errorf("%s: %q", what, got)
				}
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestWhatHasNoHook(t *testing.T) {
	t.Parallel()
	if _, err := Hook("cobol", HookOptions{State: "/x"}); fault.ClassOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "bash") {
		t.Errorf("an unknown shell: %v", err)
	}
	for _, state := range []string{"", "relative", "/a\nb", "/a\x1b"} {
		if _, err := Hook("bash", HookOptions{State: state}); fault.ClassOf(err) != fault.Config {
			t.Errorf("%q: %v", state, err)
		}
	}
	for _, name := range Hooked() {
		text, err := Hook(name, HookOptions{State: filepath.FromSlash("/state")})
		if err != nil || strings.Contains(text, "@STATE@") || strings.Contains(text, "@SHOW@") || strings.Contains(text, "DIGITS@") {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
