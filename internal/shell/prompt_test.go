package shell

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/fault"
)

func TestPromptSurvivesHostileFiles(t *testing.T) {
	t.Parallel()
	for name, tc := range hostileFiles() {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "prompt"), []byte(moments(tc.state)), 0o600); err != nil {
			t.Fatal(err)
		}
		lines, err := Lines(dir, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if p, ok := Choose(nil, lines, time.Now()); ok {
			got = p.Text()
		}
		if name == "many lines" {
			got, _, _ = strings.Cut(got, " +")
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

func TestPromptWithoutAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for what, state := range map[string]string{"no directory": filepath.Join(dir, "none"), "no file": dir} {
		if lines, err := Lines(state, time.Now()); err != nil || len(lines) != 0 {
			t.Errorf("%s: %v %v", what, lines, err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "prompt"), 0o700); err != nil {
		t.Fatal(err)
	}
	if lines, err := Lines(dir, time.Now()); err != nil || len(lines) != 0 {
		t.Errorf("a directory: %v %v", lines, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Lines(filepath.Join(dir, "file"), time.Now()); fault.ClassOf(err) != fault.Config {
		t.Errorf("a file in the place of the directory: %v", err)
	}
}

func TestPromptCountsDown(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for left, want := range map[time.Duration]string{
		-time.Hour:                       "expired red",
		0:                                "expired red",
		time.Millisecond:                 "1s red",
		time.Second:                      "1s red",
		59 * time.Second:                 "59s red",
		59*time.Second + 1:               "1m red",
		time.Minute:                      "1m red",
		2*time.Minute - time.Second:      "1m red",
		2 * time.Minute:                  "2m yellow",
		10*time.Minute - time.Second:     "9m yellow",
		10 * time.Minute:                 "10m green",
		time.Hour - time.Second:          "59m green",
		time.Hour:                        "1h00m green",
		25*time.Hour + 9*time.Minute:     "25h09m green",
		2*time.Hour + 10*time.Minute + 1: "2h10m green",
	} {
		p, ok := Choose(&Line{"OPS-7", "prod", now.Add(left)}, nil, now)
		if got := strings.TrimPrefix(p.Text(), "OPS-7 prod ") + " " + p.Colour(); !ok || got != want {
			t.Errorf("%v: got %q, want %q", left, got, want)
		}
	}
}

func TestPromptChooses(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	a, b := Line{"OPS-1", "a", now.Add(20 * time.Minute)}, Line{"OPS-2", "b", now.Add(30 * time.Minute)}
	if _, ok := Choose(nil, nil, now); ok {
		t.Error("something is shown of nothing")
	}
	if p, ok := Choose(nil, []Line{a, b, b}, now); !ok || p.Text() != "OPS-1 a 20m +2" {
		t.Errorf("of three: %q", p.Text())
	}
	if p, ok := Choose(&b, []Line{a}, now); !ok || p.Text() != "OPS-2 b 30m" {
		t.Errorf("the shell's own: %q", p.Text())
	}
}

// The wallet's own words are the fixed point: what it writes is what is read.
func TestLinesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	text := fmt.Sprintf("%d\tOPS-1\tover\n%d\tOPS-2\tsoon\n%d\tA_B-3\tlate.r\n", now.Unix(), now.Unix()+60, now.Unix()+120)
	if err := os.WriteFile(filepath.Join(dir, "prompt"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lines, err := Lines(dir, now)
	if err != nil || len(lines) != 2 || lines[0].Ticket != "OPS-2" || lines[1].Entitlement != "late.r" || lines[1].ExpiresAt.Unix() != now.Unix()+120 {
		t.Errorf("%+v %v", lines, err)
	}
}
