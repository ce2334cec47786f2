package house_test

import (
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxFamilies is how many sources of code the module may depend on directly.
const maxFamilies = 18

// family is whom a module comes from: those who are released together count
// once.
func family(module string) string {
	for _, prefix := range []string{"github.com/aws/", "golang.org/x/", "github.com/spf13/", "charm.land/"} {
		if strings.HasPrefix(module, prefix) {
			return strings.TrimSuffix(prefix, "/")
		}
	}
	return module
}

// required returns every module of go.mod, and whether it is required directly.
func required(t *testing.T, m *module) map[string]bool {
	t.Helper()
	out, err := goTool(m.root, "mod", "edit", "-json")
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace []any
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	if len(mod.Replace) > 0 {
		t.Error("go.mod replaces a module, which `go install` of this one would refuse")
	}
	direct := map[string]bool{}
	for _, r := range mod.Require {
		direct[r.Path] = !r.Indirect
	}
	return direct
}

func TestDependenciesAreFew(t *testing.T) {
	t.Parallel()
	var families []string
	for mod, direct := range required(t, load(t)) {
		if direct {
			families = append(families, family(mod))
		}
	}
	slices.Sort(families)
	if families = slices.Compact(families); len(families) > maxFamilies {
		t.Errorf("%d families of direct dependencies, and %d is the most: %s",
			len(families), maxFamilies, strings.Join(families, ", "))
	}
}

func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	m := load(t)
	text, err := os.ReadFile(filepath.Join(m.root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	explained, modules := explainedIn(string(text)), required(t, m)
	for mod, direct := range modules {
		if direct && !slices.ContainsFunc(explained, func(e string) bool { return covers(e, mod) }) {
			t.Errorf("docs/dependencies.md has no row for %s that says what it is for", mod)
		}
	}
	for _, e := range explained {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(modules)), func(mod string) bool { return covers(e, mod) }) {
			t.Errorf("docs/dependencies.md explains %s, which go.mod does not require", e)
		}
	}
}

// explainedIn returns the modules that the first column of a table names. A
// name such as …/sync goes on from the one before it in its row.
func explainedIn(text string) []string {
	row := regexp.MustCompile("(?m)^\\| (`[^|]+`) \\| [^|]*\\w[^|]*\\|$")
	name := regexp.MustCompile("`([^`]+)`")
	var list []string
	for _, cells := range row.FindAllStringSubmatch(text, -1) {
		parent := ""
		for _, n := range name.FindAllStringSubmatch(cells[1], -1) {
			mod := n[1]
			if rest, ok := strings.CutPrefix(mod, "…/"); ok {
				mod = parent + "/" + rest
			}
			parent = path.Dir(mod)
			list = append(list, mod)
		}
	}
	return list
}

// covers reports whether a row names a module; NAME/… names all below it.
func covers(explained, mod string) bool {
	prefix, all := strings.CutSuffix(explained, "/…")
	return mod == prefix || all && strings.HasPrefix(mod, prefix+"/")
}

func TestExplainedIn(t *testing.T) {
	t.Parallel()
	got := explainedIn("| module | why |\n|---|---|\n| `a.b/c`, `…/d` | reason |\n| `e/…` | other |\n| `no/reason` |  |\n")
	if want := []string{"a.b/c", "a.b/d", "e/…"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !covers("e/…", "e/f/g") || covers("e/…", "ef") || covers("e", "e/f") {
		t.Error("covers is wrong about …")
	}
}
