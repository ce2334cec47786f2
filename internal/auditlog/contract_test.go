package auditlog

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/pkg/audit"
)

var (
	_ access.Log    = (*Log)(nil)
	_ access.Warmer = (*Log)(nil)
	_ audit.Store   = (*Log)(nil)
)

// openDir returns the log in a directory.
func openDir(t testing.TB, dir, stateDir string) *Log {
	t.Helper()
	l, err := Open("file://"+filepath.ToSlash(dir), Options{StateDir: stateDir})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestContract(t *testing.T) {
	t.Parallel()
	for name, rig := range map[string]func(t *testing.T) accesstest.LogRig{
		"file": func(t *testing.T) accesstest.LogRig {
			dir := filepath.Join(t.TempDir(), "log")
			return accesstest.LogRig{
				Open:  func() access.Log { return openDir(t, dir, "") },
				Store: audit.FS(os.DirFS(dir)),
			}
		},
		"file, with heads cached": func(t *testing.T) accesstest.LogRig {
			dir, state := filepath.Join(t.TempDir(), "log"), t.TempDir()
			return accesstest.LogRig{
				Open:  func() access.Log { return openDir(t, dir, state) },
				Store: audit.FS(os.DirFS(dir)),
			}
		},
		"S3": func(t *testing.T) accesstest.LogRig {
			m := newMemory()
			return accesstest.LogRig{
				Open:  func() access.Log { return quick(openMemory(t, m, "")) },
				Store: openMemory(t, m, ""),
			}
		},
		"S3, with heads cached apart": func(t *testing.T) accesstest.LogRig {
			m := newMemory()
			return accesstest.LogRig{
				Open:  func() access.Log { return quick(openMemory(t, m, t.TempDir())) },
				Store: openMemory(t, m, ""),
			}
		},
		"S3, where every fifth answer is lost": func(t *testing.T) accesstest.LogRig {
			m := newMemory()
			for range 200 {
				m.onPut = append(m.onPut, putFault{}, putFault{}, putFault{err: apiError(409, "ConditionalRequestConflict")}, putFault{},
					putFault{store: true, err: apiError(500, "InternalError")})
			}
			return accesstest.LogRig{
				Open:  func() access.Log { return quick(openMemory(t, m, "")) },
				Store: openMemory(t, m, ""),
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			accesstest.LogContract(t, rig)
		})
	}
}
