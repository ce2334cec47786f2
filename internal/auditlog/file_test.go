package auditlog

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// What a process leaves that was killed in the middle of an append is nobody's
// record and in nobody's way.
func TestALeftoverIsHarmless(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := appendTo(t, openDir(t, dir, ""), 0)
	whole, err := os.ReadFile(filepath.Join(dir, "ada", "0000000001.json"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) / 100 {
		left, err := writeTemporary(filepath.Join(dir, "ada"), whole[:n*100])
		if err != nil || filepath.Base(left)[0] != '.' {
			t.Fatal(left, err)
		}
	}
	if _, err := writeTemporary(dir, nil); err != nil {
		t.Fatal(err)
	}
	l := openDir(t, dir, "")
	second := appendTo(t, l, 1)
	wantLog(t, l, 2, first, second)
}

func TestModesOfTheLog(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes are Unix's")
	}
	dir := filepath.Join(t.TempDir(), "a", "log")
	appendTo(t, openDir(t, dir, ""), 0)
	for name, want := range map[string]fs.FileMode{"": dirMode, "ada": dirMode, "ada/0000000001.json": fileMode} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm()&^want != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, "ada"))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: the temporary file is still there", entries, err)
	}
}

func TestADirectoryThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"a file": file, "below a file": filepath.Join(file, "log")} {
		_, err := openDir(t, dir, "").Append(t.Context(), "ada", accesstest.LogEvent(1))
		if fault.ClassOf(err) != fault.Audit || fault.HintOf(err) == "" {
			t.Errorf("%s: %v, hint %q", name, err, fault.HintOf(err))
		}
	}
	missing := openDir(t, filepath.Join(t.TempDir(), "none"), "")
	if _, err := audit.Verify(t.Context(), missing, audit.Options{}); fault.ClassOf(err) != fault.Audit || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a log that is not there verifies: %v", err)
	}
	if head, err := missing.Head(t.Context(), "ada"); err != nil || head.Seq != 0 {
		t.Errorf("%+v, %v", head, err)
	}
}

func TestFileHints(t *testing.T) {
	t.Parallel()
	b := newDirBackend("/var/log/jit")
	for _, tc := range []struct {
		err         error
		doing, hint string
	}{
		{&fs.PathError{Op: "open", Err: fs.ErrPermission}, doingWrite, "writable"},
		{&fs.PathError{Op: "open", Err: fs.ErrPermission}, doingRead, "right to read"},
		{&fs.PathError{Op: "open", Err: fs.ErrNotExist}, doingRead, "nothing was recorded"},
		{&os.LinkError{Op: "link", Err: errors.ErrUnsupported}, doingWrite, "hard links"},
		{errors.New("input/output error"), doingWrite, "file system"},
	} {
		f := b.explain(tc.err, tc.doing)
		if f.Class != fault.Audit || !strings.Contains(f.Hint, tc.hint) || !errors.Is(f, tc.err) {
			t.Errorf("%v: %v, hint %q", tc.err, f, f.Hint)
		}
	}
}

// The process that the tests below start: it appends a number of records and
// prints the ref of each as soon as it has it.
func TestOneOfManyProcesses(t *testing.T) {
	dir, state := os.Getenv("AUDITLOG_TEST_DIR"), os.Getenv("AUDITLOG_TEST_STATE")
	if dir == "" {
		t.Skip("only in a process of another test")
	}
	n, err := strconv.Atoi(os.Getenv("AUDITLOG_TEST_N"))
	if err != nil {
		t.Fatal(err)
	}
	l, out := openDir(t, dir, state), json.NewEncoder(os.Stdout)
	for i := range n {
		if err := out.Encode(appendTo(t, l, i)); err != nil {
			t.Fatal(err)
		}
	}
}

// process is TestOneOfManyProcesses in a process of its own.
func process(dir, state string, n int) *exec.Cmd {
	c := exec.Command(os.Args[0], "-test.run=^TestOneOfManyProcesses$")
	c.Env = append(os.Environ(), "AUDITLOG_TEST_DIR="+dir, "AUDITLOG_TEST_STATE="+state, "AUDITLOG_TEST_N="+strconv.Itoa(n))
	return c
}

// Whenever a process is killed: each record that it was told of is there, and
// the chain goes on without a hole.
func TestKilledProcesses(t *testing.T) {
	t.Parallel()
	dir, state := t.TempDir(), t.TempDir()
	var known []audit.Ref
	for round := range 8 {
		c := process(dir, state, 1_000_000)
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := json.NewDecoder(out)
		for range round + 1 {
			var ref audit.Ref
			if err := lines.Decode(&ref); err != nil {
				t.Fatal(err)
			}
			known = append(known, ref)
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for {
			var ref audit.Ref
			if lines.Decode(&ref) != nil {
				break // a line that was cut counts as not told
			}
			known = append(known, ref)
		}
		_ = c.Wait() // it was killed
	}
	l := openDir(t, dir, state)
	last := appendTo(t, l, 0)
	wantLog(t, l, last.Seq, append(append(known, last), l.Known()...)...)
}

func TestProcesses(t *testing.T) {
	t.Parallel()
	const processes = 40
	dir, state := t.TempDir(), t.TempDir()
	var wg sync.WaitGroup
	for i := range processes {
		wg.Go(func() {
			cache := state
			if i%4 == 0 { // some share a cache, some have none
				cache = ""
			}
			c := process(dir, cache, 3)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	l := openDir(t, dir, state)
	wantLog(t, l, 3*processes, l.Known()...)
}

func BenchmarkAppend(b *testing.B) {
	l := openDir(b, b.TempDir(), b.TempDir())
	for n := 0; b.Loop(); n++ {
		appendTo(b, l, n)
	}
}
