package ownership_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ownership"
)

// write makes a file with exactly this mode, whatever the umask.
func write(t *testing.T, path string, mode fs.FileMode) string {
	t.Helper()
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func privateDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReadFileReadsWhatNobodyElseCanWrite(t *testing.T) {
	t.Parallel()
	path := write(t, filepath.Join(privateDir(t), "policy.yaml"), 0o644)
	got, err := ownership.ReadFile(path, 7)
	if err != nil || string(got) != "content" {
		t.Errorf("ReadFile: %q, %v", got, err)
	}
}

func TestReadFileKeepsItsLimit(t *testing.T) {
	t.Parallel()
	path := write(t, filepath.Join(privateDir(t), "policy.yaml"), 0o600)
	_, err := ownership.ReadFile(path, 6)
	if fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), "larger than 6 bytes") {
		t.Errorf("err = %v", err)
	}
}

func TestMissingFileCanBeTold(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(privateDir(t), "none.yaml")
	_, err := ownership.ReadFile(missing, 10)
	for _, err := range []error{err, ownership.Check(missing)} {
		if !errors.Is(err, fs.ErrNotExist) || fault.ClassOf(err) != fault.Config {
			t.Errorf("err = %v", err)
		}
		if strings.Count(err.Error(), missing) != 1 {
			t.Errorf("the path is not told once: %v", err)
		}
	}
}

func TestReadFileRefusesADirectory(t *testing.T) {
	t.Parallel()
	_, err := ownership.ReadFile(privateDir(t), 10)
	if fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("err = %v", err)
	}
}
