package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// The sizes of a page: the first is small, so that there is soon something to
// see. Jira may send fewer.
const (
	firstPage = 25
	nextPages = 100
)

// maxPage bounds the body of a page, in bytes.
const maxPage = 16 << 20

// wirePage is a page of either edition's search.
type wirePage struct {
	wireNames
	Issues []json.RawMessage `json:"issues"`
	// Cloud
	Next string `json:"nextPageToken"`
	Last *bool  `json:"isLast"`
	// Data Center
	Start int  `json:"startAt"`
	Total *int `json:"total"`
}

// Search finds tickets and gives them to page as they come, most recently
// updated first, until there are no more, limit is reached, or page fails, whose
// error it then returns. It reports whether there may be more. A ticket that
// cannot be read is left out, with a notice. One that moves from page to page
// while they are read is given once. The errors are those of Lookup.
func (c *Client) Search(ctx context.Context, s ticket.Search, fields []ticket.Field, limit int, page func([]ticket.Ticket) error) (more bool, err error) {
	wanted, err := wantedFields(fields)
	if err != nil {
		return false, err
	}
	me, err := c.identify(ctx, false)
	if err != nil {
		return false, err
	}
	asked := queries(s)
	for i, jql := range asked {
		p := &pager{client: c, me: me, jql: jql, wanted: wanted, limit: limit, given: map[string]bool{}}
		var refused bool
		if more, refused, err = p.run(ctx, page); !refused || i == len(asked)-1 {
			return more, err
		}
		c.notice("Jira does not know all projects or statuses that the policy names; asking without some of them")
	}
	return more, err
}

// pager reads the pages of one query.
type pager struct {
	client *Client
	me     identity
	jql    string
	wanted []ticket.Field
	limit  int

	seen  int
	token string          // of the next page, on Cloud
	given map[string]bool // ids: pages shift while tickets are updated
}

// run reads page after page. It reports in refused that Jira did not take the
// query.
func (p *pager) run(ctx context.Context, page func([]ticket.Ticket) error) (more, refused bool, err error) {
	for p.seen < p.limit {
		call := p.call()
		a, err := p.client.attempt(ctx, p.me.answer.endpoint, call)
		if err != nil {
			return false, false, err
		}
		if err := p.client.believe(call, a, p.me); err != nil {
			return false, a.status == http.StatusBadRequest && p.seen == 0, err
		}
		tickets, last, err := p.read(ctx, call, a)
		if err != nil {
			return false, false, err
		}
		if err := page(tickets); err != nil {
			return false, false, err
		}
		if last {
			return false, false, nil
		}
	}
	return true, false, nil
}

func (p *pager) history() bool { return slices.Contains(p.wanted, ticket.FieldHistory) }

func (p *pager) call() call {
	size := nextPages
	if p.seen == 0 {
		size = firstPage
	}
	q := url.Values{"jql": {p.jql}, "fields": {joined(p.wanted)}, "maxResults": {strconv.Itoa(min(size, p.limit-p.seen))}}
	if p.history() {
		q.Set("expand", expansion)
	}
	path := "rest/api/2/search"
	if p.client.edition == DataCenter {
		q.Set("startAt", strconv.Itoa(p.seen))
	} else {
		path += "/jql"
		if p.token != "" {
			q.Set("nextPageToken", p.token)
		}
	}
	return call{subject: "your tickets", path: path + "?" + q.Encode(), scope: "read:jira-work", limit: maxPage}
}

// read decodes a page, and tells whether it is the last.
func (p *pager) read(ctx context.Context, call call, a answer) ([]ticket.Ticket, bool, error) {
	c := p.client
	var w wirePage
	if err := json.Unmarshal(a.body, &w); err != nil {
		return nil, false, c.odd(call, c.shape(err))
	}
	before := p.seen
	p.seen += len(w.Issues)
	var last bool
	switch {
	case c.edition == Cloud:
		if w.Last == nil && w.Next == "" || w.Next != "" && w.Next == p.token {
			return nil, false, c.odd(call, "it does not say whether there is more")
		}
		last, p.token = w.Next == "", w.Next
	case w.Total == nil || w.Start != before:
		return nil, false, c.odd(call, "it does not say whether there is more")
	default:
		last = p.seen >= *w.Total || len(w.Issues) == 0
	}
	tickets := make([]ticket.Ticket, 0, len(w.Issues))
	for _, raw := range w.Issues {
		t, issue, err := c.decodeIssue(call, answer{body: raw, at: a.at}, p.wanted)
		if err == nil && p.history() {
			err = c.history(ctx, call, issue.Changelog, w.Names, p.me, &t)
		}
		if ctx.Err() != nil {
			return nil, false, err
		}
		if err != nil {
			c.notice("a ticket was left out: " + err.Error())
			continue
		}
		if !p.given[t.ID] {
			tickets = append(tickets, t)
		}
		p.given[t.ID] = true
	}
	return tickets, last, nil
}

// wantedFields are the fields to ask for: those given and those without which
// no ticket can be judged, sorted.
func wantedFields(fields []ticket.Field) ([]ticket.Field, error) {
	wanted := slices.Concat(fields, always())
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	for _, f := range wanted {
		if !fieldPattern().MatchString(string(f)) {
			return nil, fault.New(fault.Config, "%q is not the name of a Jira field", shorten(ticket.Clean(string(f)))).
				WithHint("custom fields are named by their id, such as customfield_10101")
		}
	}
	return wanted, nil
}

func joined(fields []ticket.Field) string {
	var names []string
	for _, f := range fields {
		if f != ticket.FieldHistory { // which is asked for otherwise
			names = append(names, string(f))
		}
	}
	return strings.Join(names, ",")
}
