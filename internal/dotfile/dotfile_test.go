package dotfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/dotfile"
	"github.com/jitaccess/jit/internal/fault"
)

const body = "[profile jit-a]\nregion = eu-west-1\n"

func set(t *testing.T, b dotfile.Block, path, body string) dotfile.Edit {
	t.Helper()
	f, err := dotfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Set(f, body)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Apply(); err != nil {
		t.Fatal(err)
	}
	return e
}

func cut(t *testing.T, b dotfile.Block, path string) {
	t.Helper()
	f, err := dotfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Cut(f)
	if err == nil {
		err = e.Apply()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

// FuzzUndo holds that setting a block, changing it, and taking it out leaves
// each file as it was, whatever is in it.
func FuzzUndo(f *testing.F) {
	for _, text := range []string{"", "\n", "[default]\nregion = x\n", "no end", "a\r\nb\r\n", "a\r\nb", "\xff\x00", "# >>> other >>>\n"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, top bool) {
		b := dotfile.Block{Owner: "jit test", Top: top}
		if strings.Contains(text, "jit test") {
			return
		}
		path := write(t, text)
		set(t, b, path, body)
		set(t, b, path, "another = 1\n")
		if got := read(t, path); !strings.Contains(got, "another = 1") || strings.Contains(got, "eu-west-1") {
			t.Fatalf("%q became %q", text, got)
		}
		cut(t, b, path)
		if got := read(t, path); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	})
}

func TestABlockStaysWhereItIs(t *testing.T) {
	t.Parallel()
	b := dotfile.Block{Owner: "jit test"}
	path := write(t, "before\n")
	set(t, b, path, body)
	if err := os.WriteFile(path, []byte(read(t, path)+"after\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	e := set(t, b, path, "new = 1\n")
	if got := read(t, path); !strings.HasPrefix(got, "before\n# >>> jit test >>>\nnew = 1\n") || !strings.HasSuffix(got, "<<<\nafter\n") {
		t.Errorf("%q", got)
	}
	if d := e.Diff(); !strings.Contains(d, "-region = eu-west-1\n") || !strings.Contains(d, "+new = 1\n") || strings.Contains(d, "-before") {
		t.Errorf("the diff is\n%s", d)
	}
	if e := set(t, b, path, "new = 1\n"); !e.Empty() || e.Diff() != "" {
		t.Errorf("setting it again changes\n%s", e.Diff())
	}
	f, _ := dotfile.Read(path)
	if got, found, err := b.Body(f); got != "new = 1\n" || !found || err != nil {
		t.Errorf("%q %t %v", got, found, err)
	}
	if rest, err := b.Rest(f); rest != "before\nafter\n" || err != nil {
		t.Errorf("%q %v", rest, err)
	}
	cut(t, b, path)
	if got := read(t, path); got != "before\nafter\n" {
		t.Errorf("%q", got)
	}
}

func TestANewFileIsMadeAndRemoved(t *testing.T) {
	t.Parallel()
	b := dotfile.Block{Owner: "jit test"}
	path := filepath.Join(t.TempDir(), ".aws", "config")
	set(t, b, path, body)
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(p); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", p, info, err)
		}
	}
	cut(t, b, path)
	if _, err := os.Stat(path); err == nil {
		t.Error("it is still there")
	}
	cut(t, b, path) // nothing to do
}

func TestLinksAndModesStay(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a right that few have")
	}
	real := write(t, "mine\n")
	link := filepath.Join(t.TempDir(), "config")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	set(t, dotfile.Block{Owner: "jit test", Top: true}, link, body)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v %v", info, err)
	}
	if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 || !strings.HasSuffix(read(t, real), "<<<\nmine\n") {
		t.Errorf("%v %v %q", info, err, read(t, real))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := dotfile.Block{Owner: "jit test"}
	for _, damaged := range []string{
		"# >>> jit test >>>\n", "# <<< jit test <<<\n", "# >>> jit test >>>\n# >>> jit test >>>\n# <<< jit test <<<\n",
		"# >>> jit test >>>\n# <<< jit test <<<\n# >>> jit test >>>\n# <<< jit test <<<\n",
	} {
		f, err := dotfile.Read(write(t, damaged))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Set(f, body); fault.ClassOf(err) != fault.Config || fault.HintOf(err) == "" {
			t.Errorf("%q: %v", damaged, err)
		}
		if _, err := b.Cut(f); fault.ClassOf(err) != fault.Config {
			t.Errorf("%q: %v", damaged, err)
		}
	}
	if _, err := dotfile.Read(t.TempDir()); fault.ClassOf(err) != fault.Config {
		t.Errorf("a directory: %v", err)
	}
}

func TestAFileThatChangedMeanwhileIsLeft(t *testing.T) {
	t.Parallel()
	path := write(t, "one\n")
	f, err := dotfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := dotfile.Block{Owner: "jit test"}.Set(f, body)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Apply(); fault.ClassOf(err) != fault.Config || read(t, path) != "two\n" {
		t.Errorf("%v, %q", err, read(t, path))
	}
}
