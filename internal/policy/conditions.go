package policy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/ticket"
)

// categories are the keys of Jira's status categories, which are fixed.
func categories() []string { return []string{"new", "indeterminate", "done", "undefined"} }

// conditions reads ticket.
func (f *file) conditions(o object, what string) Conditions {
	none := Conditions{Assigned: true}
	e, ok := o.Find("ticket")
	if !ok {
		f.Problem(o.At, "%s must have ticket with its projects and a state", what)
		return none
	}
	t := f.Object(e.Value, e.Key, "ticket", "projects", "types", "statuses", "status_categories", "labels", "components",
		"assigned", "provenance", "window", "approvals", "linked")
	if !t.OK {
		return none
	}
	c := none
	if n := t.Get("projects"); n != nil {
		c.Projects = f.listed(n, "projects", f.project)
	} else {
		f.Problem(t.At, `%s must name its projects; ["*"] is any`, what)
	}
	if t.Get("statuses") == nil && t.Get("status_categories") == nil {
		f.Problem(t.At, `%s must name a state, as statuses or status_categories; ["*"] is any`, what)
	}
	if n := t.Get("statuses"); n != nil {
		c.Statuses = f.listed(n, "statuses", f.trimmed("a status"))
	}
	if n := t.Get("status_categories"); n != nil {
		c.StatusCategories = f.listed(n, "status_categories", f.category)
	}
	c.Types = f.concrete(t, "types", f.trimmed("an issue type"))
	c.Labels = f.concrete(t, "labels", f.label)
	c.Components = f.concrete(t, "components", f.trimmed("a component"))
	if n := t.Get("assigned"); n != nil {
		c.Assigned = f.Boolean(n, "assigned")
	}
	if e, ok := t.Find("provenance"); ok {
		c.Provenance = f.provenance(e)
	}
	if e, ok := t.Find("window"); ok {
		c.Window = f.window(e)
	}
	if e, ok := t.Find("approvals"); ok {
		c.Approvals = f.approvals(e)
	}
	if e, ok := t.Find("linked"); ok {
		c.Linked = f.linked(e)
	}
	return c
}

// listed reads a list that may be ["*"] instead.
func (f *file) listed(n *yaml.Node, what string, check func(item)) []string {
	items := f.Texts(n, what)
	values := make([]string, 0, len(items))
	for _, it := range items {
		switch {
		case it.Value == Any && len(items) > 1:
			f.Problem(it.Node, `"*" in %s stands alone or not at all`, what)
		case it.Value != Any:
			check(it)
		}
		values = append(values, it.Value)
	}
	return values
}

// concrete reads an optional list where leaving it out already says "any".
func (f *file) concrete(t object, key string, check func(item)) []string {
	n := t.Get(key)
	if n == nil {
		return nil
	}
	items := f.Texts(n, key)
	values := make([]string, 0, len(items))
	for _, it := range items {
		if it.Value == Any {
			f.Problem(it.Node, `"*" means nothing in %s; leave %s out for any`, key, key)
			continue
		}
		check(it)
		values = append(values, it.Value)
	}
	return values
}

func (f *file) project(it item) {
	if !isProject(it.Value) {
		f.Problem(it.Node, "%.80q is not a project key, such as OPS", it.Value)
	}
}

func (f *file) category(it item) {
	if !slices.Contains(categories(), it.Value) {
		f.Problem(it.Node, "%.80q is not a status category; there are %s", it.Value, strings.Join(categories(), ", "))
	}
}

func (f *file) label(it item) {
	if strings.ContainsAny(it.Value, " \t\n\r") {
		f.Problem(it.Node, "%.80q cannot be a label: a label of Jira has no blanks", it.Value)
		return
	}
	f.trimmed("a label")(it)
}

// trimmed refuses a name that no name of Jira can equal.
func (f *file) trimmed(what string) func(item) {
	return func(it item) {
		if strings.TrimSpace(it.Value) != it.Value || ticket.Clean(it.Value) != it.Value {
			f.Problem(it.Node, "%.80q cannot be %s: it has blanks at an end or control characters", it.Value, what)
		}
	}
}
