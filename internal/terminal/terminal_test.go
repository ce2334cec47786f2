package terminal_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/terminal"
)

func TestLinesAreLabelledAndHarmless(t *testing.T) {
	var err bytes.Buffer
	s := &terminal.Streams{Err: &err}
	s.Note("granted %s", "bastion")
	s.Error("p.yaml:3:1: unknown key a\np.yaml:4:1: unknown key \x1b[31mb", "see docs")
	s.Warn("careful")
	s.Hint("")
	want := "jit: granted bastion\n" +
		"jit: error: p.yaml:3:1: unknown key a\n" +
		"jit: error: p.yaml:4:1: unknown key [31mb\n" +
		"jit: hint: see docs\n" +
		"jit: warning: careful\n"
	if err.String() != want {
		t.Errorf("got\n%s\nwant\n%s", err.String(), want)
	}
}

func TestColourDecoratesOnlyTheLabel(t *testing.T) {
	var plain, coloured bytes.Buffer
	(&terminal.Streams{Err: &plain}).Error("no", "yes")
	(&terminal.Streams{Err: &coloured, Colour: true}).Error("no", "yes")
	stripped := strings.NewReplacer("\x1b[31m", "", "\x1b[36m", "", "\x1b[0m", "").Replace(coloured.String())
	if stripped != plain.String() || stripped == coloured.String() {
		t.Errorf("coloured %q, plain %q", coloured.String(), plain.String())
	}
}

func TestStandardHasNoColourInAPipe(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := terminal.Standard(f, f, f, "xterm", false)
	if s.Colour || s.InTTY || s.OutTTY || s.ErrTTY || s.Interactive() {
		t.Errorf("a file passes for a terminal: %+v", s)
	}
}

func TestNothingIsAskedWithoutATerminal(t *testing.T) {
	var out bytes.Buffer
	a := terminal.NewAsker(&terminal.Streams{In: strings.NewReader("answer\n"), Err: &out})
	if answer, err := a.Line(context.Background(), "Name", ""); fault.ClassOf(err) != fault.Usage {
		t.Errorf("Line = %q, %v", answer, err)
	}
	if secret, err := a.Secret(context.Background(), "Token"); fault.ClassOf(err) != fault.Usage || !secret.Empty() {
		t.Errorf("Secret: %v", err)
	}
	if yes, err := a.Yes(context.Background(), "Sure?", true); fault.ClassOf(err) != fault.Usage || yes {
		t.Errorf("Yes = %v, %v", yes, err)
	}
	if out.Len() != 0 {
		t.Errorf("something was written: %q", out.String())
	}
}

// asker answers from text, as a terminal would.
func asker(text string) (*terminal.Asker, *bytes.Buffer) {
	var out bytes.Buffer
	return terminal.NewAsker(&terminal.Streams{In: strings.NewReader(text), Err: &out, InTTY: true, ErrTTY: true}), &out
}

func TestLineTakesTheDefault(t *testing.T) {
	a, out := asker("\n  typed \nno newline")
	for _, want := range []string{"def", "typed", "no newline"} {
		if got, err := a.Line(context.Background(), "Q", "def"); err != nil || got != want {
			t.Errorf("Line = %q, %v, want %q", got, err, want)
		}
	}
	if !strings.HasPrefix(out.String(), "Q [def]: ") {
		t.Errorf("asked %q", out.String())
	}
	if _, err := a.Line(context.Background(), "Q", "def"); fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("the end of input is taken for an answer: %v", err)
	}
}

func TestYesAsksUntilItUnderstands(t *testing.T) {
	a, out := asker("maybe\nY\n\nno\n")
	for _, want := range []bool{true, false, false} {
		if got, err := a.Yes(context.Background(), "Sure?", false); err != nil || got != want {
			t.Errorf("Yes = %v, %v, want %v", got, err, want)
		}
	}
	if strings.Count(out.String(), "(y/N)") != 4 {
		t.Errorf("asked %q", out.String())
	}
}

// neverReads is a terminal that nobody types on.
type neverReads struct{ block chan struct{} }

func (n neverReads) Read([]byte) (int, error) { <-n.block; return 0, os.ErrClosed }

func TestCtrlCEndsAQuestion(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	ctx, cancel := context.WithCancel(context.Background())
	a := terminal.NewAsker(&terminal.Streams{In: neverReads{block}, Err: &bytes.Buffer{}, InTTY: true, ErrTTY: true})
	cancel()
	if _, err := a.Line(ctx, "Q", ""); err == nil || ctx.Err() == nil {
		t.Errorf("Line went on: %v", err)
	}
}

func TestAFullDiskBehindStandardOutputIsRemembered(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	defer full.Close()
	s := terminal.Standard(full, full, full, "xterm", true)
	if s.OutError() != nil {
		t.Fatal("an error before anything was written")
	}
	_, _ = s.Out.Write([]byte("data"))
	if s.OutError() == nil {
		t.Error("the error is lost")
	}
}
