package jira

import (
	"net/http"
	"slices"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
)

func TestStatusIDsRefuses(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]refused{
		"HTML":           {canned(200, `<html>`), fault.Ticket, "web page instead of the list of statuses", "browser"},
		"not a list":     {canned(200, `{"a":1}`), fault.Ticket, "it is an object", "jira.url"},
		"null":           {canned(200, `null`), fault.Ticket, "empty answer", "proxy"},
		"an odd id":      {canned(200, `[{"id":3}]`), fault.Ticket, "id is a number", "jira.url"},
		"anonymous":      {canned(200, `[]`, "X-AUSERNAME", "anonymous"), fault.Auth, "not logged in", "jit login"},
		"somebody else":  {canned(200, `[]`, "X-AAccountId", "712020:bob"), fault.Auth, "another to 712020:bob", "cache"},
		"a lost scope":   {canned(403, `{"message":"Unauthorized; scope does not match"}`), fault.Auth, "scope read:jira-work", "jit login"},
		"an outage":      {canned(503, ``), fault.Ticket, "does not work", "later"},
		"over the limit": {canned(200, `["`+string(make([]byte, maxStatuses))+`"]`), fault.Ticket, "over the limit of 4 MiB", "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Cloud)
			w.on("/rest/api/2/status", want.handler)
			c, _ := connect(t, w)
			_, err := c.StatusIDs(t.Context(), "10000", []string{"Open"})
			want.check(t, err)
		})
	}
}

func TestStatusIDsNeedsAnIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.on("/rest/api/2/status", canned(200, `[{"id":"1","name":"Open"}]`))
	w.on(myselfPath, canned(401, ``))
	c, _ := connect(t, w)
	_, err := c.StatusIDs(t.Context(), "10000", []string{"Open"})
	refused{class: fault.Auth, msg: "does not accept the token", hint: "jit login"}.check(t, err)

	w = newWorld(t, DataCenter)
	c, _ = connect(t, w)
	w.Close()
	_, err = c.StatusIDs(t.Context(), "10000", nil)
	refused{class: fault.Ticket, msg: "cannot be reached", hint: "network"}.check(t, err)
}

func TestMatchStatuses(t *testing.T) {
	t.Parallel()
	in := func(kind, project string) *wireScope {
		s := &wireScope{Type: kind}
		s.Project.ID = project
		return s
	}
	list := []wireStatus{
		{ID: "1", Name: "Offen", Untranslated: "Open"},
		{ID: "2", Name: "Open"},
		{ID: "2", Name: "Open"},
		{ID: "3", Name: "Open", Scope: in("GLOBAL", "")},
		{ID: "4", Name: "Open", Scope: in("PROJECT", "10000")},
		{ID: "5", Name: "Open", Scope: in("PROJECT", "10001")},
		{ID: "6", Name: "Open", Scope: in("PROJECT", "")},
		{ID: "7", Name: "Open", Scope: in("TENANT", "10000")},
		{ID: "", Name: "Open"},
		{ID: "8", Name: "open"},
		{ID: "9", Name: "Open", Untranslated: "Closed"},
	}
	for project, want := range map[string][]string{"10000": {"1", "2", "3", "4"}, "": {"1", "2", "3"}, "x": {"1", "2", "3"}} {
		got := matchStatuses(list, project, []string{"Open", "Offen"})
		if !slices.Equal(got["Open"], want) {
			t.Errorf("project %q: %q, want %q", project, got["Open"], want)
		}
		if ids, ok := got["Offen"]; !ok || len(ids) != 0 {
			t.Errorf("a translated name has ids %q", ids)
		}
	}
}

// The list is asked for where the token is accepted.
func TestStatusIDsAtTheGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.scoped = true
	w.on("/rest/api/2/status", atGateway(func(rw http.ResponseWriter, r *http.Request) {
		canned(200, `[{"id":"1","name":"Open"}]`)(rw, r)
	}))
	c, _ := connect(t, w)
	got, err := c.StatusIDs(t.Context(), "", []string{"Open"})
	if err != nil || !slices.Equal(got["Open"], []string{"1"}) {
		t.Errorf("%q, %v", got, err)
	}
}
