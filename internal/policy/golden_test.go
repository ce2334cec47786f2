package policy_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/policy"
)

var update = flag.Bool("update", false, "write the goldens anew")

// Each testdata/errors/NAME.yaml is wrong in as many ways as fit its theme, and
// NAME.txt is what is told about it.
func TestMessages(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = policy.Compile([]policy.Source{{Name: name + ".yaml", Data: data}}, files(map[string]string{
				"ro.json": roJSON, "broken.json": "{\n  \"Statement\": [},\n}", "list.json": "[]", "empty.json": "{}",
				"wide.json": "{\"Statement\": [],\n \"Sid\": \"€\"}", "long.json": `{"Statement": ["` + strings.Repeat("x", 2100) + `"]}`,
			}))
			if err == nil {
				t.Fatal("accepted")
			}
			golden := filepath.Join("testdata/errors", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if got := err.Error() + "\n"; got != strings.ReplaceAll(string(want), "\r\n", "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
