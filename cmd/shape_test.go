package cmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/jitaccess/jit/internal/terminal"
)

// every visits the commands that are the project's own.
func every(visit func(*cobra.Command)) {
	walk(newRootCmd(&app{}), func(c *cobra.Command) {
		if c.Name() != "completion" && (!c.HasParent() || c.Parent().Name() != "completion") {
			visit(c)
		}
	})
}

// The flags are what scripts are written with: each that goes or changes its
// type breaks somebody. After a deliberate change: go test ./cmd -run Flags -update.
func TestFlagsAreFrozen(t *testing.T) {
	var b bytes.Buffer
	every(func(c *cobra.Command) {
		fmt.Fprintf(&b, "%s\n", c.UseLine())
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			short := ""
			if f.Shorthand != "" {
				short = "-" + f.Shorthand + " "
			}
			fmt.Fprintf(&b, "  %s--%s %s\n", short, f.Name, f.Value.Type())
		})
	})
	golden := filepath.Join("testdata", "flags.golden")
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("the flags have changed; now they are\n%s", got)
	}
}

// A flag that two commands have is of one type, has one letter, and takes the
// same kind of value in both.
func TestFlagsMeanTheSameEverywhere(t *testing.T) {
	type seen struct{ where, kind, short, takes string }
	flags, letters := map[string]seen{}, map[string]string{}
	every(func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			takes, _ := pflag.UnquoteUsage(f)
			// A flag that may be repeated is still the same to who gives it once.
			now := seen{c.CommandPath(), strings.TrimSuffix(f.Value.Type(), "Array"), f.Shorthand, takes}
			if c.Name() == "ssh" && f.Name == "entitlement" {
				now.short = "e" // the letter is one of ssh's own options there
			}
			if before, ok := flags[f.Name]; ok && (before.kind != now.kind || before.short != now.short || before.takes != now.takes) {
				t.Errorf("--%s is %+v and %+v", f.Name, before, now)
			}
			flags[f.Name] = now
			if other := letters[f.Shorthand]; f.Shorthand != "" && other != "" && other != f.Name {
				t.Errorf("-%s is --%s and --%s", f.Shorthand, other, f.Name)
			}
			letters[f.Shorthand] = f.Name
		})
	})
}

// Usage lines and descriptions read alike.
func TestFlagsAreDescribedAlike(t *testing.T) {
	every(func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			first, _, _ := strings.Cut(f.Usage, " ")
			name := first == strings.ToUpper(first) // such as AWS
			if first == "" || !name && first != strings.ToLower(first) || strings.HasSuffix(f.Usage, ".") {
				t.Errorf("%s --%s: %q", c.CommandPath(), f.Name, f.Usage)
			}
		})
		for line := range strings.Lines(c.Long) {
			if len([]rune(strings.TrimRight(line, "\n"))) > 80 {
				t.Errorf("%s: a line of its help is longer than 80 columns: %q", c.CommandPath(), line)
			}
		}
		for line := range strings.Lines(c.Example) {
			if !strings.HasPrefix(line, "  ") {
				t.Errorf("%s: an example is not indented: %q", c.CommandPath(), line)
			}
		}
	})
}

// untouchable fails the test that uses it.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) { u.t.Error("something was read"); return 0, io.EOF }

func (u untouchable) Write([]byte) (int, error) { u.t.Error("something was written"); return 0, io.EOF }

// Commands are built without looking at anything: not the streams, not the
// randomness, and no file either, since there is nowhere to look for one.
func TestCommandsAreBuiltWithoutIO(t *testing.T) {
	u := untouchable{t}
	a := &app{io: &terminal.Streams{In: u, Out: u, Err: u}, random: u}
	if root := newRootCmd(a); !root.HasSubCommands() {
		t.Error("there are no commands")
	}
	if n := testing.AllocsPerRun(1, func() { newRequestCmd(a, nil) }); n == 0 {
		t.Error("nothing was built")
	}
}

// What a command is asked for reaches its logic as it was given.
func TestRequestPassesItsFlagsOn(t *testing.T) {
	var got *requestOptions
	run := func(args ...string) error {
		got = nil
		c := newRequestCmd(&app{}, func(_ context.Context, o *requestOptions) error { got = o; return nil })
		c.SetArgs(args)
		c.SetOut(io.Discard)
		c.SetErr(io.Discard)
		return c.Execute()
	}
	if err := run("ops-7", "-e", "bastion", "--for", "1h30m", "--reason", "a\x1b[31mb", "--mfa-code", "123456", "--dry-run", "--json"); err != nil {
		t.Fatal(err)
	}
	if got == nil || got.key != "ops-7" || got.entitlement != "bastion" || got.ttl.String() != "1h30m0s" ||
		got.reason != "a[31mb" || got.mfaCode != "123456" || !got.dryRun || !got.json {
		t.Errorf("got %+v", got)
	}
	for _, args := range [][]string{
		{"OPS-7", "--for", "0s"}, {"OPS-7", "--for", "-1m"}, {"OPS-7", "-e", ""},
	} {
		if err := run(args...); err == nil || got != nil {
			t.Errorf("%q: %v, and it was run: %v", args, err, got != nil)
		}
	}
}

// Whatever fails, standard output stays empty and the first line says so the
// same way.
func TestErrorsBeginAlike(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	every(func(c *cobra.Command) {
		args := strings.Fields(c.CommandPath() + " --no-such-flag")[1:]
		var out, errs bytes.Buffer
		a := &app{io: &terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, configFlag: filepath.Join(dir, "none.yaml")}
		code := a.run(context.Background(), args)
		want := exitUsage
		if c.Annotations[startsChild] != "" {
			want = exitNotRun
		}
		lines := strings.Split(errs.String(), "\n")
		if code != want || out.Len() != 0 || !strings.HasPrefix(lines[0], "jit: error: ") || !strings.HasPrefix(lines[1], "jit: hint: ") {
			t.Errorf("%v: exit code %d, out %q, err %q", args, code, out.String(), errs.String())
		}
	})
}

// Each code of the contract has a meaning, and help names no other.
func TestEveryExitCodeHasAMeaning(t *testing.T) {
	codes := []int{
		exitOK, exitInternal, exitUsage, exitDenied, exitTicket, exitAuth, exitAudit, exitIssuer, exitConfig, exitNoGrant,
		exitWaiting, exitNotRun, exitCancelled,
	}
	if !slices.IsSorted(codes) || codes[10] != 10 {
		t.Errorf("the codes are %v", codes)
	}
	for code := range 256 {
		if (meaning(code) != "") != slices.Contains(codes, code) {
			t.Errorf("code %d means %q", code, meaning(code))
		}
	}
}
