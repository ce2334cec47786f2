package fakejira

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// refuse returns why Jira does not take a query, or "": one issue, project or
// status in it that the caller cannot see spoils the whole search.
func (c *call) refuse(q query) string {
	for _, cl := range q.clauses() {
		for _, v := range cl.values {
			if !c.knows(cl, v) {
				return fmt.Sprintf("The value '%s' does not exist for the field '%s'.", v, cl.field)
			}
		}
	}
	return ""
}

func (c *call) knows(cl clause, v string) bool {
	switch {
	case cl.byKey():
		i := c.server.find(v)
		return i != nil && c.visible(i)
	case cl.field == "project":
		return slices.ContainsFunc(c.server.projects, func(p Project) bool { return p.ID == v || strings.EqualFold(p.Key, v) })
	case cl.field == "status":
		return slices.ContainsFunc(c.server.statuses, func(s Status) bool { return s.ID == v || strings.EqualFold(s.Name, v) })
	}
	return true
}

// satisfies reports whether an issue is found by a query.
func (c *call) satisfies(i *Issue, q query) bool {
	holds := func(p query) bool { return c.satisfies(i, p) }
	switch {
	case q.clause != nil:
		return c.holds(i, *q.clause) != q.clause.negate
	case q.any:
		return slices.ContainsFunc(q.parts, holds)
	}
	return !slices.ContainsFunc(q.parts, func(p query) bool { return !holds(p) })
}

func (c *call) holds(i *Issue, cl clause) bool {
	actual := c.valuesOf(i, cl.field)
	return slices.ContainsFunc(cl.values, func(v string) bool {
		if strings.EqualFold(v, "currentUser()") {
			return c.user != nil && slices.Contains(actual, c.user.ID)
		}
		return slices.ContainsFunc(actual, func(a string) bool { return strings.EqualFold(a, v) })
	})
}

// valuesOf are what a field of an issue may be called in a query.
func (c *call) valuesOf(i *Issue, field string) []string {
	st := c.server.status(i.Status)
	switch field {
	case "project":
		return []string{i.Project, c.server.project(i.Project).ID}
	case "status":
		return []string{st.ID, st.Name}
	case "statuscategory":
		return []string{st.Category, c.categoryName(st), strconv.Itoa(categoryID(st.Category))}
	case "assignee":
		return c.called(i.Assignee)
	case "reporter":
		return c.called(i.Reporter)
	case "labels":
		if len(i.Labels) == 0 {
			return []string{""}
		}
		return i.Labels
	}
	return append([]string{i.ID, i.Key}, i.Former...)
}

func (c *call) called(id string) []string {
	if u := c.server.user(id); u != nil && !c.cloud() {
		return []string{id, u.Name}
	}
	return []string{id}
}
