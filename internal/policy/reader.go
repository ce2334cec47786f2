package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxNodes bounds the values that are looked at in one file, aliased ones once
// for each alias: ten lines of aliases can stand for a billion values. It is our
// own choice; a thousand entitlements of a hundred values each fit.
const maxNodes = 200_000

// reader walks over the nodes of one document instead of decoding into structs,
// because it must tell all mistakes, each with the place of the very word.
type reader struct {
	name     string
	lines    []string
	root     *yaml.Node
	problems *problems
	visits   int
}

// parse reads the one document of a file, or tells what is wrong and returns
// nil.
func parse(s Source, p *problems) *reader {
	if !utf8.Valid(s.Data) {
		p.add(s.Name, 1, 1, "the file is not UTF-8 text")
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(s.Data))
	if err != nil {
		p.add(s.Name, 1, 1, "%s", yamlMessage(err))
		return nil
	}
	var doc, second yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF):
		p.add(s.Name, 1, 1, "the file is empty")
		return nil
	case err != nil:
		addYAML(p, s.Name, err)
		return nil
	case doc.Kind != yaml.DocumentNode || len(doc.Content) != 1:
		p.add(s.Name, 1, 1, "the file is empty")
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		p.add(s.Name, second.Line, second.Column, "a policy file holds one document, and here a second begins")
	case !errors.Is(err, io.EOF):
		addYAML(p, s.Name, err)
	}
	return &reader{name: s.Name, lines: strings.Split(string(s.Data), "\n"), root: doc.Content[0], problems: p}
}

func addYAML(p *problems, file string, err error) {
	line, col := 1, 1
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		line, col = e.Mark.Line, e.Mark.Column
	}
	p.add(file, line, col, "%s", yamlMessage(err))
}

func yamlMessage(err error) string {
	msg := err.Error()
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		msg = e.Message
		if e.ContextMsg != "" {
			msg += " " + e.ContextMsg
		}
	}
	return strings.ReplaceAll(strings.TrimPrefix(msg, "yaml: "), "\n", " ")
}

func (r *reader) problem(n *yaml.Node, format string, args ...any) {
	r.problems.add(r.name, n.Line, n.Column, format, args...)
}

// resolve follows an alias and counts the visit.
func (r *reader) resolve(n *yaml.Node) (*yaml.Node, bool) {
	r.visits++
	if r.visits > maxNodes {
		if r.visits == maxNodes+1 {
			r.problem(r.root, "the aliases of this file stand for more than %d values", maxNodes)
		}
		return n, false
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n, n != nil
}

// entry is one key of a mapping with its value.
type entry struct {
	name       string
	key, value *yaml.Node
}

// mapping reads a mapping with any keys, each a string and there once.
func (r *reader) mapping(n *yaml.Node, what string) ([]entry, bool) {
	n, ok := r.resolve(n)
	if !ok {
		return nil, false
	}
	if n.Kind != yaml.MappingNode || n.ShortTag() != "!!map" {
		r.problem(n, "%s must be a mapping, not %s", what, kindOf(n))
		return nil, false
	}
	first := map[string]*yaml.Node{}
	entries := make([]entry, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name, ok := r.key(key, what)
		if !ok {
			continue
		}
		if before, dup := first[name]; dup {
			r.problem(key, "duplicate key %q in %s, first at line %d", name, what, before.Line)
			continue
		}
		first[name] = key
		entries = append(entries, entry{name, key, value})
	}
	return entries, true
}

func (r *reader) key(key *yaml.Node, what string) (string, bool) {
	n, ok := r.resolve(key)
	switch {
	case !ok:
		return "", false
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!merge":
		r.problem(key, "merge keys (<<) are not read in a policy; repeat the keys in %s", what)
		return "", false
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str":
		r.problem(key, "a key of %s must be text, not %s", what, kindOf(n))
		return "", false
	}
	return n.Value, true
}

// object is a mapping with known keys.
type object struct {
	at      *yaml.Node // where to tell what is missing
	entries []entry
	ok      bool
}

// object reads a mapping that has no other keys than these.
func (r *reader) object(n, at *yaml.Node, what string, keys ...string) object {
	entries, ok := r.mapping(n, what)
	for _, e := range entries {
		if !slices.Contains(keys, e.name) {
			r.problem(e.key, "unknown key %q in %s, which takes %s", e.name, what, strings.Join(keys, ", "))
		}
	}
	return object{at, entries, ok}
}

// find returns the entry of a key, or false.
func (o object) find(name string) (entry, bool) {
	for _, e := range o.entries {
		if e.name == name {
			return e, true
		}
	}
	return entry{}, false
}

// get returns the value of a key, or nil.
func (o object) get(name string) *yaml.Node {
	e, _ := o.find(name)
	return e.value
}

// item is a text with its place.
type item struct {
	value string
	node  *yaml.Node
}

// text reads a string, which must not be empty or hold control characters.
func (r *reader) text(n *yaml.Node, what string) (item, bool) {
	it, ok := r.anyText(n, what)
	if ok && strings.TrimSpace(it.value) == "" {
		r.problem(n, "%s is empty", what)
		return item{}, false
	}
	return it, ok
}

func (r *reader) anyText(n *yaml.Node, what string) (item, bool) {
	n, ok := r.resolve(n)
	if !ok {
		return item{}, false
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		return item{n.Value, n}, true
	}
	hint := ""
	if n.Kind == yaml.ScalarNode && n.Value != "" && n.ShortTag() != "!!null" && n.Style&yaml.TaggedStyle == 0 {
		hint = fmt.Sprintf("; put it in quotes: %q", n.Value)
	}
	r.problem(n, "%s must be text, not %s%s", what, kindOf(n), hint)
	return item{}, false
}

// texts reads a list of strings that is not empty and repeats nothing.
func (r *reader) texts(n *yaml.Node, what string) []item {
	n, ok := r.resolve(n)
	if !ok {
		return nil
	}
	if n.Kind != yaml.SequenceNode || n.ShortTag() != "!!seq" {
		r.problem(n, "%s must be a list, not %s", what, kindOf(n))
		return nil
	}
	if len(n.Content) == 0 {
		r.problem(n, "%s is empty", what)
		return nil
	}
	seen := map[string]bool{}
	items := make([]item, 0, len(n.Content))
	for _, c := range n.Content {
		it, ok := r.text(c, "a value of "+what)
		if !ok {
			continue
		}
		if seen[it.value] {
			r.problem(c, "%q is twice in %s", it.value, what)
		}
		seen[it.value] = true
		items = append(items, it)
	}
	return items
}

func (r *reader) boolean(n *yaml.Node, what string) bool {
	n, ok := r.resolve(n)
	if !ok {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		r.problem(n, "%s must be true or false, not %s", what, kindOf(n))
		return false
	}
	return strings.EqualFold(n.Value, "true")
}

// kindOf names what a node is, with its value where that is short.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
	default:
		return "this"
	}
	switch n.ShortTag() {
	case "!!str":
		return fmt.Sprintf("%.40q", n.Value)
	case "!!int", "!!float":
		return fmt.Sprintf("the number %.40s", n.Value)
	case "!!bool":
		return n.Value
	case "!!null":
		return "nothing"
	case "!!timestamp":
		return fmt.Sprintf("the date %.40s", n.Value)
	}
	return fmt.Sprintf("a value tagged %.40s", n.ShortTag())
}
