package house_test

import (
	"bytes"
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// tally counts lines of code and of tests.
type tally struct{ code, tests int }

func (l tally) missing() int { return l.code - l.tests }

// TestLinesOfTests tells how far the tests are from having as many lines as the
// code, and which packages lack most; go test -v shows it. Packages that exist
// for tests count as tests, and so do scripts, which are told apart since a line
// of a script says more or less than one of Go.
func TestLinesOfTests(t *testing.T) {
	t.Parallel()
	m := load(t)
	var all tally
	byPackage := map[string]tally{}
	for _, s := range m.sources {
		l := byPackage[s.pkg]
		if s.test {
			l.tests += s.lines
			all.tests += s.lines
		} else {
			l.code += s.lines
			all.code += s.lines
		}
		byPackage[s.pkg] = l
	}
	t.Logf("%d lines of tests for %d of code: %.2f, and %d lines of scripts beside them: %.2f",
		all.tests, all.code, float64(all.tests)/float64(all.code),
		scriptLines(t, m.root), float64(all.tests+scriptLines(t, m.root))/float64(all.code))
	names := slices.SortedFunc(maps.Keys(byPackage), func(a, b string) int {
		return cmp.Compare(byPackage[b].missing(), byPackage[a].missing())
	})
	for _, name := range names[:min(len(names), 8)] {
		if l := byPackage[name]; l.missing() > 0 {
			t.Logf("%-32s %5d of tests, %5d of code", name, l.tests, l.code)
		}
	}
}

// scriptLines counts the lines of the script tests.
func scriptLines(t *testing.T, root string) int {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(root, "cmd", "testdata", "script", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(text, []byte("\n"))
	}
	return lines
}
