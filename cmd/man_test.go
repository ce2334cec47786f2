package cmd

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// mandoc reads the pages as a manual reader would, and tells what it stumbles
// over.
func TestManPagesAreWellFormed(t *testing.T) {
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		requireOrSkip(t, "man", "mandoc is not installed")
	}
	pages, err := filepath.Glob("../docs/man/*.1")
	if err != nil || len(pages) < 20 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	// What is below an error is a matter of style, which the generator has.
	if out, err := exec.Command(mandoc, append([]string{"-T", "lint", "-W", "error"}, pages...)...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// What help says a reader of the page can copy: prose is filled, and all else has
// its indent, its quotes and its hyphens.
func TestManPagesSayWhatHelpSays(t *testing.T) {
	t.Parallel()
	readers := map[string][]string{
		"mandoc": {"-T", "utf8", "-O", "width=1000"},
		"groff":  {"-man", "-T", "utf8", "-rLL=1000n", "-P", "-cbou"},
	}
	for reader, args := range readers {
		program, err := exec.LookPath(reader)
		if err != nil {
			if reader == "mandoc" {
				requireOrSkip(t, "man", "mandoc is not installed")
			}
			continue
		}
		walk(newRootCmd(&app{}), func(c *cobra.Command) {
			page := filepath.Join("..", "docs", "man", strings.ReplaceAll(c.CommandPath(), " ", "-")+".1")
			out, err := exec.Command(program, append(args, page)...).Output()
			if err != nil {
				t.Fatalf("%s %s: %v", reader, page, err)
			}
			rendered := regexp.MustCompile(".\x08").ReplaceAllString(string(out), "") // bold is struck twice
			for line := range strings.Lines(c.Long + "\n" + c.Example) {
				if !onPage(rendered, strings.TrimRight(line, "\n")) {
					t.Errorf("%s: %s does not show %q", page, reader, line)
				}
			}
		})
	}
}

// onPage reports whether a page has a line of the help.
func onPage(page, line string) bool {
	if strings.HasPrefix(line, " ") {
		return regexp.MustCompile(`(?m)^ {7}` + regexp.QuoteMeta(line) + `$`).MatchString(page)
	}
	line = strings.TrimPrefix(line, "#### ") // the library's own help has headings
	prose := strings.NewReplacer("’", "'", "‘", "`", "‐", "-")
	return strings.Contains(strings.Join(strings.Fields(prose.Replace(page)), " "), strings.Join(strings.Fields(line), " "))
}
