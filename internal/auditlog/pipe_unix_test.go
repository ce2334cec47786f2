//go:build !windows

package auditlog

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
)

// A pipe in a record's place: whoever opens it waits until somebody writes.
func TestAPipeInARecordsPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := appendTo(t, openDir(t, dir, ""), 0)
	if err := syscall.Mkfifo(filepath.Join(dir, "ada", "0000000002.json"), 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	wantGoesOn(t, dir, first)
}

func TestAPipeInAWritersPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	appendTo(t, openDir(t, dir, ""), 0)
	if err := syscall.Mkfifo(filepath.Join(dir, "ada.2"), 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	l := openDir(t, dir, "")
	if _, err := l.Head(t.Context(), "ada"); fault.ClassOf(err) != fault.Audit {
		t.Errorf("%v", err)
	}
	if got := codes(t, l); len(got) != 0 { // the pipe is no chain's problem
		t.Errorf("%q", got)
	}
}
