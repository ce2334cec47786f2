package strict

import (
	"math"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// IsNull reports whether a value is there and says nothing.
func IsNull(n *yaml.Node) bool {
	return n != nil && n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// Moment reads a date with a time of day and a zone, quoted or not.
func (r *Reader) Moment(n *yaml.Node, what string) (time.Time, bool) {
	return r.time(n, what, time.RFC3339, "a time such as 2026-03-02T12:00:00Z")
}

// Date reads a date, quoted or not, as its midnight UTC.
func (r *Reader) Date(n *yaml.Node, what string) (time.Time, bool) {
	return r.time(n, what, time.DateOnly, "a date such as 2026-03-02")
}

func (r *Reader) time(n *yaml.Node, what, layout, want string) (time.Time, bool) {
	n, ok := r.Resolve(n)
	if !ok {
		return time.Time{}, false
	}
	if n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!str" || n.ShortTag() == "!!timestamp") {
		if at, err := time.Parse(layout, n.Value); err == nil {
			return at, true
		}
	}
	r.Problem(n, "%s must be %s, not %s", what, want, KindOf(n))
	return time.Time{}, false
}

// JSON reads any value as decoded JSON: a mapping as map[string]any, a list as
// []any, numbers as float64, and a date that is not quoted as the text it is.
func (r *Reader) JSON(n *yaml.Node, what string) any {
	n, ok := r.Resolve(n)
	if !ok {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		entries, _ := r.Mapping(n, what)
		m := make(map[string]any, len(entries))
		for _, e := range entries {
			m[e.Name] = r.JSON(e.Value, what)
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = r.JSON(c, what)
		}
		return list
	}
	return r.scalar(n, what)
}

func (r *Reader) scalar(n *yaml.Node, what string) any {
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
		return n.Value
	case "!!bool":
		return r.Boolean(n, what)
	case "!!null":
		return nil
	case "!!int", "!!float":
		// As JSON spells numbers: YAML's other forms, such as 0x10, have none there.
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	}
	r.Problem(n, "%s cannot hold %s", what, KindOf(n))
	return nil
}
