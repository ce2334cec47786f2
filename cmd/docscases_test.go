package cmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/terminal"
)

// The worked example is run as the page says, and comes out as the page says.
func TestTheWorkedExampleOfTestingRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "policy.yaml")
	_, blocks := split(documents(t)["../docs/policy-testing.md"])
	want := ""
	for _, b := range blocks {
		name := map[string]string{"<!-- whole policy -->": path, "<!-- whole cases -->": filepath.Join(dir, "policy.test.yaml")}[b.before]
		_, told, ran := strings.Cut(b.text, "$ jit policy test policy.yaml\n")
		switch {
		case name != "":
			if err := os.WriteFile(name, []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
		case ran:
			want = told
		}
	}
	var out, errs bytes.Buffer
	a := &app{io: &terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, configFlag: filepath.Join(dir, "none.yaml")}
	code := a.run(context.Background(), []string{"policy", "test", path})
	if got := strings.ReplaceAll(out.String(), path, "policy.yaml"); code != exitOK || got != want || want == "" || errs.Len() > 0 {
		t.Errorf("exit code %d, got %q, want %q, %s", code, got, want, errs.String())
	}
}
