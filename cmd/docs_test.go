package cmd

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/policy"
)

// documents are README.md and docs/**/*.md, by path from this directory.
func documents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	add := func(path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.ToSlash(path)] = strings.ReplaceAll(string(data), "\r\n", "\n")
	}
	add(filepath.Join("..", "README.md"))
	err := filepath.WalkDir(filepath.Join("..", "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			add(path)
		}
		return err
	})
	if err != nil || len(found) < 20 {
		t.Fatalf("%d documents, %v", len(found), err)
	}
	return found
}

// block is a fenced block, with its language and the line of text before it.
type block struct{ language, before, text string }

// split parts a document into its prose and its fenced blocks.
func split(text string) (prose string, blocks []block) {
	var p strings.Builder
	var now *block
	before := ""
	for line := range strings.Lines(text) {
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && now == nil:
			now = &block{language: language, before: before}
		case fence:
			blocks, now = append(blocks, *now), nil
		case now != nil:
			now.text += line
		default:
			p.WriteString(line)
			before = strings.TrimSpace(line)
		}
	}
	return p.String(), blocks
}

// anchors are those that a document's headings get.
func anchors(prose string) map[string]bool {
	found := map[string]bool{"": true}
	for line := range strings.Lines(prose) {
		title := strings.TrimLeft(line, "#")
		if title == line || !strings.HasPrefix(title, " ") {
			continue
		}
		found[regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")] = true
	}
	for name := range found {
		found[strings.ReplaceAll(name, " ", "-")] = true
	}
	return found
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksLead(t *testing.T) {
	t.Parallel()
	docs := documents(t)
	for path, text := range docs {
		prose, _ := split(text)
		for _, m := range link.FindAllStringSubmatch(prose, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			to := filepath.ToSlash(filepath.Join(filepath.Dir(path), file))
			if file == "" {
				to = path
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: %s leads nowhere", path, m[1])
				continue
			}
			if target, _ := split(docs[to]); !anchors(target)[anchor] {
				t.Errorf("%s: %s has no such heading", path, m[1])
			}
		}
	}
}

func TestCommandsInDocumentsParse(t *testing.T) {
	t.Parallel()
	seen := 0
	for path, text := range documents(t) {
		_, blocks := split(text)
		for _, b := range blocks {
			for line := range strings.Lines(strings.ReplaceAll(b.text, "\\\n", " ")) {
				line = strings.TrimSpace(line)
				typed, isTyped := strings.CutPrefix(line, "$ ")
				if b.language != "sh" && !(b.language == "console" && isTyped) {
					continue
				}
				for _, args := range jitCommands(typed) {
					seen++
					if err := parses(args); err != nil {
						t.Errorf("%s: %s: %v", path, line, err)
					}
				}
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d commands were found", seen)
	}
}

// A block after a comment that calls it a whole policy or config is loaded.
func TestWholeFilesInDocumentsLoad(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for path, text := range documents(t) {
		_, blocks := split(text)
		for _, b := range blocks {
			dir := t.TempDir()
			file := filepath.Join(dir, "file.yaml")
			for name, data := range map[string]string{file: b.text, filepath.Join(dir, "ro.json"): `{"Statement": []}`} {
				if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var err error
			switch b.before {
			case "<!-- whole policy -->":
				_, err = policy.Load(file)
			case "<!-- whole config -->":
				_, err = config.Load(file, filepath.Join(dir, "none"), config.Env{})
			default:
				continue
			}
			seen[b.before]++
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if len(seen) != 2 {
		t.Errorf("found %v", seen)
	}
}

// messages are the texts in the program's source.
func messages(t *testing.T) []string {
	t.Helper()
	var found []string
	read := func(path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var s scanner.Scanner
		set := token.NewFileSet()
		s.Init(set.AddFile(path, -1, len(data)), data, nil, 0)
		for _, kind, text := s.Scan(); kind != token.EOF; _, kind, text = s.Scan() {
			if value, err := strconv.Unquote(text); kind == token.STRING && err == nil {
				found = append(found, value)
			}
		}
		return nil
	}
	for _, root := range []string{".", filepath.Join("..", "internal")} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			return read(path)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// Messages that are quoted are those of the program, with … for what differs.
func TestTroubleshootingQuotesMessages(t *testing.T) {
	t.Parallel()
	source := strings.Join(messages(t), "\x00")
	quoted := regexp.MustCompile("(?m)^- `([^`]+)`").FindAllStringSubmatch(documents(t)["../docs/troubleshooting.md"], -1)
	if len(quoted) < 30 {
		t.Errorf("only %d messages are quoted", len(quoted))
	}
	for _, q := range quoted {
		parts := strings.Split(q[1], "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		if !regexp.MustCompile(strings.Join(parts, "[^\x00]*")).MatchString(source) {
			t.Errorf("no message is %q", q[1])
		}
	}
}

// What people meet while they use a grant has an entry.
func TestTroubleshootingHasWhatPeopleMeet(t *testing.T) {
	t.Parallel()
	text := documents(t)["../docs/troubleshooting.md"]
	for _, message := range []string{
		"which grant", "the key agent has not started", "ssh does not take this command", "cannot be written into ssh's configuration",
		"are damaged", "has changed meanwhile", "the wallet is not tidy", "still in ssh-agent",
	} {
		if !regexp.MustCompile("(?m)^- `[^`]*" + message).MatchString(text) {
			t.Errorf("there is no entry for %q", message)
		}
	}
}
