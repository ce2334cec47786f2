package jira

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// Bounds of a changelog, of our own choosing: the largest page asked for is that
// of Cloud's OpenAPI document, and a ticket that was changed more often than
// that is no ticket to unlock anything with.
const (
	historyPage   = 100
	maxHistory    = 10_000   // entries
	maxHistoryLen = 16 << 20 // bytes of a page
)

// wireHistories is a page of a changelog, as it comes with an issue or by itself.
type wireHistories struct {
	Start     int         `json:"startAt"`
	Total     *int        `json:"total"`
	Histories []wireEntry `json:"histories"` // with an issue
	Values    []wireEntry `json:"values"`    // by itself
}

// wireEntry is what one person changed at one time.
type wireEntry struct {
	ID      json.RawMessage `json:"id"` // a number in some versions, a string in others
	Author  *wirePerson     `json:"author"`
	Created json.RawMessage `json:"created"`
	Items   []wireItem      `json:"items"`
}

// number is the id of an entry.
func (e wireEntry) number() (int64, error) {
	return strconv.ParseInt(strings.Trim(string(e.ID), `"`), 10, 64)
}

// wireItem is one field's change. Data Center sends no id of the field.
type wireItem struct {
	Field    string `json:"field"`
	FieldID  string `json:"fieldId"`
	Kind     string `json:"fieldtype"`
	From     string `json:"from"`
	FromText string `json:"fromString"`
	To       string `json:"to"`
	ToText   string `json:"toString"`
}

// wireNames are the names of the fields by their ids, beside an issue or a list of
// them.
type wireNames struct {
	Names map[string]string `json:"names"`
}

// history adds a changelog, as it came with an issue, to the ticket. Where that is a
// part of it only, the whole is asked for.
func (c *Client) history(ctx context.Context, call call, raw json.RawMessage, names map[string]string, me identity, t *ticket.Ticket) error {
	if len(raw) == 0 {
		return nil // not answered, which the policy refuses
	}
	var w wireHistories
	if err := json.Unmarshal(raw, &w); err != nil {
		return c.odd(call, c.shape(err))
	}
	if w.Total == nil {
		return nil // neither
	}
	entries, total := w.Histories, *w.Total
	if len(entries) != total {
		var err error
		if entries, err = c.wholeHistory(ctx, t, me, total); err != nil {
			return err
		}
	}
	h, err := c.decodeHistory(entries, names)
	if err != nil {
		return c.odd(call, err.Error())
	}
	t.History, t.Present[ticket.FieldHistory] = &h, true
	return nil
}

// wholeHistory reads all entries of a changelog, of which there must be total.
func (c *Client) wholeHistory(ctx context.Context, t *ticket.Ticket, me identity, total int) ([]wireEntry, error) {
	if c.edition == DataCenter || total > maxHistory || total < 0 {
		return nil, fault.New(fault.Ticket, "Jira at %s does not send the whole history of %s, of %d changes", c.host, t.Key, total).
			WithHint("the policy asks who changed the ticket, which a part of its history cannot tell; use another ticket")
	}
	var entries []wireEntry
	for len(entries) < total {
		call := call{
			subject: "the history of " + string(t.Key), scope: "read:jira-work", limit: maxHistoryLen,
			path: fmt.Sprintf("rest/api/2/issue/%s/changelog?startAt=%d&maxResults=%d", t.ID, len(entries), historyPage),
		}
		a, err := c.attempt(ctx, me.answer.endpoint, call)
		if err != nil {
			return nil, err
		}
		if err := c.believe(call, a, me); err != nil {
			return nil, err
		}
		var w wireHistories
		if err := json.Unmarshal(a.body, &w); err != nil {
			return nil, c.odd(call, c.shape(err))
		}
		if w.Total == nil || w.Start != len(entries) || len(w.Values) == 0 {
			return nil, c.odd(call, "it does not say whether there is more")
		}
		if *w.Total != total {
			return nil, fault.New(fault.Ticket, "%s was changed while its history was read", t.Key).WithHint("try again")
		}
		entries = append(entries, w.Values...)
	}
	if len(entries) > total {
		return nil, fault.New(fault.Ticket, "%s was changed while its history was read", t.Key).WithHint("try again")
	}
	return entries, nil
}

// decodeHistory puts entries in order and names their fields.
func (c *Client) decodeHistory(entries []wireEntry, names map[string]string) (ticket.History, error) {
	type change struct {
		ticket.Change
		entry int64
	}
	var (
		changes []change
		seen    = map[int64]bool{}
		h       ticket.History
	)
	for _, e := range entries {
		id, err := e.number()
		if err != nil || seen[id] {
			return h, fmt.Errorf("an entry of its history has no id of its own")
		}
		seen[id] = true
		at, err := moment(e.Created)
		if err != nil || at.IsZero() {
			return h, fmt.Errorf("an entry of its history has no time")
		}
		by := c.author(e.Author)
		for _, i := range e.Items {
			fields, guessed := i.fields(names)
			for _, f := range fields {
				changes = append(changes, change{ticket.Change{
					Field: f, From: cmp.Or(i.From, i.FromText), To: cmp.Or(i.To, i.ToText), By: by, At: at, Guessed: guessed,
				}, id})
			}
			if len(fields) > 1 {
				h.Unclear = append(h.Unclear, fields...)
			}
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.entry, b.entry))
	})
	for _, ch := range changes {
		h.Changes = append(h.Changes, ch.Change)
	}
	slices.Sort(h.Unclear)
	h.Unclear = slices.Compact(h.Unclear)
	return h, nil
}

// author is whoever made a change, nil where Jira does not say.
func (c *Client) author(w *wirePerson) *ticket.Person {
	if w == nil {
		return nil
	}
	p, ok := w.person(c.edition)
	if !ok {
		return nil
	}
	return &p
}

// fields are those that an item may be about: one where it has the field's id, or
// is of a field that has one name in every Jira, and otherwise every custom field
// of that name.
func (i wireItem) fields(names map[string]string) (fields []ticket.Field, guessed bool) {
	switch {
	case i.FieldID != "":
		return []ticket.Field{systemField(i.FieldID)}, false
	case i.Kind != "custom":
		return []ticket.Field{systemField(i.Field)}, false
	}
	for id, name := range names {
		if name == i.Field && strings.HasPrefix(id, "customfield_") {
			fields = append(fields, ticket.Field(id))
		}
	}
	slices.Sort(fields)
	return fields, true
}

// systemField is the id of a field by what a changelog calls it.
func systemField(name string) ticket.Field {
	switch name = strings.ToLower(name); name {
	case "component":
		return ticket.FieldComponents
	case "link":
		return "issuelinks"
	}
	return ticket.Field(name)
}
