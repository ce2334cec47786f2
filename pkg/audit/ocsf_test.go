package audit_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jitaccess/jit/pkg/audit"
)

// leftOut are the recommended attributes that no event has, and why: the test
// fails for one that is neither written nor here.
func leftOut() map[string]string {
	const unknown = "jit does not know it"
	return map[string]string{
		"src_endpoint":           "what a machine says of its own address proves nothing",
		"status":                 "its caption of status_id says nothing more",
		"status_code":            "what the issuer said is in status_detail",
		"timezone_offset":        "time is in UTC",
		"observables":            "they repeat what is at its place",
		"metadata.log_name":      "where the record is says it",
		"metadata.original_time": "the record is the original",
		"metadata.reporter":      "actor says who",
		"metadata.tenant_uid":    "a log is one tenant's",
		"metadata.product.uid":   "it has a name",
		"actor.process":          "the process has ended when anybody looks",
		"user.has_mfa":           unknown,
		"user.type_id":           unknown,
		"resources.hostname":     unknown,
		"resources.ip":           unknown,
		"resources.owner":        unknown,
		"resources.role_id":      "there is one resource, and it is the target",
	}
}

// everyKind are the events that jit writes, in each of their shapes.
func everyKind() map[string]audit.Event {
	plain := func(kind audit.Kind, change func(*audit.Event)) audit.Event {
		e := plainEvent(1)
		if e.Kind = kind; change != nil {
			change(&e)
		}
		return e
	}
	ssh := func(e *audit.Event) { e.CredKind, e.AWS, e.SSH = "ssh", nil, full().SSH }
	failed := func(e *audit.Event) { e.Of, e.Error = full().Of, "AccessDenied" }
	return map[string]audit.Event{
		"issued":                plain(audit.Issued, nil),
		"issued ssh":            plain(audit.Issued, ssh),
		"revoked":               plain(audit.Revoked, func(e *audit.Event) { e.Of = full().Of }),
		"denied":                plain(audit.Denied, func(e *audit.Event) { e.Grant, e.AWS = "", nil }),
		"denied several":        plain(audit.Denied, func(e *audit.Event) { e.Entitlement, e.Entitlements, e.AWS = "", []string{"a", "b"}, nil }),
		"denied, none in sight": {Kind: audit.Denied, Time: epoch, Principal: audit.Person{ID: "557058:ada"}},
		"failed":                plain(audit.Failed, failed),
		"unknown":               plain(audit.Unknown, failed),
		"probe":                 {Kind: audit.Probe, Time: epoch, Version: "1.2.3", Principal: audit.Person{ID: "557058:ada", Name: "Ada"}},
		"probe of nobody":       {Kind: audit.Probe, Time: epoch},
		"a kind of tomorrow":    plain("extended", nil),
		"every field":           full(),
	}
}

// TestEveryKindIsValidOCSF holds what is written to the schema: each attribute
// known, of its type and among its values, each required one there, and each
// recommended one there in some event or left out for a reason.
func TestEveryKindIsValidOCSF(t *testing.T) {
	t.Parallel()
	schema, seen := userAccess(), map[string]bool{}
	for name, e := range everyKind() {
		var v map[string]any
		if err := json.Unmarshal(encode(t, e, "ada", 42, audit.Hash(nil)), &v); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range schema.check(v, "", seen) {
			t.Errorf("%s: %s", name, wrong)
		}
		if v["type_uid"] != 300500+v["activity_id"].(float64) {
			t.Errorf("%s: type_uid %v for activity %v", name, v["type_uid"], v["activity_id"])
		}
		if v["activity_id"] == 99.0 && v["activity_name"] != string(e.Kind) {
			t.Errorf("%s: activity 99 is Other, whose name says which; it is %q", name, v["activity_name"])
		}
	}
	reasons := leftOut()
	for _, path := range schema.recommended("") {
		if user, ok := strings.CutPrefix(path, "actor.user."); ok {
			path = "user." + user // they are one person
		}
		if _, out := reasons[path]; !out && !seen[path] {
			t.Errorf("%s is recommended: write it, or say why not", path)
		}
	}
	for path := range reasons {
		if seen[path] {
			t.Errorf("%s is written after all", path)
		}
	}
}

// The table above must not fall behind the kinds that there are.
func TestEveryKindIsThere(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	tested, events := map[audit.Kind]bool{}, everyKind()
	for _, e := range events {
		tested[e.Kind] = true
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Kind" {
			found++
			value, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if !tested[audit.Kind(value)] {
				t.Errorf("no event of the kind %s is held to the schema", value)
			}
		}
		return true
	})
	if found < 6 {
		t.Errorf("%d kinds in event.go", found)
	}
}

