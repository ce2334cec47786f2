package shell

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
)

// awkward are values that a careless quoting would change or run.
var awkward = []string{
	"plain", "", " ", "  two  blanks  ", "it's", "''", `"double"`, `back\slash`, `ends in \`, `\'`, `\\'`,
	"$HOME", "${HOME}", "$(echo run)", "`echo run`", "!!", "!echo", "a!b", "~", "~root", "-n", "*", "?", "[a]", "{a,b}",
	"a;echo run", "a&b", "a|b", "a>b", "#comment", "%PATH%", "^x", "é ü 日本", "‘’‚‛", "=", "a=b", "/+=", "\\n", "\\x41",
}

func awkwardVars() []Var {
	vars := make([]Var, len(awkward))
	for i, v := range awkward {
		vars[i] = Var{fmt.Sprintf("JIT_TEST_%d", i), v}
	}
	return vars
}

func export(t testing.TB, d Dialect, vars []Var, unset ...string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Export(&b, d, vars, unset...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestShellsReadWhatWasWritten runs each shell that is installed over the
// exports and prints what it has understood, variables separated by NUL.
func TestShellsReadWhatWasWritten(t *testing.T) {
	t.Parallel()
	var names []string
	for _, v := range awkwardVars() {
		names = append(names, v.Name)
	}
	posix := `eval "$1"; for n in ` + strings.Join(names, " ") + ` AWS_PROFILE; do eval "printf '%s\0' \"\${$n-unset}\""; done`
	env := `for n in ` + strings.Join(names, " ") + ` AWS_PROFILE; do eval "printf '%s\0' \"\${$n-unset}\""; done`
	for _, shell := range []struct {
		program string
		args    []string // the exports follow
	}{
		{"sh", []string{"-c", posix, "sh"}},
		{"bash", []string{"--norc", "-c", posix, "bash"}},
		{"bash", []string{"--norc", "-c", "set -o histexpand; " + posix, "bash"}},
		{"zsh", []string{"-f", "-c", posix, "zsh"}},
		{"dash", []string{"-c", posix, "dash"}},
		{"ksh", []string{"-c", posix, "ksh"}},
		{"fish", []string{"--no-config", "-c", `printf '%s\n' $argv[1] | source; exec sh -c '` + strings.ReplaceAll(env, "'", `\'`) + `'`}},
		{"tcsh", []string{"-f", "-c", `eval "$argv[1]:q"; exec sh -c ` + Csh.quote(env)}},
		{"pwsh", []string{"-NoProfile", "-Command", `Invoke-Expression $args[0]; sh -c ` + PowerShell.quote(env)}},
		{"nu", []string{"--no-config-file", "--commands", `open --raw /dev/stdin | from json | load-env; exec sh -c ` + Nu.quote(env)}},
		{"elvish", []string{"-norc", "-c", `eval $args[0]; e:sh -c ` + Elvish.quote(env)}},
	} {
		t.Run(shell.program, func(t *testing.T) {
			path, err := exec.LookPath(shell.program)
			if err != nil {
				t.Skip("not installed")
			}
			dialect, err := Detect(path)
			if err != nil {
				t.Fatal(err)
			}
			text := export(t, dialect, awkwardVars(), "AWS_PROFILE", "JIT_TEST_NOT_THERE")
			args := slices.Concat(shell.args, []string{text})
			if dialect == Nu { // it evaluates no text, and takes no arguments
				args = shell.args
			}
			cmd := exec.CommandContext(t.Context(), path, args...)
			cmd.Stdin = strings.NewReader(text)
			cmd.Env = append(cmd.Environ(), "AWS_PROFILE=prod")
			out, err := cmd.CombinedOutput()
			want := strings.Join(awkward, "\x00") + "\x00unset\x00"
			if err != nil || string(out) != want {
				t.Errorf("%v\ngot  %q\nwant %q", err, out, want)
			}
		})
	}
}

