package shell

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing them")

// started runs a shell as jit shell does, over the user's files, with the
// script on its standard input as if it were typed.
func started(t *testing.T, name, zdotdir, script string, files map[string]string) string {
	t.Helper()
	out, _ := startedSaying(t, name, zdotdir, script, files)
	return out
}

// startedSaying returns what such a shell says on standard error, too.
func startedSaying(t *testing.T, name, zdotdir, script string, files map[string]string) (out, errs string) {
	t.Helper()
	r := newRig(t, name, HookOptions{})
	r.state(inForce())
	home := filepath.Dir(r.dir)
	start, err := HookedShell(r.program, filepath.Join(r.dir, "shell"), strings.ReplaceAll(zdotdir, "HOME", home), HookOptions{State: r.dir})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range files {
		start.Files[filepath.Join(home, path)] = text
	}
	for path, text := range start.Files {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := append(slices.Clone(start.Args), "-i")
	cmd := exec.CommandContext(t.Context(), r.program, args...)
	cmd.Env = Environ(r.env, start.Vars)
	cmd.Stdin = strings.NewReader(script + "\nexit 0\n")
	var said strings.Builder
	cmd.Stderr = &said
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	return string(printed), said.String()
}

func TestHookedShellsReadTheUsersFiles(t *testing.T) {
	t.Parallel()
	said := `printf '<%s %s %s>' "$MINE" "$ZDOTDIR$JIT_ZDOTDIR" "$JIT_PROMPT"`
	for name, tc := range map[string]struct {
		shell, zdotdir string
		files          map[string]string
		want           string
	}{
		"bash":              {"bash", "", map[string]string{".bashrc": "MINE=1"}, "<1  OPS-7 prod 12m>"},
		"bash, no files":    {"bash", "", nil, "<  OPS-7 prod 12m>"},
		"zsh":               {"zsh", "", map[string]string{".zshenv": "MINE=1", ".zshrc": "MINE=${MINE}2\nPS1='me '"}, "<12  OPS-7 prod 12m>"},
		"zsh, ksh arrays":   {"zsh", "", map[string]string{".zshrc": "MINE=2; setopt ksh_arrays"}, "<2  OPS-7 prod 12m>"},
		"zsh, with ZDOTDIR": {"zsh", "HOME/z", map[string]string{"z/.zshrc": "MINE=z"}, "/z OPS-7 prod 12m>"},
		"fish":              {"fish", "", map[string]string{".config/fish/config.fish": "set MINE 1; set fish_greeting"}, "<1  OPS-7 prod 12m>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := started(t, tc.shell, tc.zdotdir, said, tc.files); !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q in it", got, tc.want)
			}
		})
	}
}

func TestOtherShellsAreStartedAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"/bin/sh", "dash", "/usr/bin/elvish", "nu", "cmd"} {
		start, err := HookedShell(program, "/state/shell", "", HookOptions{State: "/state"})
		if err != nil || len(start.Args) != 0 || len(start.Vars) != 0 || len(start.Files) != 0 {
			t.Errorf("%s: %+v %v", program, start, err)
		}
	}
	if _, err := HookedShell("/bin/bash", "/state", "", HookOptions{State: "a\nb"}); fault.ClassOf(err) != fault.Config {
		t.Errorf("a state that cannot be written down: %v", err)
	}
}

// No real PowerShell has run this one: the golden file shows what changes.
func TestPowerShellsHook(t *testing.T) {
	t.Parallel()
	if os.PathSeparator != '/' {
		t.Skip("the golden file has a path of unix")
	}
	for name, only := range map[string]bool{"hook.ps1": false, "hook-no-prompt.ps1": true} {
		got, err := Hook("powershell", HookOptions{State: "/home/ada/it's ’state", VariableOnly: only})
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s has changed (%v): after a deliberate change, go test ./internal/shell -run PowerShell -update", golden, err)
		}
	}
}

// A profile that the user's files name would win over the grant, and their own
// keys do.
func TestHookedShellsKeepTheGrant(t *testing.T) {
	t.Parallel()
	grant := "export JIT_AWS_KEY_ID=ASIA1 AWS_ACCESS_KEY_ID=ASIA1 AWS_PROFILE=corp AWS_SECURITY_TOKEN=old\n"
	fish := "set fish_greeting\nset -gx JIT_AWS_KEY_ID ASIA1\nset -gx AWS_ACCESS_KEY_ID ASIA1\nset -gx AWS_PROFILE corp\n"
	const universal = ".config/fish/fish_variables"
	said := `env | sed -n 's/^AWS_PROFILE=/profile /p; s/^AWS_SECURITY_TOKEN=/token /p'`
	const others = "AWS_ACCESS_KEY_ID: this shell does not use the keys of the grant"
	for name, tc := range map[string]struct {
		shell      string
		files      map[string]string
		left, warn string
	}{
		"bash":                        {"bash", map[string]string{".bashrc": grant}, "", ""},
		"zsh":                         {"zsh", map[string]string{".zshenv": grant, ".zshrc": "export AWS_PROFILE=corp"}, "", ""},
		"fish":                        {"fish", map[string]string{".config/fish/config.fish": fish}, "", ""},
		"bash, a grant for SSH":       {"bash", map[string]string{".bashrc": "export AWS_PROFILE=corp; set -u"}, "profile corp\n", ""},
		"bash, keys of one's own":     {"bash", map[string]string{".bashrc": grant + "AWS_ACCESS_KEY_ID=AKIA1"}, "", others},
		"zsh, keys of one's own":      {"zsh", map[string]string{".zshrc": grant + "AWS_ACCESS_KEY_ID=AKIA1"}, "", others},
		"fish, keys of one's own":     {"fish", map[string]string{".config/fish/config.fish": fish + "set AWS_ACCESS_KEY_ID AKIA1"}, "", others},
		"fish, a universal profile":   {"fish", map[string]string{".config/fish/config.fish": fish, universal: "# VERSION: 3.0\nSETUVAR --export AWS_PROFILE:corp\n"}, "profile corp\n", "jit: hint: use jit exec, or take it away everywhere with set -eU AWS_PROFILE"},
		"fish, universal, unexported": {"fish", map[string]string{".config/fish/config.fish": fish, universal: "# VERSION: 3.0\nSETUVAR AWS_PROFILE:corp\n"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, errs := startedSaying(t, tc.shell, "", said, tc.files)
			if !strings.HasSuffix(out, tc.left) || tc.left == "" && strings.Contains(out, "profile ") || strings.Contains(out, "token ") {
				t.Errorf("got %q, want %q", out, tc.left)
			}
			if !strings.Contains(errs, tc.warn) || tc.warn == "" && strings.Contains(errs, "jit:") {
				t.Errorf("it warns %q, want %q", errs, tc.warn)
			}
		})
	}
}
