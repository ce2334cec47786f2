package trial_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy/strict"
	"github.com/jitaccess/jit/internal/trial"
)

var update = flag.Bool("update", false, "write the golden anew")

// Every mistake of a file is told at once, each with its place.
func TestMistakes(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/wrong.test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = trial.Parse([]strict.Source{{Name: "wrong.test.yaml", Data: data}})
	if fault.ClassOf(err) != fault.Config {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/wrong.txt", []byte(err.Error()+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, readErr := os.ReadFile("testdata/wrong.txt")
	if readErr != nil {
		t.Fatal(readErr)
	}
	if got := err.Error() + "\n"; got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAFileOfTestsBeginsLikeOne(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"tests: 2\ncases: [{name: a, expect: {x: deny}}]":   "f:1:8: tests 2 is not supported",
		"tests: '1'\ncases: [{name: a, expect: {x: deny}}]": "f:1:8: tests must be the number 1",
		"cases: [{name: a, expect: {x: deny}}]\ntests: 1":   "f:1:1: a file of tests must begin with tests: 1",
		"tests: 1\n":                     "f:1:1: a file of tests must have cases",
		"tests: 1\ncases: []":            "f:2:8: cases is empty",
		"tests: 1\ncases: x":             "f:2:8: cases must be a list",
		"":                               "f:1:1: the file is empty",
		"- x":                            "f:1:1: the file must be a mapping, not a list",
		"tests: 1\n---\nx: y\n":          "a test file holds one document",
		"version: 1\nentitlements: {}\n": `unknown key "version" in the file, which takes tests, people, tickets, defaults, cases`,
	} {
		_, err := trial.Parse([]strict.Source{{Name: "f", Data: []byte(data)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", data, err, want)
		}
	}
}

func lay(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("tests: 1\ncases: [{name: a, expect: {x: deny}}]\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCasesStandBesideThePolicy(t *testing.T) {
	t.Parallel()
	dir := lay(t, "a.yaml", "a.test.yaml", "b.test.yml", "c.txt", ".d.test.yaml", "test.yaml")
	for path, want := range map[string]string{
		dir:                              "a.test.yaml b.test.yml",
		filepath.Join(dir, "a.yaml"):     "a.test.yaml",
		filepath.Join(dir, "b.yml"):      "b.test.yml",
		filepath.Join(dir, "c.yaml"):     "",
		filepath.Join(dir, "none/x.yml"): "",
		lay(t, "a.yaml"):                 "",
	} {
		found, err := trial.Beside(path)
		for i, f := range found {
			found[i] = filepath.Base(f)
		}
		if got := strings.Join(found, " "); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", path, got, err, want)
		}
		if err != nil && (fault.ClassOf(err) != fault.Config || !strings.Contains(fault.HintOf(err), "--cases")) {
			t.Errorf("%s: %v, hint %q", path, err, fault.HintOf(err))
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := lay(t, "a.test.yaml", "b.test.yaml")
	files, err := trial.Load([]string{filepath.Join(dir, "a.test.yaml"), filepath.Join(dir, "b.test.yaml")})
	if err != nil || len(files) != 2 || files[1].Cases[0].Line != 2 {
		t.Errorf("%v, %v", files, err)
	}
	big := filepath.Join(dir, "big.test.yaml")
	if err := os.WriteFile(big, []byte("#"+strings.Repeat("x", 1<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.test.yaml"): "cannot read", big: "larger than", dir: "cannot read",
	} {
		if _, err := trial.Load([]string{path}); fault.ClassOf(err) != fault.Config || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
