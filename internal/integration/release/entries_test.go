package release

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// entry is a file in an archive or a package.
type entry struct {
	data []byte
	mode fs.FileMode
	at   time.Time
}

// entries are the files in an archive or a package of whatever kind, by name
// without a leading / or ./; what tells about a package has none. All that is
// there must be root's, and a file or a directory.
func entries(t *testing.T, file string) map[string]entry {
	t.Helper()
	// bsdtar makes a tar of anything but a Debian package, which has one inside.
	c := exec.CommandContext(t.Context(), "bsdtar", "-c", "-f", "-", "--format", "pax", "@"+file)
	if strings.HasSuffix(file, ".deb") {
		c = exec.CommandContext(t.Context(), "dpkg-deb", "--fsys-tarfile", file)
	}
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v", c.Args, err)
	}
	found := map[string]entry{}
	for r := tar.NewReader(bytes.NewReader(out)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		named := h.Uname + h.Gname // a zip and an rpm have none
		if h.Uid != 0 || h.Gid != 0 || named != "" && named != "rootroot" {
			t.Errorf("%s: %s belongs to %d:%d (%s:%s)", filepath.Base(file), h.Name, h.Uid, h.Gid, h.Uname, h.Gname)
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		switch {
		case name == ".PKGINFO", h.FileInfo().IsDir():
			continue
		case !h.FileInfo().Mode().IsRegular():
			t.Errorf("%s: %s is a %v", filepath.Base(file), h.Name, h.FileInfo().Mode())
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %s: %v", file, h.Name, err)
		}
		found[name] = entry{data: data, mode: h.FileInfo().Mode(), at: h.ModTime}
	}
}

// hold compares entries to those that must be there, each with the file of the
// source tree that it is or "" where it is the binary. A nil time is any.
func hold(t *testing.T, got map[string]entry, want map[string]string, at *time.Time) {
	t.Helper()
	for name := range got {
		if _, wanted := want[name]; !wanted {
			t.Errorf("%s has no business there", name)
		}
	}
	for name, source := range want {
		e, there := got[name]
		mode := fs.FileMode(0o644)
		if source == "" {
			mode = 0o755
		}
		switch {
		case !there:
			t.Errorf("%s is missing", name)
			continue
		case e.mode != mode:
			t.Errorf("%s has the mode %v, want %v", name, e.mode, mode)
		case source != "" && !bytes.Equal(e.data, read(t, filepath.Join(root, source))):
			t.Errorf("%s is not %s", name, source)
		}
		if at != nil && !e.at.Equal(*at) {
			t.Errorf("%s is of %v, want %v", name, e.at, at)
		}
	}
}

// committed is when the commit was made that the tree is at.
func committed(t *testing.T) *time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(output(t, root, "git", "log", "-1", "--format=%cI")))
	if err != nil {
		t.Fatal(err)
	}
	return &at
}
