package cmd

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// marked is a help text as Markdown, in which cobra's generators take it to be:
// what is indented is laid out by hand, and backquotes are those of a shell.
func marked(help string) string {
	var b strings.Builder
	fenced := false
	for line := range strings.Lines(help) {
		indented := strings.HasPrefix(line, "  ")
		switch {
		case indented && !fenced:
			b.WriteString("\n```\n")
		case !indented && fenced:
			b.WriteString("```\n")
		}
		fenced = indented
		if !indented {
			line = strings.NewReplacer("`", "\\`", "*", `\*`, "<", `\<`, `\`, `\\`).Replace(line)
		}
		b.WriteString(line)
	}
	if fenced {
		b.WriteString("\n```\n")
	}
	return strings.TrimRight(strings.ReplaceAll(b.String(), "\n\n\n", "\n\n"), "\n")
}

// markdownPage is a command's page for the web.
func markdownPage(t *testing.T, c *cobra.Command) []byte {
	t.Helper()
	var b bytes.Buffer
	withHelp(c, marked(c.Long), func() {
		if err := doc.GenMarkdown(c, &b); err != nil {
			t.Fatal(err)
		}
	})
	return b.Bytes()
}

// manPage is a command's manual page, the same whenever it is made.
func manPage(t *testing.T, c *cobra.Command) []byte {
	t.Helper()
	date := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	header := &doc.GenManHeader{Section: "1", Source: "jit", Manual: "jit manual", Date: &date}
	var b bytes.Buffer
	withHelp(c, marked(c.Long), func() {
		if err := doc.GenMan(c, header, &b); err != nil {
			t.Fatal(err)
		}
	})
	return []byte(verbatim(b.String()))
}

// withHelp makes a page with another help text.
func withHelp(c *cobra.Command, long string, generate func()) {
	defer func(before string) { c.Long = before }(c.Long)
	c.Long = long
	generate()
}

// verbatim has a formatter print examples as they are to be typed: it would make
// typographic quotes, hyphens and accents of them.
func verbatim(page string) string {
	var b strings.Builder
	example := false
	for line := range strings.Lines(page) {
		switch strings.TrimSpace(line) {
		case ".EX":
			example = true
		case ".EE":
			example = false
		}
		if example {
			line = strings.NewReplacer("`", `\(ga`, "'", `\(aq`, "-", `\-`, "^", `\(ha`, "~", `\(ti`).Replace(line)
		}
		b.WriteString(line)
	}
	return b.String()
}
