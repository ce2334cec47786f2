package strict

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Entry is one key of a mapping with its value.
type Entry struct {
	Name       string
	Key, Value *yaml.Node
}

// Mapping reads a mapping with any keys, each a string and there once.
func (r *Reader) Mapping(n *yaml.Node, what string) ([]Entry, bool) {
	n, ok := r.Resolve(n)
	if !ok {
		return nil, false
	}
	if n.Kind != yaml.MappingNode || n.ShortTag() != "!!map" {
		r.Problem(n, "%s must be a mapping, not %s", what, KindOf(n))
		return nil, false
	}
	first := map[string]*yaml.Node{}
	entries := make([]Entry, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name, ok := r.key(key, what)
		if !ok {
			continue
		}
		if before, dup := first[name]; dup {
			r.Problem(key, "duplicate key %q in %s, first at line %d", name, what, before.Line)
			continue
		}
		first[name] = key
		entries = append(entries, Entry{name, key, value})
	}
	return entries, true
}

func (r *Reader) key(key *yaml.Node, what string) (string, bool) {
	n, ok := r.Resolve(key)
	switch {
	case !ok:
		return "", false
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!merge":
		r.Problem(key, "merge keys (<<) are not read in %s; repeat the keys in %s", r.kind, what)
		return "", false
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str":
		r.Problem(key, "a key of %s must be text, not %s", what, KindOf(n))
		return "", false
	}
	return n.Value, true
}

// Object is a mapping with known keys.
type Object struct {
	At      *yaml.Node // where to tell what is missing
	Entries []Entry
	OK      bool
}

// Object reads a mapping that has no other keys than these.
func (r *Reader) Object(n, at *yaml.Node, what string, keys ...string) Object {
	entries, ok := r.Mapping(n, what)
	for _, e := range entries {
		if !slices.Contains(keys, e.Name) {
			r.Problem(e.Key, "unknown key %q in %s, which takes %s", e.Name, what, strings.Join(keys, ", "))
		}
	}
	return Object{at, entries, ok}
}

// Find returns the entry of a key, or false.
func (o Object) Find(name string) (Entry, bool) {
	for _, e := range o.Entries {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// Get returns the value of a key, or nil.
func (o Object) Get(name string) *yaml.Node {
	e, _ := o.Find(name)
	return e.Value
}
