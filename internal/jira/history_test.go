package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

const historyPath = "/rest/api/2/issue/1/changelog"

// entry is one entry of a changelog with one item.
func entry(id int, author, item string) string {
	return fmt.Sprintf(`{"id":"%d","author":%s,"created":"2026-03-02T10:00:%02d.000+0000","items":[%s]}`, id, author, id%60, item)
}

const (
	cloudBob = `{"accountId":"bob","displayName":"Bob","accountType":"atlassian","active":true}`
	assigned = `{"field":"assignee","fieldtype":"jira","fieldId":"assignee","from":null,"fromString":null,"to":"712020:ada","toString":"Ada"}`
)

// withHistory is an issue with a changelog of total entries, of which it has some.
func withHistory(total int, entries ...string) string {
	return fmt.Sprintf(`{"id":"1","key":"OPS-7","names":{"customfield_10101":"Window","customfield_10102":"Approver","customfield_10103":"Approver"},
		"fields":{"project":{"id":"10000","key":"OPS"},"status":{"id":"3","name":"x","statusCategory":{"key":"new"}}},
		"changelog":{"startAt":0,"maxResults":%d,"total":%d,"histories":[%s]}}`, len(entries), total, strings.Join(entries, ","))
}

// historyOf looks OPS-7 up with its history.
func historyOf(t *testing.T, edition Edition, issue string, pages http.HandlerFunc) (ticket.Ticket, error) {
	t.Helper()
	w := newWorld(t, edition)
	w.on(issuePath, canned(200, issue))
	if pages != nil {
		w.on(historyPath, pages)
	}
	c, _ := connect(t, w)
	return c.Lookup(t.Context(), "OPS-7", []ticket.Field{ticket.FieldHistory, "customfield_10101"})
}

func TestHistoryOfCloudComesWithTheIssue(t *testing.T) {
	t.Parallel()
	// Newest first, as Cloud sends it.
	got, err := historyOf(t, Cloud, withHistory(3,
		entry(12, `{"accountId":"557058:robot","displayName":"Automation","accountType":"app","active":true}`, `{"field":"Status","fieldtype":"jira","fieldId":"status","from":"1","to":"3","fromString":"Open","toString":"In Arbeit"}`),
		entry(11, cloudBob, assigned+`,{"field":"Window","fieldtype":"custom","fieldId":"customfield_10101","from":null,"fromString":"","to":null,"toString":"x"}`),
		entry(10, `null`, `{"field":"labels","fieldtype":"jira","fieldId":"labels","from":"","fromString":"","to":"","toString":"a b"}`),
	), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Has(ticket.FieldHistory) || got.History == nil {
		t.Fatal("there is no history")
	}
	var told []string
	for _, ch := range got.History.Changes {
		by := "nobody"
		if ch.By != nil {
			by = ch.By.ID + " " + ch.By.Type
		}
		told = append(told, fmt.Sprintf("%s %q>%q %s %s %t", ch.Field, ch.From, ch.To, by, ch.At.Format("05"), ch.Guessed))
	}
	want := []string{
		`labels "">"a b" nobody 10 false`, `assignee "">"712020:ada" bob atlassian 11 false`,
		`customfield_10101 "">"x" bob atlassian 11 false`, `status "1">"3" 557058:robot app 12 false`,
	}
	if !slices.Equal(told, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
}

// Data Center has no ids of fields, so a custom field is known by its name.
func TestHistoryOfDataCenter(t *testing.T) {
	t.Parallel()
	bob := `{"key":"JIRAUSER1","name":"bob","displayName":"Bob","active":true}`
	got, err := historyOf(t, DataCenter, withHistory(2,
		entry(1, bob, `{"field":"Window","fieldtype":"custom","from":null,"to":"x"}`),
		entry(2, `{"key":"JIRAUSER2","name":"jirauser2","displayName":"user-1","emailAddress":"user-1@jira.invalid"}`, `{"field":"Approver","fieldtype":"custom","to":"y"},{"field":"Component","fieldtype":"jira","to":"1"}`),
	), nil)
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, ch := range got.History.Changes {
		fields = append(fields, fmt.Sprintf("%s guessed=%t gone=%t", ch.Field, ch.Guessed, ch.By.Gone))
	}
	want := []string{"customfield_10101 guessed=true gone=false", "customfield_10102 guessed=true gone=true", "customfield_10103 guessed=true gone=true", "components guessed=false gone=true"}
	if !slices.Equal(fields, want) {
		t.Errorf("%q", fields)
	}
	if want := []ticket.Field{"customfield_10102", "customfield_10103"}; !slices.Equal(got.History.Unclear, want) {
		t.Errorf("unclear: %q", got.History.Unclear)
	}
	// It has no way to ask for the rest.
	_, err = historyOf(t, DataCenter, withHistory(200, entry(1, bob, assigned)), nil)
	if fault.ClassOf(err) != fault.Ticket || fault.HintOf(err) == "" {
		t.Errorf("a part of a history: %v", err)
	}
}

// pagesOf serves entries by pages of at most 100, as if there were total.
func pagesOf(total int, entries []string, asked *[]string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.RawQuery)
		start, _ := strconv.Atoi(r.URL.Query().Get("startAt"))
		start = min(start, len(entries))
		end := min(start+100, len(entries))
		fmt.Fprintf(rw, `{"startAt":%d,"total":%d,"isLast":%t,"values":[%s]}`, start, total, end == len(entries), strings.Join(entries[start:end], ","))
	}
}

