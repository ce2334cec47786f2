package house_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// modulePath is the module whose rules these are.
const modulePath = "github.com/jitaccess/jit"

// pkg is what `go list` tells about one package of the module.
type pkg struct {
	ImportPath     string
	Name           string
	Dir            string
	GoFiles        []string
	IgnoredGoFiles []string // of other systems
	TestGoFiles    []string
	XTestGoFiles   []string
	Imports        []string
	TestImports    []string
	XTestImports   []string
	Deps           []string
	EmbedFiles     []string
}

// short is the import path below the module: "internal/ticket", or "" for main.
func (p pkg) short() string { return shorten(p.ImportPath) }

func shorten(path string) string {
	if path == modulePath {
		return "main"
	}
	return strings.TrimPrefix(path, modulePath+"/")
}

// own reports whether an import path belongs to the module.
func own(path string) bool {
	return path == modulePath || strings.HasPrefix(path, modulePath+"/")
}

// source is one parsed file.
type source struct {
	pkg   string // short
	path  string // below the module root, with slashes
	test  bool
	file  *ast.File
	lines int
}

// module is the whole module, read once for all tests.
type module struct {
	root     string
	fset     *token.FileSet
	packages []pkg
	sources  []source
}

// theModule reads the module once; the tests only look at it.
var theModule = sync.OnceValues(readModule)

func load(t *testing.T) *module {
	t.Helper()
	m, err := theModule()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func readModule() (*module, error) {
	root, err := goTool("", "list", "-m", "-f", "{{.Dir}}", modulePath)
	if err != nil {
		return nil, err
	}
	m := &module{root: strings.TrimSpace(string(root)), fset: token.NewFileSet()}
	out, err := goTool(m.root, "list", "-e", "-json", "./...")
	if err != nil {
		return nil, err
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p pkg
		if err := dec.Decode(&p); err != nil {
			return nil, err
		}
		m.packages = append(m.packages, p)
		if err := m.readSources(p); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *module) readSources(p pkg) error {
	for _, files := range [][]string{p.GoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles} {
		for _, name := range files {
			s, err := m.readSource(p, name)
			if err != nil {
				return err
			}
			m.sources = append(m.sources, s)
		}
	}
	return nil
}

func (m *module) readSource(p pkg, name string) (source, error) {
	full := filepath.Join(p.Dir, name)
	text, err := os.ReadFile(full)
	if err != nil {
		return source{}, err
	}
	file, err := parser.ParseFile(m.fset, full, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	rel, err := filepath.Rel(m.root, full)
	if err != nil {
		return source{}, err
	}
	return source{
		pkg: p.short(), path: filepath.ToSlash(rel), file: file,
		test:  strings.HasSuffix(name, "_test.go") || isForTests(p.short()),
		lines: bytes.Count(text, []byte("\n")),
	}, nil
}

// code returns the sources that are not tests.
func (m *module) code() []source {
	var code []source
	for _, s := range m.sources {
		if !s.test {
			code = append(code, s)
		}
	}
	return code
}

// at is a position for a message, below the module root.
func (m *module) at(s source, pos token.Pos) string {
	p := m.fset.Position(pos)
	p.Filename = s.path
	return p.String()
}

func goTool(dir string, args ...string) ([]byte, error) {
	c := exec.Command("go", args...)
	c.Dir = dir
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return nil, &toolError{args: args, said: stderr.String(), err: err}
	}
	return out, nil
}

type toolError struct {
	args []string
	said string
	err  error
}

func (e *toolError) Error() string {
	return "go " + strings.Join(e.args, " ") + ": " + e.err.Error() + "\n" + e.said
}
