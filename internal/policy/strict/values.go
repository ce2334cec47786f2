package strict

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Item is a text with its place.
type Item struct {
	Value string
	Node  *yaml.Node
}

// Text reads a string, which must not be empty or hold control characters.
func (r *Reader) Text(n *yaml.Node, what string) (Item, bool) {
	it, ok := r.AnyText(n, what)
	if ok && strings.TrimSpace(it.Value) == "" {
		r.Problem(n, "%s is empty", what)
		return Item{}, false
	}
	return it, ok
}

// AnyText reads a string, which may be empty.
func (r *Reader) AnyText(n *yaml.Node, what string) (Item, bool) {
	n, ok := r.Resolve(n)
	if !ok {
		return Item{}, false
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		return Item{n.Value, n}, true
	}
	hint := ""
	if n.Kind == yaml.ScalarNode && n.Value != "" && n.ShortTag() != "!!null" && n.Style&yaml.TaggedStyle == 0 {
		hint = fmt.Sprintf("; put it in quotes: %q", n.Value)
	}
	r.Problem(n, "%s must be text, not %s%s", what, KindOf(n), hint)
	return Item{}, false
}

// Texts reads a list of strings that is not empty and repeats nothing.
func (r *Reader) Texts(n *yaml.Node, what string) []Item {
	n, ok := r.Resolve(n)
	if !ok {
		return nil
	}
	if n.Kind != yaml.SequenceNode || n.ShortTag() != "!!seq" {
		r.Problem(n, "%s must be a list, not %s", what, KindOf(n))
		return nil
	}
	if len(n.Content) == 0 {
		r.Problem(n, "%s is empty", what)
		return nil
	}
	seen := map[string]bool{}
	items := make([]Item, 0, len(n.Content))
	for _, c := range n.Content {
		it, ok := r.Text(c, "a value of "+what)
		if !ok {
			continue
		}
		if seen[it.Value] {
			r.Problem(c, "%q is twice in %s", it.Value, what)
		}
		seen[it.Value] = true
		items = append(items, it)
	}
	return items
}

// Boolean reads true or false.
func (r *Reader) Boolean(n *yaml.Node, what string) bool {
	n, ok := r.Resolve(n)
	if !ok {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		r.Problem(n, "%s must be true or false, not %s", what, KindOf(n))
		return false
	}
	return strings.EqualFold(n.Value, "true")
}

// KindOf names what a node is, with its value where that is short.
func KindOf(n *yaml.Node) string {
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

// Duration reads a duration in whole seconds that is over zero.
func (r *Reader) Duration(n *yaml.Node, what string) (time.Duration, bool) {
	n, ok := r.Resolve(n)
	if !ok {
		return 0, false
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		d, err := time.ParseDuration(n.Value)
		if err == nil && d > 0 && d%time.Second == 0 {
			return d, true
		}
	}
	r.Problem(n, "%s must be a duration in whole seconds, such as 30m or 1h30m, not %s", what, KindOf(n))
	return 0, false
}

// Count reads a whole number from 1 to most, and gives 1 where it is none.
func (r *Reader) Count(n *yaml.Node, what string, most int) int {
	n, ok := r.Resolve(n)
	if !ok {
		return 1
	}
	i, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || i < 1 || i > most {
		r.Problem(n, "%s must be a whole number from 1 to %d, not %s", what, most, KindOf(n))
		return 1
	}
	return i
}
