package expr

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// provider tells CEL the fields of our objects, and leaves the rest to the
// registry that it wraps. CEL's own way to typed objects goes through Go
// reflection or protobuf messages; this needs neither.
type provider struct {
	types.Provider
	fields map[string]map[string]field
}

// FindStructType knows our types by name.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.fields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames lists the fields of our types.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	if fields, ok := p.fields[name]; ok {
		return sortedKeys(fields), true
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType tells the type of a field, and how to read it.
func (p provider) FindStructFieldType(name, fieldName string) (*types.FieldType, bool) {
	fields, ours := p.fields[name]
	if !ours {
		return p.Provider.FindStructFieldType(name, fieldName)
	}
	f, ok := fields[fieldName]
	if !ok {
		return nil, false
	}
	path := variableOf(name) + "." + fieldName
	return &types.FieldType{
		Type: f.typ,
		IsSet: func(target any) bool {
			_, err := read{path, f}.from(target)
			return err == nil
		},
		GetFrom: func(target any) (any, error) { return read{path, f}.from(target) },
	}, true
}

// NewValue refuses: a ticket comes from Jira alone.
func (p provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ours := p.fields[name]; ours {
		return types.NewErr("%s cannot be made in an expression", name)
	}
	return p.Provider.NewValue(name, fields)
}

func variableOf(typeName string) string {
	switch typeName {
	case ticketType:
		return "ticket"
	case principalType:
		return "principal"
	}
	return "request"
}

func sortedKeys(fields map[string]field) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// read is a field under the path that the expression calls it by.
type read struct {
	path  string
	field field
}

func (r read) from(target any) (any, error) {
	v, ok := target.(*Values)
	if !ok {
		return nil, fmt.Errorf("%s cannot be read from %T", r.path, target)
	}
	if need := r.field.needs; need != "" && !v.Ticket.Has(need) {
		return nil, fmt.Errorf("%s is not known: Jira did not answer the field %s", r.path, need)
	}
	value, err := r.field.get(v)
	if err != nil {
		return nil, fmt.Errorf("%s %w", r.path, err)
	}
	return value, nil
}

// object is one of the three variables. What is done with it besides reading a
// field is refused when compiling, and fails here.
type object struct {
	typeName string
	values   *Values
}

var errOpaque = errors.New("it can only be asked for a field")

// ConvertToNative fails: an object has no Go form that CEL may see.
func (o object) ConvertToNative(reflect.Type) (any, error) { return nil, errOpaque }

// ConvertToType knows only the type itself.
func (o object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return types.NewObjectType(o.typeName)
	}
	return types.WrapErr(errOpaque)
}

// Equal fails.
func (o object) Equal(ref.Val) ref.Val { return types.WrapErr(errOpaque) }

// Type returns the object's type.
func (o object) Type() ref.Type { return types.NewObjectType(o.typeName) }

// Value returns the values that fields are read from.
func (o object) Value() any { return o.values }
