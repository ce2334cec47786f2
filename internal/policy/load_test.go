package policy_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
)

// lay writes files into a new directory and returns it.
func lay(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policy")
	for name, data := range contents {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const second = "version: 1\nentitlements:\n  second: {ticket: {projects: [OPS], statuses: [\"3\"]}, lease: {default: 15m, max: 1h}, ssh: {logins: [ops]}}\n"

func TestLoadReadsAFile(t *testing.T) {
	t.Parallel()
	dir := lay(t, map[string]string{"p.yaml": example, "ro.json": roJSON, "other.yaml": "wrong"})
	p, err := policy.Load(filepath.Join(dir, "p.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{filepath.Join(dir, "p.yaml"), filepath.Join(dir, "ro.json")}; !slices.Equal(p.Files, want) {
		t.Errorf("%v", p.Files)
	}
}

func TestLoadReadsADirectory(t *testing.T) {
	t.Parallel()
	dir := lay(t, map[string]string{
		"a.yaml": example, "b.yml": second, "ro.json": roJSON,
		".hidden.yaml": "wrong", "notes.txt": "wrong", "below/c.yaml": "wrong",
	})
	p, err := policy.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Entitlements(); len(got) != 3 || got[2].Name != "second" {
		t.Errorf("%+v", got)
	}
	again, err := policy.Load(lay(t, map[string]string{"a.yaml": example, "b.yml": second, "ro.json": roJSON}))
	if err != nil || again.Hash != p.Hash {
		t.Errorf("another checkout has another hash: %v", err)
	}
}

func TestLoadTellsTheMistakesOfAllFiles(t *testing.T) {
	t.Parallel()
	dir := lay(t, map[string]string{"b.yaml": "version: 1\n", "a.yaml": strings.Replace(example, "[OPS]", "[ops]", 1), "ro.json": "{"})
	_, err := policy.Load(dir)
	list, _ := errors.AsType[policy.Errors](err)
	var files []string
	for _, p := range list {
		files = append(files, filepath.Base(p.File))
	}
	if !slices.Equal(files, []string{"a.yaml", "b.yaml", "ro.json"}) || fault.ClassOf(err) != fault.Config {
		t.Errorf("%v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	dir := lay(t, map[string]string{"big.yaml": "# " + strings.Repeat("x", 1<<20), "empty/x.txt": "", "dir.yaml/x": ""})
	for _, tc := range []struct{ path, want string }{
		{"", "no policy is named"},
		{filepath.Join(dir, "none.yaml"), "cannot read"},
		{filepath.Join(dir, "big.yaml"), "larger than 1048576 bytes"},
		{filepath.Join(dir, "empty"), "has no *.yaml"},
		{dir, "larger than"},
	} {
		_, err := policy.Load(tc.path)
		if fault.ClassOf(err) != fault.Config || err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.path, err)
		}
	}
}

func TestLoadRefusesWhatOthersCanWrite(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("mode bits say nothing there")
	}
	for _, loose := range []string{"p.yaml", "ro.json", "."} {
		for _, load := range []string{"p.yaml", "."} {
			dir := lay(t, map[string]string{"p.yaml": example, "ro.json": roJSON})
			path := filepath.Join(dir, loose)
			mode := fs.FileMode(0o620)
			if loose == "." {
				mode = 0o770
			}
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			_, err := policy.Load(filepath.Join(dir, load))
			if fault.ClassOf(err) != fault.Config || fault.HintOf(err) != "run chmod go-w "+path {
				t.Errorf("%s of %s: %v, hint %q", loose, load, err, fault.HintOf(err))
			}
			if loose == "ro.json" && (err == nil || !strings.Contains(err.Error(), "p.yaml:15:83: ")) {
				t.Errorf("no place in %v", err)
			}
		}
	}
}