func TestHistoryOverSeveralPages(t *testing.T) {
	t.Parallel()
	var entries, asked []string
	for i := range 250 {
		entries = append(entries, entry(i+1, cloudBob, assigned))
	}
	got, err := historyOf(t, Cloud, withHistory(250, entries[200:]...), pagesOf(250, entries, &asked))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.History.Changes) != 250 || len(asked) != 3 || asked[2] != "startAt=200&maxResults=100" {
		t.Errorf("%d changes after %q", len(got.History.Changes), asked)
	}
}

// Whatever keeps the history from being whole and certain refuses the ticket, or
// leaves the history out, which the policy refuses.
func TestHistoryThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	var entries []string
	for i := range 150 {
		entries = append(entries, entry(i+1, cloudBob, assigned))
	}
	pages := func(total int, entries []string) http.HandlerFunc {
		var asked []string
		return pagesOf(total, entries, &asked)
	}
	twice := slices.Clone(entries)
	twice[120] = twice[3]
	for name, tc := range map[string]struct {
		issue string
		pages http.HandlerFunc
	}{
		"no such pages":       {withHistory(150, entries[:100]...), canned(404, `{}`)},
		"forbidden":           {withHistory(150, entries[:100]...), canned(403, `{}`)},
		"not JSON":            {withHistory(150, entries[:100]...), canned(200, `<html>`)},
		"empty":               {withHistory(150, entries[:100]...), canned(200, `{}`)},
		"ends early":          {withHistory(150, entries[:100]...), pages(150, entries[:100])},
		"grew":                {withHistory(150, entries[:100]...), pages(151, entries)},
		"more than it says":   {withHistory(120, entries[:100]...), pages(120, entries)},
		"the same page again": {withHistory(150, entries[:100]...), canned(200, `{"startAt":0,"total":150,"values":[`+strings.Join(entries[:100], ",")+`]}`)},
		"an entry twice":      {withHistory(150, entries[:100]...), pages(150, twice)},
		"too many":            {withHistory(maxHistory+1, entries[:1]...), pages(150, entries)},
		"negative":            {withHistory(-1, entries[:1]...), nil},
		"entry without an id": {withHistory(1, `{"author":`+cloudBob+`,"created":"2026-03-02T10:00:00.000+0000","items":[`+assigned+`]}`), nil},
		"entry without time":  {withHistory(1, `{"id":"1","author":`+cloudBob+`,"items":[`+assigned+`]}`), nil},
		"odd time":            {withHistory(1, `{"id":"1","created":"yesterday","items":[]}`), nil},
		"odd item":            {withHistory(1, entry(1, cloudBob, `{"field":7}`)), nil},
	} {
		got, err := historyOf(t, Cloud, tc.issue, tc.pages)
		if err == nil || got.History != nil {
			t.Errorf("%s: %v, %v", name, got.History, err)
		}
	}
	for name, changelog := range map[string]string{"missing": `"x":1`, "null": `"changelog":null`, "without a total": `"changelog":{"histories":[]}`} {
		issue := `{"id":"1","key":"OPS-7","fields":{"project":{"id":"10000","key":"OPS"}},` + changelog + `}`
		got, err := historyOf(t, Cloud, issue, nil)
		if err != nil || got.Has(ticket.FieldHistory) || got.History != nil {
			t.Errorf("%s: %v, %v", name, got.History, err)
		}
	}
}

