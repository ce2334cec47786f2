//go:build unix

package ownership

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/fault"
)

// tree makes DIR/policy.yaml with these modes and returns the file's path.
func tree(t *testing.T, dir, file fs.FileMode) string {
	t.Helper()
	d := filepath.Join(private(t), "etc")
	if err := os.Mkdir(d, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(d, "policy.yaml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for p, mode := range map[string]fs.FileMode{path: file, d: dir} {
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestCheckReadsModes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		dir, file fs.FileMode
		mend      string // "" accepted, "file" or "dir" refused with its chmod
	}{
		{0o755, 0o644, ""},
		{0o700, 0o600, ""},
		{0o755, 0o444, ""},
		{0o755, 0o755, ""},
		{0o755, 0o664, "file"},
		{0o755, 0o646, "file"},
		{0o755, 0o620, "file"},
		{0o755, 0o602, "file"},
		{0o777, 0o666, "dir"}, // mended from the outside in
		{0o775, 0o644, "dir"},
		{0o757, 0o644, "dir"},
		{0o777, 0o600, "dir"},
		{0o777 | fs.ModeSticky, 0o600, ""},
		{0o777 | fs.ModeSticky, 0o620, "file"},
	} {
		path := tree(t, tc.dir, tc.file)
		err := Check(path)
		want := map[string]string{"": "", "file": "run chmod go-w " + path, "dir": "run chmod go-w " + filepath.Dir(path)}[tc.mend]
		if got := fault.HintOf(err); got != want || (err == nil) != (tc.mend == "") {
			t.Errorf("dir %o, file %o: %v, hint %q, want %q", tc.dir, tc.file, err, got, want)
		}
		if err != nil && fault.ClassOf(err) != fault.Config {
			t.Errorf("class %d", fault.ClassOf(err))
		}
	}
}

func TestCheckJudgesADirectoryItself(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(tree(t, 0o777|fs.ModeSticky, 0o600))
	if err := Check(dir); fault.HintOf(err) != "run chmod go-w "+dir {
		t.Errorf("a sticky directory of policies that others can add to: %v", err)
	}
}

func TestCheckFollowsLinks(t *testing.T) {
	t.Parallel()
	loose := tree(t, 0o755, 0o666)
	link := filepath.Join(private(t), "link")
	if err := os.Symlink(loose, link); err != nil {
		t.Fatal(err)
	}
	if err := Check(link); err == nil || !strings.HasSuffix(fault.HintOf(err), "/etc/policy.yaml") {
		t.Errorf("err = %v, hint %q", err, fault.HintOf(err))
	}
	if _, err := ReadFile(link, 10); err == nil {
		t.Error("ReadFile reads through the link")
	}
}

// Whoever can write where the link lies can lead it elsewhere.
func TestCheckJudgesWhereALinkLies(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(tree(t, 0o770, 0o600))
	link := filepath.Join(dir, "link")
	if err := os.Symlink(tree(t, 0o755, 0o600), link); err != nil {
		t.Fatal(err)
	}
	if err := Check(link); fault.HintOf(err) != "run chmod go-w "+dir {
		t.Errorf("err = %v, hint %q", err, fault.HintOf(err))
	}
}

func TestOwnerMustBeRootOrTheUser(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		owner, me int
		ok        bool
	}{
		{0, 0, true}, {0, 1000, true}, {1000, 1000, true}, {1000, 0, false}, {1001, 1000, false},
	} {
		for _, as := range []part{target, holder, link} {
			if err := judgeOwner("p", tc.owner, tc.me, as); (err == nil) != tc.ok || !tc.ok && fault.HintOf(err) == "" {
				t.Errorf("owner %d for uid %d as %d: %v", tc.owner, tc.me, as, err)
			}
		}
	}
}

func TestAnotherUsersFileIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	path := tree(t, 0o755, 0o644)
	if err := os.Chown(path, 4242, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path, 10); fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), "uid 4242") {
		t.Errorf("err = %v", err)
	}
}

// A pipe is refused before it is opened; opening it would block.
func TestPipeIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(private(t), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path, 10); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("err = %v", err)
	}
}

func TestUnknownOwnerIsRefused(t *testing.T) {
	t.Parallel()
	if err := judge("p", noStat{}, target); fault.ClassOf(err) != fault.Config {
		t.Errorf("err = %v", err)
	}
}

type noStat struct{}

func (noStat) Name() string       { return "p" }
func (noStat) Size() int64        { return 0 }
func (noStat) Mode() fs.FileMode  { return 0o600 }
func (noStat) ModTime() time.Time { return time.Time{} }
func (noStat) IsDir() bool        { return false }
func (noStat) Sys() any           { return nil }
