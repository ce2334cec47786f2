package release

import (
	"bytes"
	"debug/buildinfo"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// sources are the files of the source tree that match a pattern, of which there
// must be at least as many.
func sources(t *testing.T, pattern string, least int) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil || len(found) < least {
		t.Fatalf("%s: %d files, %v", pattern, len(found), err)
	}
	for i := range found {
		found[i] = strings.TrimPrefix(filepath.ToSlash(found[i]), root+"/")
	}
	return found
}

func completions(t *testing.T) []string { t.Helper(); return sources(t, "completions/*", 4) }
func manPages(t *testing.T) []string    { t.Helper(); return sources(t, "docs/man/*.1", 30) }

// binaryName is that of the binary in an archive.
func binaryName(a artifact) string {
	if a.Goos == "windows" {
		return "jit.exe"
	}
	return "jit"
}

// information is what the linker wrote into the binary of an archive.
func information(t *testing.T, a artifact, in map[string]entry) *debug.BuildInfo {
	t.Helper()
	info, err := buildinfo.Read(bytes.NewReader(in[binaryName(a)].data))
	if err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	return info
}

func TestArchivesAreComplete(t *testing.T) {
	d := open(t)
	for _, a := range d.all(t, "Archive") {
		t.Run(a.Name, func(t *testing.T) {
			want := map[string]string{binaryName(a): "", "LICENSE": "LICENSE", "README.md": "README.md"}
			for _, source := range append(completions(t), manPages(t)...) {
				want[source] = source
			}
			in := entries(t, d.path(a))
			hold(t, in, want, committed(t))
			format := map[bool]string{false: "tar.gz", true: "zip"}[a.Goos == "windows"]
			if name := "jit_" + d.version + "_" + a.Goos + "_" + a.Goarch + "." + format; a.Name != name {
				t.Errorf("the archive is not named %s", name)
			}
			got := map[string]string{}
			for _, s := range information(t, a, in).Settings {
				got[s.Key] = s.Value
			}
			for key, want := range map[string]string{"GOOS": a.Goos, "GOARCH": a.Goarch, "CGO_ENABLED": "0", "-trimpath": "true"} {
				if got[key] != want {
					t.Errorf("the binary was built with %s=%s, want %s", key, got[key], want)
				}
			}
		})
	}
}

// A cask names what it installs, file by file.
func TestCaskInstallsEverything(t *testing.T) {
	d := open(t)
	cask := string(read(t, d.path(d.all(t, "Homebrew Cask")[0])))
	want := []string{`binary "jit"`, `version "` + d.version + `"`}
	for _, page := range manPages(t) {
		want = append(want, `manpage "`+page+`"`)
	}
	for _, file := range completions(t) {
		shell := strings.TrimPrefix(filepath.Ext(file), ".")
		if shell != "ps1" { // Homebrew has no place for it
			want = append(want, shell+`_completion "`+file+`"`)
		}
	}
	for _, a := range d.all(t, "Archive") {
		if a.Goos != "windows" {
			want = append(want, `sha256 "`+sum(read(t, d.path(a)))+`"`, `jit_#{version}`+strings.TrimPrefix(a.Name, "jit_"+d.version)+`"`)
		}
	}
	for _, w := range want {
		if !strings.Contains(cask, w) {
			t.Errorf("the cask has no %s", w)
		}
	}
}