func TestHistoryAsRecorded(t *testing.T) {
	t.Parallel()
	var list []json.RawMessage
	if err := json.Unmarshal(fixture(t, "devlake-cloud-changelogs.json"), &list); err != nil {
		t.Fatal(err)
	}
	var entries []string
	for _, e := range list {
		entries = append(entries, string(e))
	}
	got, err := historyOf(t, Cloud, withHistory(len(entries), entries...), nil)
	if err != nil {
		t.Fatal(err)
	}
	last, ok := got.History.Last(ticket.FieldStatus)
	if !ok || last.To == "" || last.By == nil || last.By.Type != "atlassian" {
		t.Errorf("the last change of the status is %+v", last)
	}
	server, err := historyOf(t, DataCenter, string(fixture(t, "jrjc-issue-valid-5.0-with-changelog.json")), nil)
	if err != nil {
		t.Fatal(err)
	}
	// Authors of that old version have a name and no key: nobody to rely on.
	due := server.History.Of(ticket.FieldDue)
	if len(due) != 2 || due[1].To != "2012-04-13" || due[1].By != nil {
		t.Errorf("changes of the due date: %+v", due)
	}
}

func TestSearchBringsTheHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.on("/rest/api/2/search/jql", func(rw http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("expand"); got != expansion {
			t.Errorf("expand is %q", got)
		}
		fmt.Fprintf(rw, `{"isLast":true,"issues":[%s]}`, withHistory(1, entry(1, cloudBob, assigned)))
	})
	c, _ := connect(t, w)
	var found []ticket.Ticket
	_, err := c.Search(t.Context(), ticket.Search{}, []ticket.Field{ticket.FieldHistory}, 10, func(page []ticket.Ticket) error {
		found = append(found, page...)
		return nil
	})
	if err != nil || len(found) != 1 || found[0].History == nil || len(found[0].History.Changes) != 1 {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestGroupsOf(t *testing.T) {
	t.Parallel()
	bob, carol := ticket.Person{ID: "bob", Name: "Bob"}, ticket.Person{ID: "carol", Name: "Carol"}
	w := newWorld(t, Cloud)
	w.on("/rest/api/2/user/groups", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("accountId") == "bob" {
			reply(rw, []object{{"name": "leads", "groupId": "1"}, {"name": "sre", "groupId": "2"}})
			return
		}
		reply(rw, []object{})
	})
	c, _ := connect(t, w)
	got, err := c.GroupsOf(t.Context(), []ticket.Person{bob, carol})
	if err != nil || !slices.Equal(got["bob"], []string{"leads", "sre"}) || len(got["carol"]) != 0 || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	for status, class := range map[int]fault.Class{403: fault.Auth, 404: fault.Auth, 500: fault.Ticket} {
		w.on("/rest/api/2/user/groups", canned(status, `{}`))
		if _, err := c.GroupsOf(t.Context(), []ticket.Person{bob}); fault.ClassOf(err) != class {
			t.Errorf("%d: %v", status, err)
		}
	}

	d := newWorld(t, DataCenter)
	d.on("/rest/api/2/user", func(rw http.ResponseWriter, r *http.Request) {
		key := r.URL.Query().Get("key")
		size := map[string]int{"bob": 1, "carol": 2}[key]
		reply(rw, object{"key": key, "name": key, "groups": object{"size": size, "items": []object{{"name": "leads"}}}})
	})
	c, _ = connect(t, d)
	if got, err := c.GroupsOf(t.Context(), []ticket.Person{bob}); err != nil || !slices.Equal(got["bob"], []string{"leads"}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := c.GroupsOf(t.Context(), []ticket.Person{carol}); fault.ClassOf(err) != fault.Auth {
		t.Errorf("a list that is not whole: %v", err)
	}
	d.on("/rest/api/2/user", canned(200, `{"key":"dave","groups":{"size":0,"items":[]}}`))
	if _, err := c.GroupsOf(t.Context(), []ticket.Person{bob}); err == nil {
		t.Error("somebody else's groups were taken")
	}
}
