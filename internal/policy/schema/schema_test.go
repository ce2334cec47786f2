package schema_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/policy/schema"
	"github.com/jitaccess/jit/internal/policy/strict"
	"github.com/jitaccess/jit/internal/trial"
)

func compiled(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:test", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("urn:test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value reads YAML as an editor does, or is false where it is no YAML.
func value(data string) (any, bool) {
	var p strict.Problems
	r := strict.Read(strict.Source{Name: "x", Data: []byte(data)}, "a", &p)
	if r == nil {
		return nil, false
	}
	return r.JSON(r.Root, "x"), true
}

func takesPolicy(data string) error {
	_, err := policy.Compile([]policy.Source{{Name: "p.yaml", Data: []byte(data)}}, func(string) ([]byte, error) { return []byte(`{"Statement": []}`), nil })
	return err
}

func takesTests(data string) error {
	_, err := trial.Parse([]strict.Source{{Name: "p.yaml", Data: []byte(data)}})
	return err
}

// everywhere is all YAML of the project: blocks of documents, files of scripts and
// of other tests, and texts of Go tests, by where it stands.
func everywhere(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := filepath.Join("..", "..", "..")
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```|`(version: 1\nentitlements:\n.*?|tests: 1\n.*?)`")
	for _, dir := range []string{"docs", "cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			text := strings.ReplaceAll(string(data), "\r\n", "\n")
			switch filepath.Ext(path) {
			case ".yaml":
				found[path] = text
			case ".txtar":
				for _, f := range txtar.Parse([]byte(text)).Files {
					found[path+" "+f.Name] = string(f.Data)
				}
			case ".md", ".go":
				for _, m := range block.FindAllStringSubmatch(text, -1) {
					found[path+" "+m[0]] = m[1] + m[2]
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// What a parser takes, its schema takes: an editor never complains about a right
// file.
func TestSchemasTakeWhatTheParsersTake(t *testing.T) {
	t.Parallel()
	policies, tests := compiled(t, schema.Policy()), compiled(t, schema.Tests())
	seenPolicies, seenTests := 0, 0
	for where, data := range everywhere(t) {
		v, ok := value(data)
		switch {
		case !ok:
		case takesPolicy(data) == nil:
			seenPolicies++
			if err := policies.Validate(v); err != nil {
				t.Errorf("%s: %v", where, err)
			}
		case takesTests(data) == nil:
			seenTests++
			if err := tests.Validate(v); err != nil {
				t.Errorf("%s: %v", where, err)
			}
		}
	}
	if seenPolicies < 15 || seenTests < 2 {
		t.Errorf("only %d policies and %d files of cases were found", seenPolicies, seenTests)
	}
}

// Files that are wrong in many ways are refused, but for those in which only what
// a schema cannot tell is wrong.
func TestSchemasRefuseWrongFiles(t *testing.T) {
	t.Parallel()
	policies, tests := compiled(t, schema.Policy()), compiled(t, schema.Tests())
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "errors", "*.yaml"))
	if err != nil || len(paths) < 10 {
		t.Fatal(paths, err)
	}
	for _, path := range append(paths, filepath.Join("..", "..", "trial", "testdata", "wrong.test.yaml")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := policies
		if strings.HasSuffix(path, ".test.yaml") {
			s = tests
		}
		if v, ok := value(string(data)); ok && s.Validate(v) == nil {
			t.Errorf("%s is taken", path)
		}
	}
}

// The schemas are JSON that is written for people: no key of a mapping is twice.
func TestSchemasAreJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{schema.Policy(), schema.Tests()} {
		var m map[string]any
		if err := json.Unmarshal([]byte(text), &m); err != nil || m["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
			t.Errorf("%v, %v", m["$schema"], err)
		}
		if v, ok := value(text); !ok || v == nil { // the strict reader refuses a second one
			t.Error("a key is twice")
		}
	}
}
