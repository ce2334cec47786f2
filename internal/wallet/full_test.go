package wallet

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/grant"
)

// TestAFullDiskLosesNothing runs a process that may write no file of more than
// some hundred bytes, to which the end of a disk is alike.
func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there is no ulimit here")
	}
	w := fileWallet(t, filepath.Join(t.TempDir(), "state"))
	before, _ := mustPut(t, w, grant.AWS, 1, epoch.Add(time.Hour))
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -f 1 && exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=visit "+w.state+" 2")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the wallet cannot be written") || !strings.Contains(string(out), "hint: look whether the disk") {
		t.Fatalf("the process did not fail as it should: %v: %s", err, out)
	}
	if strings.Contains(string(out), "panic") || strings.Contains(string(out), "fakesecret") {
		t.Errorf("it says %s", out)
	}
	list, err := w.List(t.Context(), epoch)
	if err != nil || len(list) != 1 || list[0].Grant.ID != before.Grant.ID {
		t.Errorf("List: %+v, %v", list, err)
	}
	wantPrompt(t, w, list)
	if _, err := w.Open(t.Context(), before.Grant.ID); err != nil {
		t.Errorf("Open: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(w.dir, ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
