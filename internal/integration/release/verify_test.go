package release

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// documented are the commands of the one block below a heading of
// docs/release.md.
func documented(t *testing.T, heading string) string {
	t.Helper()
	_, section, found := strings.Cut(string(read(t, filepath.Join(root, "docs", "release.md"))), "\n"+heading+"\n")
	section, _, _ = strings.Cut(section, "\n#")
	_, block, fenced := strings.Cut(section, "```sh\n")
	block, _, ends := strings.Cut(block, "```")
	if !found || !fenced || !ends {
		t.Fatalf("docs/release.md has no commands below %q", heading)
	}
	return block
}

func TestChecksumsHold(t *testing.T) {
	d := open(t)
	listed := map[string]bool{}
	for line := range strings.Lines(string(read(t, filepath.Join(d.dir, "checksums.txt")))) {
		listed[strings.Fields(line)[1]] = true
	}
	want := map[string]bool{}
	for _, kind := range []string{"Archive", "Linux Package", "SBOM"} {
		for _, a := range d.all(t, kind) {
			want[a.Name] = true
		}
	}
	if !maps.Equal(listed, want) {
		t.Errorf("checksums.txt is about %q, want %q", slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(want)))
	}
	said := output(t, d.dir, "sh", "-euc", documented(t, "### Its checksums"))
	if n := strings.Count(said, ": OK\n"); n != len(want) {
		t.Errorf("%d of %d files were found good:\n%s", n, len(want), said)
	}
}

// A build of the same source elsewhere, as docs/release.md has it, gives the
// same bytes.
func TestBinaryCanBeBuiltAgain(t *testing.T) {
	d := open(t)
	a := d.here(t)
	elsewhere := filepath.Join(t.TempDir(), "src")
	copyTree(t, elsewhere)
	script := strings.NewReplacer(
		"VERSION", d.version, "GOOS=linux", "GOOS="+runtime.GOOS, "GOARCH=amd64", "GOARCH="+runtime.GOARCH,
	).Replace(documented(t, "### Its bytes"))
	said := strings.Fields(output(t, elsewhere, "sh", "-euc", script))
	if want := sum(entries(t, d.path(a))["jit"].data); len(said) != 2 || said[0] != want {
		t.Errorf("another build gives %q, want %s", said, want)
	}
}
