package jira

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/ticket"
)

// decodeFields decodes an issue with these fields beside the project.
func decodeFields(t *testing.T, edition Edition, fields string, wanted ...ticket.Field) ticket.Ticket {
	t.Helper()
	c := &Client{edition: edition, site: "https://acme.atlassian.net", host: "acme.atlassian.net"}
	body := `{"id":"1","key":"OPS-7","fields":{"project":{"id":"10000","key":"OPS"},` + fields + `}}`
	got, _, err := c.decodeIssue(call{subject: "the ticket"}, answer{body: []byte(body)}, append(wanted, always()...))
	if err != nil {
		t.Fatalf("%s: %v", fields, err)
	}
	return got
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`"2026-03-02T10:00:00.000+0200"`: "2026-03-02T08:00:00Z",
		`"2026-03-02T10:00:00+0000"`:     "2026-03-02T10:00:00Z",
		`"2026-03-02T10:00:00.5Z"`:       "2026-03-02T10:00:00.5Z",
		`"2026-03-02T10:00:00-07:00"`:    "2026-03-02T17:00:00Z",
		`null`:                           "0001-01-01T00:00:00Z",
		`""`:                             "0001-01-01T00:00:00Z",
	} {
		got, err := moment(json.RawMessage(raw))
		if err != nil || got.Format(time.RFC3339Nano) != want || got.Location() != time.UTC {
			t.Errorf("%s: %s, %v", raw, got.Format(time.RFC3339Nano), err)
		}
	}
	for _, raw := range []string{`"2026-03-02"`, `17`, `"now"`} {
		if _, err := moment(json.RawMessage(raw)); err == nil {
			t.Errorf("%s is a time", raw)
		}
	}
	if got, err := day(json.RawMessage(`"2026-02-28"`)); err != nil || !got.Equal(time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := day(json.RawMessage(`"2026-02-30"`)); err == nil {
		t.Error("30 February is a day")
	}
}

// Each way in which Jira, of either edition, says that an issue is archived.
func TestArchived(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]bool{
		`"archiveddate":null,"archivedby":null`:                   false,
		`"archiveddate":"","archivedby":{}`:                       false,
		`"x":1`:                                                   false,
		`"archiveddate":"2026-03-02T10:00:00.000+0000"`:           true,
		`"archiveddate":null,"archivedby":{"key":"JIRAUSER1"}`:    true,
		`"project":{"id":"10000","key":"OPS","archived":true}`:    true,
		`"project":{"id":"10000","key":"OPS","archived":false}`:   false,
		`"fixVersions":[{"archived":true}],"archiveddate" : null`: false,
	} {
		got := decodeFields(t, DataCenter, fields)
		if got.Archived != want {
			t.Errorf("%s: archived %t", fields, got.Archived)
		}
		if got.Has(archivedDate) || got.Has(archivedBy) {
			t.Errorf("%s: fields that nobody asked for are present", fields)
		}
	}
}

// People are known by the id of the edition and by nothing else.
func TestPeople(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		edition Edition
		person  string
		id      string
		present bool
	}{
		{Cloud, `{"accountId":"712020:ada","key":"k","emailAddress":"ada@acme.com","accountType":"atlassian"}`, "712020:ada", true},
		{Cloud, `{"key":"k","name":"n","emailAddress":"ada@acme.com"}`, "", false},
		{Cloud, `{"accountId":"","displayName":"Former user"}`, "", false},
		{Cloud, `{"accountId":"unknown"}`, "", false},
		{Cloud, `{"accountId":"a\u0000b"}`, "", false},
		{Cloud, `{"accountId":"` + strings.Repeat("x", 256) + `"}`, "", false},
		{Cloud, `{}`, "", false},
		{Cloud, `null`, "", true},
		{DataCenter, `{"key":"JIRAUSER10100","name":"ada","emailAddress":"ada@acme.com"}`, "JIRAUSER10100", true},
		{DataCenter, `{"name":"ada","accountId":"712020:ada"}`, "", false},
		{DataCenter, `{"key":""}`, "", false},
		{DataCenter, `{"key":"unknown"}`, "unknown", true},
		{DataCenter, `null`, "", true},
	} {
		got := decodeFields(t, tt.edition, `"assignee":`+tt.person+`,"reporter":`+tt.person, ticket.FieldAssignee, ticket.FieldReporter)
		for f, p := range map[ticket.Field]*ticket.Person{ticket.FieldAssignee: got.Assignee, ticket.FieldReporter: got.Reporter} {
			id := ""
			if p != nil {
				id = p.ID
			}
			if id != tt.id || got.Has(f) != tt.present {
				t.Errorf("%s %s: %s %q, present %t", tt.edition, tt.person, f, id, got.Has(f))
			}
		}
	}
}

func TestCustomFieldsArePlainJSON(t *testing.T) {
	t.Parallel()
	got := decodeFields(t, Cloud, `"customfield_1":{"value":"x","n":[1,2.5,true,null]},"customfield_2":null,"resolution":{"name":"Fixed"},"customfield_3":"not asked for"`,
		"customfield_1", "customfield_2", "customfield_4", "resolution")
	want := map[ticket.Field]any{
		"customfield_1": map[string]any{"value": "x", "n": []any{1.0, 2.5, true, nil}},
		"customfield_2": nil,
		"resolution":    map[string]any{"name": "Fixed"},
	}
	if !reflect.DeepEqual(got.Custom, want) {
		t.Errorf("got %#v", got.Custom)
	}
	if !got.Has("customfield_2") || got.Has("customfield_4") || got.Has("customfield_3") {
		t.Errorf("present %v", got.Present)
	}
}

// A status that lacks what a policy decides by is one that did not come.
func TestIncompleteStatus(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		`{"id":"3","name":"Open","statusCategory":{"key":"new"}}`: true,
		`{"id":"3","name":"Open","statusCategory":{"key":""}}`:    false,
		`{"id":"3","name":"Open"}`:                                false,
		`{"name":"Open","statusCategory":{"key":"new"}}`:          false,
		`null`: false,
	} {
		got := decodeFields(t, Cloud, `"status":`+raw)
		if got.Has(ticket.FieldStatus) != want || (got.Status.ID != "") != want || (got.Status.Category != "") != want {
			t.Errorf("%s: present %t, %+v", raw, got.Has(ticket.FieldStatus), got.Status)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	const kind = `"type":{"name":"Blocks","inward":"is blocked by","outward":"blocks"}`
	const other = `{"key":"CHG-7","fields":{"status":{"id":"10001","name":"Fertig","statusCategory":{"key":"done"}},"issuetype":{"id":"7","name":"Change"}}}`
	got := decodeFields(t, Cloud, `"issuelinks":[{`+kind+`,"inwardIssue":`+other+`},{`+kind+`,"outwardIssue":`+other+`}]`, ticket.FieldLinks)
	if len(got.Links) != 2 || got.Links[0].Phrase != "is blocked by" || got.Links[1].Phrase != "blocks" {
		t.Fatalf("%+v", got.Links)
	}
	l := got.Links[1]
	if l.Type != "Blocks" || l.Key != "CHG-7" || l.IssueType != "Change" || l.IssueTypeID != "7" || l.Status.ID != "10001" || l.Status.Category != "done" {
		t.Errorf("%+v", l)
	}
	for _, odd := range []string{`[{` + kind + `}]`, `[{` + kind + `,"inwardIssue":{"key":"x y"}}]`, `{}`} {
		if _, err := links(json.RawMessage(odd)); err == nil {
			t.Errorf("%s was taken", odd)
		}
	}
}
