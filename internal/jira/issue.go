package jira

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/ticket"
)

// The fields of an archived issue; null or missing for any other.
const (
	archivedDate ticket.Field = "archiveddate"
	archivedBy   ticket.Field = "archivedby"
)

// numberPattern is an issue's or a project's id.
var numberPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9]{1,20}$`)
})

// wireIssue is an issue whose fields are still to be read, each by itself.
type wireIssue struct {
	ID     string                           `json:"id"`
	Key    string                           `json:"key"`
	Fields map[ticket.Field]json.RawMessage `json:"fields"`
	wireNames
	Changelog json.RawMessage `json:"changelog"` // where it was asked for
}

// wireNamed is anything that has an id, a key or a name.
type wireNamed struct {
	ID       string `json:"id"`
	Key      string `json:"key"`
	Name     string `json:"name"`
	Archived bool   `json:"archived"`
}

// wireStatus is a status, in an issue or in the list of all.
type wireStatus struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Untranslated string `json:"untranslatedName"`
	Category     struct {
		Key string `json:"key"`
	} `json:"statusCategory"`
	Scope *wireScope `json:"scope"`
}

func (w wireStatus) status() ticket.Status {
	return ticket.Status{ID: w.ID, Name: w.Name, Untranslated: w.Untranslated, Category: w.Category.Key}
}

// decodeIssue reads an issue that was asked for with the fields wanted, and gives
// what else came with it.
func (c *Client) decodeIssue(call call, a answer, wanted []ticket.Field) (ticket.Ticket, wireIssue, error) {
	var w wireIssue
	if err := json.Unmarshal(a.body, &w); err != nil {
		return ticket.Ticket{}, w, c.odd(call, c.shape(err))
	}
	key, err := ticket.ParseKey(w.Key)
	switch {
	case w.ID == "" && w.Key == "":
		return ticket.Ticket{}, w, c.empty(call)
	case !numberPattern().MatchString(w.ID):
		return ticket.Ticket{}, w, c.odd(call, "it has no id")
	case err != nil:
		return ticket.Ticket{}, w, err
	case string(key) != w.Key:
		return ticket.Ticket{}, w, c.odd(call, "its key is not in upper case")
	}
	t := ticket.Ticket{
		ID: w.ID, Key: key, Site: c.site, URL: c.site + "/browse/" + w.Key, ReadAt: a.at,
		Present: map[ticket.Field]bool{},
	}
	d := fieldReader{edition: c.edition, ticket: &t}
	for _, f := range wanted {
		raw, ok := w.Fields[f]
		if !ok {
			continue
		}
		t.Present[f] = true
		if err := d.read(f, raw); err != nil {
			return ticket.Ticket{}, w, c.odd(call, fmt.Sprintf("in the field %s, %s", f, c.shape(err)))
		}
	}
	if t.ProjectID == "" || t.Project != key.Project() {
		return ticket.Ticket{}, w, c.odd(call, "its project is missing or is not the key's")
	}
	t.Archived = t.Archived || given(w.Fields[archivedDate]) || given(w.Fields[archivedBy])
	delete(t.Present, archivedDate)
	delete(t.Present, archivedBy)
	return t, w, nil
}

// given reports whether a field has a value.
func given(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && !slices.Contains([]string{"null", `""`, "false", "[]", "{}"}, string(raw))
}

// fieldReader reads one field after the other into a ticket.
type fieldReader struct {
	edition Edition
	ticket  *ticket.Ticket
}

func (d fieldReader) read(f ticket.Field, raw json.RawMessage) (err error) {
	t := d.ticket
	switch f {
	case ticket.FieldSummary:
		return json.Unmarshal(raw, &t.Summary)
	case ticket.FieldProject:
		return d.project(raw)
	case ticket.FieldType:
		var w wireNamed
		err = json.Unmarshal(raw, &w)
		t.Type, t.TypeID = w.Name, w.ID
	case ticket.FieldStatus:
		return d.status(raw)
	case ticket.FieldPriority:
		var w wireNamed
		err = json.Unmarshal(raw, &w)
		t.Priority, t.PriorityID = w.Name, w.ID
	case ticket.FieldLabels:
		return json.Unmarshal(raw, &t.Labels)
	case ticket.FieldComponents:
		t.Components, err = names(raw)
	case ticket.FieldAssignee:
		t.Assignee, err = d.person(f, raw)
	case ticket.FieldReporter:
		t.Reporter, err = d.person(f, raw)
	case ticket.FieldCreator:
		t.Creator, err = d.person(f, raw)
	case ticket.FieldLinks:
		t.Links, err = links(raw)
	case ticket.FieldCreated:
		t.Created, err = moment(raw)
	case ticket.FieldUpdated:
		t.Updated, err = moment(raw)
	case ticket.FieldDue:
		t.Due, err = day(raw)
	case archivedDate, archivedBy:
	default:
		return d.custom(f, raw)
	}
	return err
}

func (d fieldReader) project(raw json.RawMessage) error {
	var w wireNamed
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	if !numberPattern().MatchString(w.ID) {
		return errors.New("the id is missing")
	}
	d.ticket.ProjectID, d.ticket.Project, d.ticket.Archived = w.ID, w.Key, w.Archived
	return nil
}

// status reads the state. One without an id or without the key of its category
// counts as one that Jira did not tell: there is then nothing to decide by.
func (d fieldReader) status(raw json.RawMessage) error {
	var w wireStatus
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	if w.ID == "" || w.Category.Key == "" {
		delete(d.ticket.Present, ticket.FieldStatus)
		w = wireStatus{Name: w.Name}
	}
	d.ticket.Status = w.status()
	return nil
}

// person reads an account, or nil for null. One without an id counts as one
// that Jira did not tell: two people without an id must never be the same.
func (d fieldReader) person(f ticket.Field, raw json.RawMessage) (*ticket.Person, error) {
	var w *wirePerson
	if err := json.Unmarshal(raw, &w); err != nil || w == nil {
		return nil, err
	}
	p, ok := w.person(d.edition)
	if !ok {
		delete(d.ticket.Present, f)
		return nil, nil
	}
	return &p, nil
}

func (d fieldReader) custom(f ticket.Field, raw json.RawMessage) error {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	if d.ticket.Custom == nil {
		d.ticket.Custom = map[ticket.Field]any{}
	}
	d.ticket.Custom[f] = v
	return nil
}

func names(raw json.RawMessage) ([]string, error) {
	var list []wireNamed
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	var out []string
	for _, n := range list {
		if n.Name != "" {
			out = append(out, n.Name)
		}
	}
	return out, nil
}

// moment reads a time as Jira writes it, which is not RFC 3339: its zone has no
// colon. Null is the zero time.
func moment(raw json.RawMessage) (time.Time, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil || s == "" {
		return time.Time{}, err
	}
	if t, err := time.Parse("2006-01-02T15:04:05.999999999-0700", s); err == nil {
		return t.UTC(), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	return t.UTC(), err
}

// day reads a date as midnight UTC. Null is the zero time.
func day(raw json.RawMessage) (time.Time, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil || s == "" {
		return time.Time{}, err
	}
	return time.Parse(time.DateOnly, s)
}
