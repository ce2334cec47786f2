package release

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// root is that of the program's module.
const root = "../../.."

// dist is a directory that goreleaser filled.
type dist struct {
	dir       string
	version   string
	artifacts []artifact
}

// artifact is a file in it, as artifacts.json tells.
type artifact struct {
	Name, Path, Type string
	Goos, Goarch     string
	Extra            struct{ Format string }
}

// open reads what goreleaser says of the directory.
func open(t *testing.T) dist {
	t.Helper()
	d := dist{dir: os.Getenv("JIT_DIST")}
	if d.dir == "" {
		if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), "dist") {
			t.Fatal(`JIT_REQUIRE has "dist", but JIT_DIST names no directory`)
		}
		t.Skip("JIT_DIST names no directory")
	}
	var about struct{ Version string }
	d.decode(t, "metadata.json", &about)
	d.decode(t, "artifacts.json", &d.artifacts)
	if d.version = about.Version; d.version == "" || len(d.artifacts) == 0 {
		t.Fatalf("version %q, %d artifacts", d.version, len(d.artifacts))
	}
	return d
}

// decode reads a file of JSON.
func (d dist) decode(t *testing.T, name string, v any) {
	t.Helper()
	if err := json.Unmarshal(read(t, filepath.Join(d.dir, name)), v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// path is where an artifact is; it is told from beside the directory.
func (d dist) path(a artifact) string { return filepath.Join(filepath.Dir(d.dir), a.Path) }

// all are the artifacts of a type, of which there must be some.
func (d dist) all(t *testing.T, kind string) []artifact {
	t.Helper()
	var found []artifact
	for _, a := range d.artifacts {
		if a.Type == kind {
			found = append(found, a)
		}
	}
	if len(found) == 0 {
		t.Fatalf("there is no %s", kind)
	}
	return found
}

// here is the archive for the system that the tests run on.
func (d dist) here(t *testing.T) artifact {
	t.Helper()
	for _, a := range d.all(t, "Archive") {
		if a.Goos == runtime.GOOS && a.Goarch == runtime.GOARCH {
			return a
		}
	}
	t.Skipf("nothing was built for %s/%s", runtime.GOOS, runtime.GOARCH)
	return artifact{}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// output is what a command prints in a directory.
func output(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir = dir
	var errors strings.Builder
	c.Stderr = &errors
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", c.Args, err, out, errors.String())
	}
	return string(out)
}

// systems are those that a release is for.
func systems() []string {
	var list []string
	for _, goos := range []string{"darwin", "linux", "windows"} {
		list = append(list, goos+"_amd64", goos+"_arm64")
	}
	return list
}

// A snapshot may leave targets out, as .ci/run does. All of them are in the
// configuration that made it, and each system is in what it made.
func TestEverySystemIsThere(t *testing.T) {
	d := open(t)
	var config struct {
		Builds []struct{ Targets []string }
	}
	if err := yaml.Unmarshal(read(t, filepath.Join(d.dir, "config.yaml")), &config); err != nil {
		t.Fatal(err)
	}
	var targets, made []string
	for _, b := range config.Builds {
		for _, target := range b.Targets { // linux_amd64_v1
			targets = append(targets, target[:strings.LastIndex(target, "_")])
		}
	}
	slices.Sort(targets)
	if !slices.Equal(targets, systems()) {
		t.Errorf("a release is for %q, want %q", targets, systems())
	}
	for _, a := range d.all(t, "Archive") {
		made = append(made, a.Goos)
	}
	slices.Sort(made)
	if made = slices.Compact(made); !slices.Equal(made, []string{"darwin", "linux", "windows"}) {
		t.Errorf("archives are there for %q only", made)
	}
}

func TestBinaryTellsItsVersion(t *testing.T) {
	d := open(t)
	binary := filepath.Join(t.TempDir(), "jit")
	if err := os.WriteFile(binary, entries(t, d.path(d.here(t)))["jit"].data, 0o700); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{"jit", d.version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}, " ")
	if got := strings.TrimSpace(output(t, "", binary, "version")); got != want {
		t.Errorf("jit version prints %q, want %q", got, want)
	}
}
