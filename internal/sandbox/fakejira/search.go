package fakejira

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
)

// The sizes of a page of search results.
const (
	pageDefault = 50
	pageMost    = 1000
)

// searchCloud answers /search/jql: page by page with a token, and with ids
// alone unless fields are named.
func (c *call) searchCloud() {
	found, ok := c.matches()
	if !ok {
		return
	}
	q := c.r.URL.Query()
	start := 0
	if token := q.Get("nextPageToken"); token != "" {
		if start, ok = pageStart(token); !ok {
			c.fail(http.StatusBadRequest, "The next page token is invalid.")
			return
		}
	}
	start = min(start, len(found))
	end := min(start+c.pageSize(), len(found))
	wanted := fieldList(q.Get("fields"))
	issues := []object{}
	for _, i := range found[start:end] {
		if len(wanted) == 0 {
			issues = append(issues, object{"id": i.ID})
			continue
		}
		issues = append(issues, c.renderIssue(i, wanted))
	}
	o := object{"issues": issues, "isLast": end == len(found)}
	if end < len(found) {
		o["nextPageToken"] = base64.URLEncoding.EncodeToString([]byte(strconv.Itoa(end)))
	}
	c.json(http.StatusOK, o)
}

// pageStart reads a page token: the place of the page's first issue.
func pageStart(token string) (int, bool) {
	text, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	start, err := strconv.Atoi(string(text))
	return start, err == nil && start >= 0
}

// searchDataCenter answers /search, paged by startAt and total.
func (c *call) searchDataCenter() {
	found, ok := c.matches()
	if !ok {
		return
	}
	start, most := number(c.r, "startAt", 0), c.pageSize()
	wanted := fieldList(c.r.URL.Query().Get("fields"))
	if len(wanted) == 0 {
		wanted = []string{"*navigable"}
	}
	from := min(start, len(found))
	issues := []object{}
	for _, i := range found[from:min(from+most, len(found))] {
		issues = append(issues, c.renderIssue(i, wanted))
	}
	c.json(http.StatusOK, object{"expand": "names,schema", "startAt": start, "maxResults": most, "total": len(found), "issues": issues})
}

func (c *call) pageSize() int { return min(max(1, number(c.r, "maxResults", pageDefault)), pageMost) }

// newestFirst is the one order that can be asked for.
var newestFirst = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\border by updated desc\s*$`)
})

// matches returns the visible issues that the query finds. Where the query is
// wrong it answers, and reports false.
func (c *call) matches() ([]*Issue, bool) {
	query, err := parseJQL(c.r.URL.Query().Get("jql"))
	if err != nil {
		c.fail(http.StatusBadRequest, "Error in the JQL Query: "+err.Error())
		return nil, false
	}
	if len(query.parts) == 0 && c.cloud() {
		c.fail(http.StatusBadRequest, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
		return nil, false
	}
	if why := c.refuse(query); why != "" {
		c.fail(http.StatusBadRequest, why)
		return nil, false
	}
	var found []*Issue
	for _, i := range c.server.issues {
		if c.visible(i) && c.satisfies(i, query) {
			found = append(found, i)
		}
	}
	if newestFirst().MatchString(c.r.URL.Query().Get("jql")) {
		slices.SortStableFunc(found, func(a, b *Issue) int { return b.Updated.Compare(a.Updated) })
	}
	return found, true
}
