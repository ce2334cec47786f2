package audit

import (
	"fmt"
	"slices"
)

// owner says whom the records of a chain may be about.
type owner struct {
	base string // of the writer; "" where it does not matter
	id   string // the mapped principal; "" where the writer's name must be its
}

func (o Options) owner(writer string) owner {
	base, _ := SplitWriter(writer)
	id := o.Principals[base]
	if id == "" && (len(o.Principals) == 0 && !o.CheckPrincipals || slices.Contains(o.AnyPrincipal, base)) {
		return owner{}
	}
	return owner{base: base, id: id}
}

func (o owner) is(id string) bool {
	return o.base == "" || o.id != "" && o.id == id || o.id == "" && EscapeID(id) == o.base
}

func (o owner) String() string {
	if o.id != "" {
		return fmt.Sprintf("%q's", o.id)
	}
	return "that of " + o.base
}
