package fakejira

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// inlined is the longest changelog that comes with an issue; the rest is read
// page by page.
const inlined = 100

func (c *call) issue(key string) {
	i := c.server.find(key)
	if i == nil || !c.visible(i) {
		c.notFound()
		return
	}
	q := c.r.URL.Query()
	wanted := fieldList(q.Get("fields"))
	if len(wanted) == 0 {
		wanted = []string{"*all"}
	}
	if q.Get("failFast") == "true" && slices.ContainsFunc(i.Broken, func(f string) bool { return slices.Contains(wanted, f) }) {
		c.fail(http.StatusInternalServerError, "Failed to load a field of the issue.")
		return
	}
	c.json(http.StatusOK, c.renderIssue(i, wanted))
}

// fieldList splits a comma-separated parameter.
func fieldList(s string) []string {
	var out []string
	for name := range strings.SplitSeq(s, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// histories renders the changelog that comes with an issue: newest first on
// Cloud, oldest first on Data Center.
func (c *call) histories(i *Issue) object {
	all := c.changes(i.History)
	if c.cloud() {
		slices.Reverse(all)
	}
	page := all[:min(len(all), inlined)]
	return object{"startAt": 0, "maxResults": len(page), "total": len(all), "histories": page}
}

// changelog answers a page of Cloud's own resource, oldest first.
func (c *call) changelog(key string) {
	i := c.server.find(key)
	if i == nil || !c.visible(i) {
		c.notFound()
		return
	}
	all := c.changes(i.History)
	start := min(number(c.r, "startAt", 0), len(all))
	most := min(number(c.r, "maxResults", inlined), inlined)
	end := min(start+most, len(all))
	c.json(http.StatusOK, object{
		"self": c.base + c.path, "startAt": start, "maxResults": most, "total": len(all),
		"isLast": end == len(all), "values": all[start:end],
	})
}

func (c *call) changes(history []Change) []object {
	out := []object{}
	for _, h := range history {
		var items []object
		for _, item := range h.Items {
			o := object{
				"field": item.Field, "fieldtype": "jira", "from": orNull(item.From), "fromString": orNull(item.FromText),
				"to": orNull(item.To), "toString": orNull(item.ToText),
			}
			if c.cloud() {
				o["fieldId"] = strings.ToLower(item.Field)
			}
			items = append(items, o)
		}
		out = append(out, object{"id": h.ID, "author": c.person(h.Author), "created": at(h.At), "items": items})
	}
	return out
}

// number reads a parameter that is a number of 0 or more; anything else counts
// as missing.
func number(r *http.Request, name string, missing int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < 0 {
		return missing
	}
	return n
}
