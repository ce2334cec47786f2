package strict_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy/strict"
)

func read(t *testing.T, data string) (*strict.Reader, *strict.Problems) {
	t.Helper()
	var p strict.Problems
	return strict.Read(strict.Source{Name: "f.yaml", Data: []byte(data)}, "a test", &p), &p
}

func TestJSON(t *testing.T) {
	t.Parallel()
	r, p := read(t, "a: [1, 2.5, -3]\nb: {c: true, d: ~, e: 'x'}\nf: 2026-03-02\ng: &g [1]\nh: *g\n")
	got := r.JSON(r.Root, "it")
	want := map[string]any{
		"a": []any{1.0, 2.5, -3.0}, "b": map[string]any{"c": true, "d": nil, "e": "x"}, "f": "2026-03-02",
		"g": []any{1.0}, "h": []any{1.0},
	}
	if !reflect.DeepEqual(got, want) || len(p.List) > 0 {
		t.Errorf("%v, %v", got, p.List)
	}
}

func TestJSONRefusesWhatJSONCannotHold(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"a: .inf":          "f.yaml:1:4: it cannot hold the number .inf",
		"a: .nan":          "f.yaml:1:4: it cannot hold the number .nan",
		"a: !!binary aGk=": "f.yaml:1:4: it cannot hold a value tagged !!binary",
		"1: a":             "f.yaml:1:1: a key of it must be text, not the number 1",
		"a: {<<: {b: 1}}":  "merge keys (<<) are not read in a test",
	} {
		r, p := read(t, data)
		r.JSON(r.Root, "it")
		if err := p.Err(""); err == nil || !strings.Contains(err.Error(), want) || fault.ClassOf(err) != fault.Config {
			t.Errorf("%s: %v, want %s", data, err, want)
		}
	}
}

// A value that holds itself ends at the limit on values.
func TestJSONOfAValueThatHoldsItself(t *testing.T) {
	t.Parallel()
	r, p := read(t, "a: &a [*a, *a]\n")
	if r != nil {
		r.JSON(r.Root, "it")
	}
	if p.Err("") == nil {
		t.Error("it is read")
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"2026-03-02T12:00:00Z":        "2026-03-02T12:00:00Z",
		"'2026-03-02T12:00:00+01:00'": "2026-03-02T11:00:00Z",
		"2026-03-02":                  "",
		"2026-03-02 12:00:00":         "",
		"noon":                        "",
		"[]":                          "",
	} {
		r, p := read(t, data)
		got, ok := r.Moment(r.Root, "at")
		if ok != (want != "") || ok && got.UTC().Format(time.RFC3339) != want || (len(p.List) == 1) == ok {
			t.Errorf("%s: %v %t %v", data, got, ok, p.List)
		}
	}
	r, _ := read(t, "2026-03-02")
	if got, ok := r.Date(r.Root, "due"); !ok || !got.Equal(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v %t", got, ok)
	}
}

func TestIsNull(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]bool{"~": true, "null": true, "x": false, "[]": false} {
		if r, _ := read(t, data); strict.IsNull(r.Root) != want {
			t.Errorf("%s: %t", data, !want)
		}
	}
	if strict.IsNull(nil) {
		t.Error("nothing is there")
	}
}
