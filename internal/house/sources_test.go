package house_test

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// banned is a function of the standard library that only some files may name.
type banned struct {
	call string   // package path and name
	only []string // packages, or files, that may; empty: nobody
	why  string
}

func bannedCalls() []banned {
	config := []string{"internal/config"}
	clock := []string{"cmd", "internal/sandbox"}
	const (
		exit     = "deferred clean-up and tests of cmd.Main need every path to return"
		env      = "one place reads the environment, so that the sandbox and tests can replace it whole"
		time     = "a clock that cannot be set cannot be tested: take a func() time.Time, or a time"
		global   = "a shared client has no timeout, follows redirects with credentials, and is everybody's to change"
		template = "reflection in templates makes the linker keep every exported method: megabytes, and milliseconds at each start"
	)
	return []banned{
		{"os.Exit", []string{"main.go"}, exit},
		{"log.Fatal", nil, exit},
		{"log.Fatalf", nil, exit},
		{"log.Fatalln", nil, exit},
		{"os.Getenv", config, env},
		{"os.LookupEnv", config, env},
		{"os.Environ", config, env},
		{"os.ExpandEnv", config, env},
		{"os.Setenv", nil, env},
		{"os.Unsetenv", nil, env},
		{"time.Now", clock, time},
		{"time.Since", clock, time},
		{"time.Until", clock, time},
		{"net/http.DefaultClient", nil, global},
		{"net/http.Get", nil, global},
		{"net/http.Post", nil, global},
		{"net/http.PostForm", nil, global},
		{"net/http.Head", nil, global},
		{"text/template.New", nil, template},
		{"text/template.Must", nil, template},
	}
}

func (b banned) allowedIn(s source) bool {
	return slices.ContainsFunc(b.only, func(where string) bool {
		return s.path == where || s.pkg == where || strings.HasPrefix(s.pkg, where+"/")
	})
}

func TestBannedCalls(t *testing.T) {
	t.Parallel()
	m := load(t)
	for _, s := range m.code() {
		names := importNames(s.file)
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok || names[x.Name] == "" {
				return true
			}
			call := names[x.Name] + "." + sel.Sel.Name
			for _, b := range bannedCalls() {
				if b.call == call && !b.allowedIn(s) {
					t.Errorf("%s: %s: %s", m.at(s, sel.Pos()), call, b.why)
				}
			}
			return true
		})
	}
}

// importNames maps the name that a file uses for a package to its path. A
// package whose name differs from the last part of its path is of no interest
// here.
func importNames(f *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}

func TestNoInit(t *testing.T) {
	t.Parallel()
	m := load(t)
	for _, s := range m.sources {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init() runs for whoever links the package, in an order that nobody chose", m.at(s, f.Pos()))
			}
		}
	}
}

func TestPackageNamesSayWhatIsInside(t *testing.T) {
	t.Parallel()
	vague := []string{"util", "utils", "common", "helper", "helpers", "manager", "misc", "base", "shared", "lib"}
	for _, p := range load(t).packages {
		for _, name := range append(strings.Split(p.short(), "/"), strings.TrimSuffix(p.Name, "_test")) {
			if slices.Contains(vague, name) {
				t.Errorf("%s: a package named %s takes anything in; name what it is for", p.short(), name)
			}
		}
	}
}

// A package variable is state that every caller and every test shares. What
// the language cannot make a constant but nobody changes is let through:
// sentinels, dates, embedded files, blank assertions, patterns that are compiled
// when first used (compiled at once, every start would pay for them), and
// the version, which the linker sets.
func TestNoMutablePackageVariables(t *testing.T) {
	t.Parallel()
	m := load(t)
	for _, s := range m.code() {
		for _, d := range s.file.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR || embeds(gen) {
				continue
			}
			for _, spec := range gen.Specs {
				for _, name := range mutable(s, spec.(*ast.ValueSpec)) {
					t.Errorf("%s: package variable %s: make it a constant, or return it from a function", m.at(s, spec.Pos()), name)
				}
			}
		}
	}
}

func embeds(gen *ast.GenDecl) bool {
	return gen.Doc != nil && slices.ContainsFunc(gen.Doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// mutable returns those names of a declaration that are not let through.
func mutable(s source, spec *ast.ValueSpec) []string {
	fixed := []string{"sync.OnceValue", "errors.New", "fmt.Errorf", "fault.New", "time.Date"}
	var names []string
	for i, name := range spec.Names {
		set := i < len(spec.Values) && slices.Contains(fixed, callee(spec.Values[i]))
		byLinker := s.path == "cmd/version.go" && name.Name == "version"
		if name.Name != "_" && !set && !byLinker {
			names = append(names, name.Name)
		}
	}
	return names
}

// callee is the function that an expression calls, as PACKAGE.NAME, or "".
func callee(e ast.Expr) string {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return ""
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return x.Name + "." + sel.Sel.Name
}
