package schema_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/policy/schema"
	"github.com/jitaccess/jit/internal/policy/strict"
	"github.com/jitaccess/jit/internal/trial"
)

// taken asks a parser itself, which names the keys that it takes wherever it meets
// another: by what it calls the place.
func taken(t *testing.T, err error) map[string]string {
	t.Helper()
	keys := map[string]string{}
	for _, m := range regexp.MustCompile(`unknown key "nonsense" in (.+), which takes (.+)`).FindAllStringSubmatch(fmt.Sprint(err), -1) {
		list := strings.Split(m[2], ", ")
		slices.Sort(list)
		keys[m[1]] = strings.Join(list, " ")
	}
	return keys
}

// object is a mapping of a schema, or one of several forms of a value that is one.
type object struct {
	Properties map[string]json.RawMessage
	Additional any      `json:"additionalProperties"`
	OneOf      []object `json:"oneOf"`
}

// described are the keys of each mapping of a schema, by the name of its definition
// or else of the key that it stands under.
func described(t *testing.T, text string) map[string]string {
	t.Helper()
	keys := map[string]string{}
	var visit func(name string, raw json.RawMessage)
	visit = func(name string, raw json.RawMessage) {
		var o object
		var parts map[string]json.RawMessage
		if json.Unmarshal(raw, &o) != nil || json.Unmarshal(raw, &parts) != nil {
			return
		}
		if o.Properties != nil && o.Additional == false {
			keys[name] = strings.Join(slices.Sorted(maps.Keys(o.Properties)), " ")
		}
		for key, part := range o.Properties {
			visit(key, part)
		}
		visit(name, parts["additionalProperties"])
		var forms []json.RawMessage
		if json.Unmarshal(parts["oneOf"], &forms) == nil {
			for _, form := range forms {
				visit(name, form)
			}
		}
		var defs map[string]json.RawMessage
		if json.Unmarshal(parts["$defs"], &defs) == nil {
			for key, part := range defs {
				visit(key, part)
			}
		}
	}
	visit("", json.RawMessage(text))
	return keys
}

// compare holds places of a parser against definitions of a schema; each of both
// must be named.
func compare(t *testing.T, parser, described map[string]string, places map[string]string) {
	t.Helper()
	for place, def := range places {
		if parser[place] == "" || parser[place] != described[def] {
			t.Errorf("%s takes\n%s\nand the schema has\n%s", place, parser[place], described[def])
		}
	}
	if len(parser) != len(places) {
		t.Errorf("the parser has the places %q", slices.Sorted(maps.Keys(parser)))
	}
	for def := range described {
		if !slices.Contains(slices.Collect(maps.Values(places)), def) {
			t.Errorf("the schema describes %s, of which this test knows nothing", def)
		}
	}
}

func TestThePolicySchemaHasTheKeysOfTheParser(t *testing.T) {
	t.Parallel()
	const odd = "{nonsense: 1}"
	_, err := policy.Compile([]policy.Source{{Name: "p.yaml", Data: []byte(
		"version: 1\nnonsense: 1\nentitlements:\n  x: {nonsense: 1, ticket: {nonsense: 1, provenance: {nonsense: 1, reporter: " + odd + "}, window: " + odd +
			", approvals: " + odd + ", linked: " + odd + "}, lease: " + odd + ", limits: " + odd + ", aws: " + odd + ", ssh: " + odd + "}\n")}}, nil)
	compare(t, taken(t, err), described(t, schema.Policy()), map[string]string{
		"the policy": "", "entitlement x": "entitlement", "ticket": "ticket", "provenance": "provenance", "provenance.reporter": "author",
		"window": "window", "approvals": "approvals", "linked": "linked", "lease": "lease", "limits": "limits", "aws": "aws", "ssh": "ssh",
	})
}

func TestTheTestsSchemaHasTheKeysOfTheParser(t *testing.T) {
	t.Parallel()
	_, err := trial.Parse([]strict.Source{{Name: "t.yaml", Data: []byte(`tests: 1
nonsense: 1
people: {x: {nonsense: 1}}
tickets: {x: {nonsense: 1, status: {nonsense: 1}, links: [{nonsense: 1}], history: [{nonsense: 1}]}}
defaults: {nonsense: 1}
cases: [{nonsense: 1, expect: {x: {nonsense: 1}, y: {allow: {nonsense: 1}}}}]
`)}})
	parser := taken(t, err)
	compare(t, parser, described(t, schema.Tests()), map[string]string{
		"the file": "", "a person": "people", "a ticket": "ticket", "status": "status", "a link": "link", "a change": "change",
		"defaults": "defaults", "a case": "case", "what is expected of x": "verdict", "allow": "allow",
	})
}

// Lists of words are those of the parser, too.
func TestTheSchemasHaveTheWordsOfTheParsers(t *testing.T) {
	t.Parallel()
	for text, words := range map[string][]string{schema.Tests(): policy.Codes(), schema.Policy(): {"new", "indeterminate", "done", "undefined"}} {
		quoted := `"` + strings.Join(words, `", "`) + `"`
		if !strings.Contains(strings.Join(strings.Fields(text), " "), quoted) {
			t.Errorf("the schema lacks %s", quoted)
		}
	}
	_, err := trial.Parse([]strict.Source{{Name: "t", Data: []byte("tests: 1\ncases: [{name: a, ticket: {unanswered: [x]}, expect: {a: deny}}]")}})
	_, fields, _ := strings.Cut(fmt.Sprint(err), "there are ")
	fields, _, ok := strings.Cut(fields, " and custom ones")
	if !ok || !strings.Contains(strings.Join(strings.Fields(schema.Tests()), " "), `"`+strings.ReplaceAll(fields, ", ", `", "`)+`"`) {
		t.Errorf("the schema lacks %s", fields)
	}
}
