package policydiff

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/policy"
)

// Each field of an entitlement is a part: one that is forgotten would change
// unseen.
func TestEveryFieldIsCompared(t *testing.T) {
	t.Parallel()
	checked := 0
	var visit func(path string, v reflect.Value, whole func() policy.Entitlement)
	visit = func(path string, v reflect.Value, whole func() policy.Entitlement) {
		switch {
		case v.Type() == reflect.TypeFor[*time.Location]():
			v.Set(reflect.ValueOf(time.UTC))
		case v.Kind() == reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			visit(path, v.Elem(), whole)
			return
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				if path != "" || v.Type().Field(i).Name != "Name" {
					visit(path+"."+v.Type().Field(i).Name, v.Field(i), whole)
				}
			}
			return
		case v.Kind() == reflect.Slice:
			v.Set(reflect.ValueOf([]string{"x"}))
		case v.Kind() == reflect.Map:
			v.Set(reflect.ValueOf(map[string]string{"x": "y"}))
		case v.Kind() == reflect.String:
			v.SetString("x")
		case v.Kind() == reflect.Bool:
			v.SetBool(true)
		case v.CanInt():
			v.SetInt(int64(time.Hour))
		default:
			t.Fatalf("%s is %s", path, v.Type())
		}
		with := fmt.Sprint(values(whole()))
		v.SetZero()
		if with == fmt.Sprint(values(whole())) {
			t.Errorf("%s is no part", path)
		}
		checked++
	}
	var e policy.Entitlement
	visit("", reflect.ValueOf(&e).Elem(), func() policy.Entitlement { return e })
	if checked < 35 {
		t.Errorf("only %d fields were found", checked)
	}
}

func values(e policy.Entitlement) []string {
	var list []string
	for _, p := range parts(e) {
		list = append(list, fmt.Sprint(p.key, p.values))
	}
	return list
}
