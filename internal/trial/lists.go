package trial

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/policy/strict"
	"github.com/jitaccess/jit/internal/ticket"
)

// each reads a list of mappings, which may be empty.
func each[T any](r *reader, n *yaml.Node, what string, read func(*yaml.Node) T) []T {
	n, ok := r.Resolve(n)
	if !ok {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.Problem(n, "%s must be a list, not %s", what, strict.KindOf(n))
		return nil
	}
	list := make([]T, 0, len(n.Content))
	for _, c := range n.Content {
		list = append(list, read(c))
	}
	return list
}

// link reads a link to another ticket.
func (r *reader) link(n *yaml.Node) ticket.Link {
	l := ticket.Link{}
	o := r.Object(n, n, "a link", "type", "phrase", "key", "issue_type", "issue_type_id", "status")
	if !o.OK {
		return l
	}
	key := ""
	r.set(o, "key", &key)
	if at := o.Get("key"); at == nil {
		r.Problem(n, "a link must have the key of the other ticket")
	} else if parsed, err := ticket.ParseKey(key); err != nil || string(parsed) != key {
		r.Problem(at, "%.80q is not the key of a ticket, such as CHG-7", key)
	}
	l.Key = ticket.Key(key)
	r.set(o, "type", &l.Type)
	r.set(o, "phrase", &l.Phrase)
	r.set(o, "issue_type", &l.IssueType)
	r.set(o, "issue_type_id", &l.IssueTypeID)
	if e, ok := o.Find("status"); ok {
		l.Status = r.status(e)
	}
	return l
}

// deed reads a change of the history.
func (r *reader) deed(n *yaml.Node) deed {
	d := deed{}
	o := r.Object(n, n, "a change", "field", "from", "to", "by", "at")
	if !o.OK {
		return d
	}
	if at := o.Get("field"); at == nil {
		r.Problem(n, "a change must have field")
	} else if it, ok := r.Text(at, "field"); ok {
		d.Field = r.fieldName(it)
	}
	for key, to := range map[string]*string{"from": &d.From, "to": &d.To} {
		if at := o.Get(key); at != nil {
			*to = r.textOrNull(at, key)
		}
	}
	if at := o.Get("by"); at == nil {
		r.Problem(n, "a change must have by, which may be ~ where Jira does not say who")
	} else {
		d.by = r.textOrNull(at, "by")
	}
	if at := o.Get("at"); at != nil {
		d.At, _ = r.Moment(at, "at")
	}
	return d
}

// list reads a list of texts, which may be empty.
func (r *reader) list(n *yaml.Node, what string) []string {
	if node, ok := r.Resolve(n); ok && node.Kind == yaml.SequenceNode && len(node.Content) == 0 {
		return []string{}
	}
	items := r.Texts(n, what)
	values := make([]string, 0, len(items))
	for _, it := range items {
		values = append(values, it.Value)
	}
	return values
}

// set reads an optional text; a null takes away what was inherited.
func (r *reader) set(o strict.Object, key string, to *string) {
	if n := o.Get(key); n != nil {
		*to = r.textOrNull(n, key)
	}
}

// textOrNull reads a text, or null, which is "".
func (r *reader) textOrNull(n *yaml.Node, what string) string {
	if node, ok := r.Resolve(n); ok && strict.IsNull(node) {
		return ""
	}
	it, _ := r.Text(n, what)
	return it.Value
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
