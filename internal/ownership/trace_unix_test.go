//go:build unix

package ownership

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
)

// private is a directory that nobody else can write, whatever the umask, under
// its name without links: macOS's directory for temporary files is behind one.
func private(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// plant makes what each line says: "NAME/ MODE" a directory, "NAME MODE" a file,
// "NAME -> TARGET" a link. Modes are set last, so that the order is free.
func plant(t *testing.T, lines ...string) string {
	t.Helper()
	root := private(t)
	modes := map[string]fs.FileMode{}
	for _, line := range lines {
		name, what, _ := strings.Cut(line, " ")
		path := filepath.Join(root, name)
		var err error
		switch to, isLink := strings.CutPrefix(what, "-> "); {
		case isLink:
			err = os.Symlink(strings.ReplaceAll(to, "ROOT", root), path)
		case strings.HasSuffix(name, "/"):
			err, modes[path] = os.Mkdir(path, 0o700), octal(what)
		default:
			err, modes[path] = os.WriteFile(path, []byte("content"), 0o600), octal(what)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, mode := range modes {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// octal reads a mode as chmod does.
func octal(s string) fs.FileMode {
	var mode fs.FileMode
	for _, digit := range s {
		mode = mode<<3 | fs.FileMode(digit-'0')
	}
	if mode&0o1000 != 0 {
		mode = mode&^0o1000 | fs.ModeSticky
	}
	return mode
}

type wayCase struct {
	tree []string
	ask  string
	mend string // what the hint's chmod names; "" where the way is good
}

func wayCases() map[string]wayCase {
	return map[string]wayCase{
		"plain":                     {[]string{"etc/ 755", "etc/p 644"}, "etc/p", ""},
		"a deep way":                {[]string{"a/ 755", "a/b/ 711", "a/b/c/ 700", "a/b/c/p 600"}, "a/b/c/p", ""},
		"an open grandparent":       {[]string{"open/ 777", "open/sub/ 700", "open/sub/p 600"}, "open/sub/p", "open"},
		"its group can write":       {[]string{"open/ 775", "open/sub/ 700", "open/sub/p 600"}, "open/sub/p", "open"},
		"the outermost comes first": {[]string{"a/ 777", "a/b/ 777", "a/b/p 666"}, "a/b/p", "a"},
		"a link through an open directory": {
			[]string{"conf/ 755", "open/ 777", "mine/ 755", "mine/p 600", "open/p -> ../mine/p", "conf/p -> ROOT/open/p"},
			"conf/p", "open",
		},
		"a directory link in an open directory": {
			[]string{"open/ 777", "mine/ 755", "mine/p 600", "open/d -> ../mine"},
			"open/d/p", "open",
		},
		"a link to a directory below an open one": {
			[]string{"conf/ 755", "open/ 777", "open/sub/ 755", "open/sub/p 600", "conf/d -> ../open/sub"},
			"conf/d/p", "open",
		},
		"a link that passes an open one by": {
			[]string{"conf/ 755", "open/ 777", "mine/ 755", "mine/p 600", "conf/p -> ../open/../mine/p"},
			"conf/p", "open",
		},
		"links over good ground": {
			[]string{"a/ 755", "b/ 755", "b/p 600", "a/d -> ROOT/b", "a/p -> d/p", "p -> ./a//p"},
			"p", "",
		},
		"back from a link":             {[]string{"a/ 755", "b/ 777", "b/c/ 755", "a/d -> ROOT/b/c", "b/p 600", "a/p 600"}, "a/d/../p", "b"},
		"a sticky directory":           {[]string{"tmp/ 1777", "tmp/d/ 700", "tmp/d/p 600"}, "tmp/d/p", ""},
		"a link in a sticky directory": {[]string{"tmp/ 1777", "mine/ 700", "mine/p 600", "tmp/p -> ../mine/p"}, "tmp/p", ""},
		"open below a sticky one":      {[]string{"tmp/ 1777", "tmp/d/ 777", "tmp/d/p 600"}, "tmp/d/p", "tmp/d"},
		"a directory":                  {[]string{"etc/ 755", "etc/policy/ 755"}, "etc/policy", ""},
		"a sticky directory itself":    {[]string{"etc/ 755", "etc/policy/ 1777"}, "etc/policy", "etc/policy"},
	}
}

func TestEveryDirectoryOnTheWayIsJudged(t *testing.T) {
	t.Parallel()
	for name, tc := range wayCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := plant(t, tc.tree...)
			err := Check(root + "/" + tc.ask)
			want := ""
			if tc.mend != "" {
				want = "run chmod go-w " + filepath.Join(root, tc.mend)
			}
			if got := fault.HintOf(err); got != want || (err == nil) != (tc.mend == "") {
				t.Errorf("%v, hint %q, want %q", err, got, want)
			}
			if err != nil && fault.ClassOf(err) != fault.Config {
				t.Errorf("class %d", fault.ClassOf(err))
			}
			if _, readErr := ReadFile(root+"/"+tc.ask, 10); tc.mend != "" && fault.HintOf(readErr) != want {
				t.Errorf("ReadFile: %v", readErr)
			}
		})
	}
}

func TestTheHintMendsTheWay(t *testing.T) {
	t.Parallel()
	root := plant(t, "a/ 777", "a/b/ 775", "a/b/p 666")
	for range 3 {
		dir, ok := strings.CutPrefix(fault.HintOf(Check(filepath.Join(root, "a/b/p"))), "run chmod go-w ")
		if !ok {
			t.Fatalf("no chmod in the hint: %v", Check(filepath.Join(root, "a/b/p")))
		}
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, info.Mode()&^0o022); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := ReadFile(filepath.Join(root, "a/b/p"), 7); err != nil || string(got) != "content" {
		t.Errorf("%q, %v", got, err)
	}
}

// Names are resolved as the kernel does it, and not as a path is cleaned.
func TestWhatIsCheckedIsWhatIsRead(t *testing.T) {
	t.Parallel()
	root := plant(t, "a/ 755", "a/p 600", "b/ 755", "b/c/ 755", "b/p 600", "a/d -> ../b/c")
	if err := os.WriteFile(filepath.Join(root, "b/p"), []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := root + "/a/d/../p"
	want, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(asked, 10)
	if err != nil || string(got) != string(want) || string(got) != "theirs" {
		t.Errorf("%q, %v; the kernel reads %q", got, err, want)
	}
	if real, _, err := trace(asked); err != nil || real != filepath.Join(root, "b/p") {
		t.Errorf("traced to %s, %v", real, err)
	}
}

func TestRelativePathsBeginAtTheWorkingDirectory(t *testing.T) {
	root := plant(t, "open/ 777", "open/sub/ 700", "open/sub/p 600", "good/ 755", "good/p 600")
	t.Chdir(filepath.Join(root, "open/sub"))
	for path, want := range map[string]string{
		"p": "run chmod go-w " + filepath.Join(root, "open"), "../sub/./p": "run chmod go-w " + filepath.Join(root, "open"),
	} {
		if err := Check(path); fault.HintOf(err) != want {
			t.Errorf("%s: %v, hint %q", path, err, fault.HintOf(err))
		}
	}
	t.Chdir(filepath.Join(root, "good"))
	if got, err := ReadFile("p", 10); err != nil || string(got) != "content" {
		t.Errorf("%q, %v", got, err)
	}
}

// What is missing is told as missing even where others could make it: there is
// nothing that could be trusted by mistake, and a file that may be absent stays
// optional.
func TestMissingInAnOpenDirectory(t *testing.T) {
	t.Parallel()
	root := plant(t, "open/ 777", "p -> none", "file 600")
	for _, path := range []string{"open/none", "open/none/p", "p"} {
		if err := Check(filepath.Join(root, path)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := Check(root + "/file/p"); !errors.Is(err, syscall.ENOTDIR) || fault.ClassOf(err) != fault.Config {
		t.Errorf("below a file: %v", err)
	}
}

func TestLinksWithoutEndAreRefused(t *testing.T) {
	t.Parallel()
	root := plant(t, "a -> b", "b -> a")
	if err := Check(filepath.Join(root, "a")); !errors.Is(err, syscall.ELOOP) || fault.ClassOf(err) != fault.Config {
		t.Errorf("%v", err)
	}
	// The bound is our own too, where a kernel allows more.
	for hops, ok := range map[int]bool{0: true, maxHops - 1: true, maxHops: false} {
		walk := &tracer{hops: hops}
		if err := walk.move(filepath.Join(root, "a")); err != nil {
			t.Fatal(err)
		}
		if err := walk.follow(root); (err == nil) != ok || !ok && !errors.Is(err, syscall.ELOOP) {
			t.Errorf("after %d links: %v", hops, err)
		}
	}
}

// In a sticky directory others can add links and directories of their own.
func TestWhatOthersOwnOnTheWayIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	tree := []string{"tmp/ 1777", "mine/ 755", "mine/p 600", "tmp/d/ 755", "tmp/d/p 644", "tmp/p -> ../mine/p", "tmp/m -> ../mine"}
	for path, theirs := range map[string]string{"tmp/d/p": "tmp/d", "tmp/p": "tmp/p", "tmp/m/p": "tmp/m", "mine/p": "mine"} {
		root := plant(t, tree...)
		if err := Check(filepath.Join(root, path)); err != nil {
			t.Errorf("%s, while all is ours: %v", path, err)
		}
		if err := os.Lchown(filepath.Join(root, theirs), 4242, -1); err != nil {
			t.Fatal(err)
		}
		err := Check(filepath.Join(root, path))
		if err == nil || !strings.Contains(err.Error(), filepath.Join(root, theirs)+" belongs to another user (uid 4242)") {
			t.Errorf("%s: %v", path, err)
		}
		// Taking a directory from its owner would break what else is in it.
		want := "not as root"
		if theirs == "tmp/p" || theirs == "tmp/m" {
			want = "chown -h"
		}
		if !strings.Contains(fault.HintOf(err), want) {
			t.Errorf("%s: hint %q", path, fault.HintOf(err))
		}
	}
}

// The name was checked, and a link or a pipe has come in its place since.
func TestOpenTakesWhatWasChecked(t *testing.T) {
	t.Parallel()
	root := plant(t, "p 600", "link -> p")
	if f, err := open(filepath.Join(root, "link")); err == nil {
		_ = f.Close()
		t.Error("open follows a link")
	}
	pipe := filepath.Join(root, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := open(pipe) // without a writer, this would wait for ever
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}
