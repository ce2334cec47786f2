package cmd

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write the generated files instead of comparing them")

// generated returns every file that is made from the command tree, by its path
// from the top of the repository.
func generated(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	root := newRootCmd(&app{})
	root.DisableAutoGenTag = true
	for shell, ending := range map[string]string{"bash": "bash", "zsh": "zsh", "fish": "fish", "powershell": "ps1"} {
		text, err := completionScript(root, shell, true)
		if err != nil {
			t.Fatal(err)
		}
		files["completions/jit."+ending] = []byte(text)
	}
	walk(root, func(c *cobra.Command) {
		files["docs/commands/"+strings.ReplaceAll(c.CommandPath(), " ", "_")+".md"] = markdownPage(t, c)
		files["docs/man/"+strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"] = manPage(t, c)
	})
	return files
}

// walk visits the commands that a user sees.
func walk(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			walk(sub, visit)
		}
	}
}

func TestGeneratedFilesAreFresh(t *testing.T) {
	files := generated(t)
	for name, want := range files {
		path := filepath.Join("..", filepath.FromSlash(name))
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
			t.Errorf("%s is stale (%v): run go test ./cmd -run Generated -update", name, err)
		}
	}
	for _, pattern := range []string{"../completions/*", "../docs/commands/*", "../docs/man/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if _, ok := files[filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))]; !ok {
				t.Errorf("%s belongs to no command", path)
			}
		}
	}
}

// Every command says what it does, shows how, and lists its exit codes.
func TestEveryCommandIsDescribed(t *testing.T) {
	walk(newRootCmd(&app{}), func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short help %q", c.CommandPath(), c.Short)
		}
		if before, _, ok := strings.Cut(c.Long, "Exit codes:"); !ok || strings.TrimSpace(before) == "" {
			t.Errorf("%s: the help says too little, or lists no exit codes", c.CommandPath())
		}
		if c.Example == "" {
			t.Errorf("%s: no example", c.CommandPath())
		}
	})
}
