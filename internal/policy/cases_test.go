package policy_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
)

func TestCasesAreNoPartOfAPolicy(t *testing.T) {
	t.Parallel()
	alone, err := policy.Load(lay(t, map[string]string{"a.yaml": example, "ro.json": roJSON}))
	if err != nil {
		t.Fatal(err)
	}
	dir := lay(t, map[string]string{
		"a.yaml": example, "ro.json": roJSON, "a.test.yaml": "tests: 1\nnonsense: [", "b.test.yml": "# cases\n\n---\ntests: 1\n",
	})
	beside, err := policy.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if beside.Hash != alone.Hash || len(beside.Files) != len(alone.Files) {
		t.Errorf("%s with %v, %s with %v", beside.Hash, beside.Files, alone.Hash, alone.Files)
	}
}

// A policy file is never passed over for its name: whatever compiles as a policy
// is refused under the name of cases, and what is passed over does not compile.
func TestNoPolicyPassesForCases(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		second, "# tests: 1\n" + second, "---\n" + second, "\n\n" + second, "{version: 1}", "'tests': 1\n", " tests: 1\n",
		"\ufefftests: 1\n", "# x\r" + second + "#\ntests: 1\n", "# x\u2028" + second, "version: 1\ntests: 1\n", "", "#" + strings.Repeat("x", 1<<17) + "\ntests: 1\n",
	} {
		dir := lay(t, map[string]string{"a.yaml": example, "ro.json": roJSON, "b.test.yaml": data})
		_, err := policy.Load(dir)
		if fault.ClassOf(err) != fault.Config || err == nil || !strings.Contains(err.Error(), "b.test.yaml has the name of cases") ||
			!strings.Contains(fault.HintOf(err), "another name") {
			t.Errorf("%.40q: %v", data, err)
		}
	}
	for _, data := range []string{"tests: 1\n" + second, "tests:\n" + second, "---\ntests: 1\n" + second, "# x\ntests: 1\n" + second} {
		if _, err := policy.Compile(source(data), nil); err == nil || !policy.IsCases([]byte(data)) {
			t.Errorf("%q compiles, or is no file of cases", data)
		}
	}
	dir := lay(t, map[string]string{"a.yaml": example, "ro.json": roJSON, "b.test.yaml/x": ""})
	if _, err := policy.Load(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory: %v", err)
	}
}

// A file that is named is the policy, whatever its name.
func TestANamedFileIsThePolicy(t *testing.T) {
	t.Parallel()
	dir := lay(t, map[string]string{"p.test.yaml": second, "cases.test.yaml": "tests: 1\n"})
	if _, err := policy.Load(filepath.Join(dir, "p.test.yaml")); err != nil {
		t.Error(err)
	}
	if _, err := policy.Load(filepath.Join(dir, "cases.test.yaml")); err == nil || !strings.Contains(err.Error(), `unknown key "tests"`) {
		t.Errorf("%v", err)
	}
}