func TestEachDialectsWords(t *testing.T) {
	t.Parallel()
	vars := []Var{{"A", `it's $x\ !`}, {"B", "’"}}
	for d, want := range map[Dialect]string{
		Sh:         "unset C;\nexport A='it'\\''s $x\\ !';\nexport B='’';\n",
		Fish:       "set -eg C; or true;\nset -gx A 'it\\'s $x\\\\ !';\nset -gx B '’';\n",
		Csh:        "unsetenv C;\nsetenv A 'it'\\''s $x\\ \\!';\nsetenv B '’';\n",
		PowerShell: "Remove-Item -ErrorAction SilentlyContinue Env:C;\n$Env:A = 'it''s $x\\ !';\n$Env:B = '’’';\n",
		Elvish:     "unset-env C;\nset-env A 'it''s $x\\ !';\nset-env B '’';\n",
		Nu:         `{"C":null,"A":"it's $x\\ !","B":"’"}` + "\n",
	} {
		if got := export(t, d, vars, "C"); got != want {
			t.Errorf("%s:\ngot  %q\nwant %q", d, got, want)
		}
	}
	if got := export(t, Nu, nil); got != "{}\n" {
		t.Errorf("nothing for nu: %q", got)
	}
}

func TestUnfitVariablesAreRefusedWhole(t *testing.T) {
	t.Parallel()
	good := Var{"GOOD", "x"}
	for _, bad := range []Var{
		{"", "x"},
		{"1A", "x"},
		{"A B", "x"},
		{"A;B", "x"},
		{"A=B", "x"},
		{"É", "x"},
		{"A\n", "x"},
		{"A", "secret\nx"},
		{"A", "secret\x00"},
		{"A", "secret\x1b["},
		{"A", "secret\u2028"},
		{"A", "secret\xff"},
	} {
		for _, d := range []Dialect{Sh, Fish, Csh, PowerShell, Elvish, Nu} {
			var b bytes.Buffer
			err := Export(&b, d, []Var{good, bad})
			if fault.ClassOf(err) != fault.Internal || err == nil || b.Len() != 0 {
				t.Errorf("%s, %q: %v, %d bytes written", d, bad.Name, err, b.Len())
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error has the value: %v", err)
			}
		}
	}
	var b bytes.Buffer
	if err := Export(&b, Sh, nil, "A; rm -rf /"); err == nil || b.Len() != 0 {
		t.Errorf("an unfit name to unset: %v, %q", err, &b)
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Dialect{
		"/bin/sh": Sh, "/usr/bin/zsh": Sh, "-bash": Sh, "bash": Sh, "/usr/local/bin/fish": Fish, "tcsh": Csh, "/bin/csh": Csh,
		`C:\Program Files\PowerShell\7\pwsh.exe`: PowerShell, "PowerShell.EXE": PowerShell, "/opt/homebrew/bin/nu": Nu,
		"nushell": Nu, "elvish": Elvish, "powershell": PowerShell, `C:\Program Files\Git\usr\bin\bash.exe`: Sh,
	} {
		if got, err := Detect(name); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"xonsh", "/bin/cat", "cmd.exe", "/bin/sh/", "bash -l", "\x1b[31m"} {
		d, err := Detect(name)
		if fault.ClassOf(err) != fault.Usage || fault.HintOf(err) == "" || d != "" {
			t.Errorf("%s: %q, %v", name, d, err)
		}
	}
	if d, err := Detect(""); err != nil || d == "" {
		t.Errorf("no name: %q, %v", d, err)
	}
}

// FuzzQuoteSh reads the quoting back by POSIX' rules, for any text.
func FuzzQuoteSh(f *testing.F) {
	for _, v := range awkward {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		var b strings.Builder
		for rest := Sh.quote(value); rest != ""; {
			switch {
			case strings.HasPrefix(rest, `\'`):
				b.WriteByte('\'')
				rest = rest[2:]
			case rest[0] == '\'':
				text, after, ok := strings.Cut(rest[1:], "'")
				if !ok {
					t.Fatalf("%q is not closed", rest)
				}
				b.WriteString(text)
				rest = after
			default:
				t.Fatalf("%q is outside of quotes", rest)
			}
		}
		if b.String() != value {
			t.Errorf("got %q, want %q", b.String(), value)
		}
		var object map[string]string
		text, err := record([]Var{{"A", value}}, nil)
		if err != nil || json.Unmarshal([]byte(text), &object) != nil || len(object) != 1 {
			t.Errorf("%q is not an object: %v", text, err)
		}
	})
}