// What each kind means in OCSF.
func TestOCSFMeanings(t *testing.T) {
	t.Parallel()
	for kind, want := range map[audit.Kind]struct{ activity, status, severity float64 }{
		audit.Issued: {1, 1, 1}, audit.Revoked: {2, 1, 1}, audit.Denied: {1, 2, 2}, audit.Failed: {1, 2, 2},
		audit.Unknown: {99, 0, 3}, audit.Probe: {99, 1, 1}, "approved": {99, 0, 1},
	} {
		e := full()
		e.Kind = kind
		var v map[string]any
		if err := json.Unmarshal(encode(t, e, "ada", 42, audit.Hash(nil)), &v); err != nil {
			t.Fatal(err)
		}
		meta, _ := v["metadata"].(map[string]any)
		user, _ := v["user"].(map[string]any)
		for what, pair := range map[string][2]any{
			"activity_id": {v["activity_id"], want.activity}, "status_id": {v["status_id"], want.status}, "severity_id": {v["severity_id"], want.severity},
			"time": {v["time"], float64(epoch.UnixMilli())}, "version": {meta["version"], "1.8.0"},
			"product": {meta["product"], map[string]any{"name": "jit", "vendor_name": "jitaccess", "version": "1.2.3"}},
			"uid":     {meta["uid"], "u-1"}, "sequence": {meta["sequence"], 42.0}, "user": {user["uid"], "557058:ada"},
			"privileges": {v["privileges"], []any{"prod-readonly"}},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Errorf("%s: %s is %v, want %v", kind, what, pair[0], pair[1])
			}
		}
	}
}

// check says what is wrong with an object, and marks what it has.
func (o *ocsfObject) check(v map[string]any, at string, seen map[string]bool) []string {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		a, known := o.attributes[name]
		if !known {
			wrong = append(wrong, at+name+": no attribute of the schema")
			continue
		}
		seen[at+name] = true
		wrong = append(wrong, a.check(v[name], at+name, seen)...)
	}
	for name, a := range o.attributes {
		if _, there := v[name]; a.need == required && !there {
			wrong = append(wrong, at+name+": is required")
		}
	}
	if len(o.oneOf) > 0 && !slices.ContainsFunc(o.oneOf, func(name string) bool { return v[name] != nil }) {
		wrong = append(wrong, fmt.Sprintf("%s has none of %q", at, o.oneOf))
	}
	return wrong
}

func (a ocsfAttribute) check(v any, at string, seen map[string]bool) []string {
	if a.list {
		list, ok := v.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %T is no list", at, v)}
		}
		var wrong []string
		a.list = false
		for _, item := range list {
			wrong = append(wrong, a.check(item, at, seen)...)
		}
		return wrong
	}
	if a.object != nil {
		object, ok := v.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %T is no object", at, v)}
		}
		return a.object.check(object, at+".", seen)
	}
	number, isNumber := v.(float64)
	ok := true
	switch a.scalar {
	case "string_t":
		_, ok = v.(string)
	case "boolean_t":
		_, ok = v.(bool)
	case "integer_t": // 32 bits, signed, is the least that readers of it have
		ok = isNumber && number == math.Trunc(number) && (a.enum == nil || slices.Contains(a.enum, int(number)))
	case "long_t", "timestamp_t":
		ok = isNumber && number == math.Trunc(number) && number >= 0
	}
	if !ok {
		return []string{fmt.Sprintf("%s: %v is no %s of %v", at, v, a.scalar, a.enum)}
	}
	return nil
}

// recommended are the paths of the attributes that should be there.
func (o *ocsfObject) recommended(at string) []string {
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(o.attributes)) {
		a := o.attributes[name]
		if a.need == recommended {
			paths = append(paths, at+name)
		}
		if a.object != nil && a.need != optional {
			paths = append(paths, a.object.recommended(at+name+".")...)
		}
	}
	return paths
}

// The validator is worth what it refuses.
func TestTheSchemaRefuses(t *testing.T) {
	t.Parallel()
	good := string(encode(t, full(), "ada", 42, audit.Hash(nil)))
	for name, pair := range map[string][2]string{
		"an unknown attribute":   {`"time":`, `"tim":`},
		"an unknown one inside":  {`"app_name":`, `"app":`},
		"a text for a number":    {`"severity_id":1`, `"severity_id":"1"`},
		"a value out of an enum": {`"severity_id":1`, `"severity_id":7`},
		"another class":          {`"class_uid":3005`, `"class_uid":3007`},
		"a fraction":             {`"type_uid":300501`, `"type_uid":300501.5`},
		"a text for a list":      {`"privileges":["prod-readonly"]`, `"privileges":"prod-readonly"`},
		"a number in a list":     {`"privileges":["prod-readonly"]`, `"privileges":[1]`},
		"a text for an object":   {`"product":{"name":"jit","vendor_name":"jitaccess","version":"1.2.3"}`, `"product":"jit"`},
		"a user with no name":    {`"user":{"uid":"557058:ada","name":"Ada <Ł>"}},"user"`, `"user":{}},"user"`},
		"nothing required":       {`"privileges":["prod-readonly"],`, ``},
	} {
		data := strings.Replace(good, pair[0], pair[1], 1)
		var v map[string]any
		if err := json.Unmarshal([]byte(data), &v); err != nil || data == good {
			t.Fatalf("%s: %v, %s", name, err, good)
		}
		if wrong := userAccess().check(v, "", map[string]bool{}); len(wrong) == 0 {
			t.Errorf("%s passes", name)
		}
	}
}
