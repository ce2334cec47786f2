package jira

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// search answers as the edition does. It knows no JQL: every ticket of the
// principal's is found, newest first.
func (w *world) search(q url.Values) any {
	var found []ticket.Ticket
	for _, t := range w.tickets {
		if t.Assignee != nil && t.Assignee.ID == w.principal.ID {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b ticket.Ticket) int { return b.Updated.Compare(a.Updated) })
	start, _ := strconv.Atoi(q.Get("startAt"))
	if w.edition == Cloud {
		start, _ = strconv.Atoi(strings.TrimPrefix(q.Get("nextPageToken"), "after-"))
	}
	most, _ := strconv.Atoi(q.Get("maxResults"))
	end := min(start+most, len(found))
	issues := []any{}
	for _, t := range found[start:end] {
		issues = append(issues, w.issue(t, strings.Split(q.Get("fields"), ",")))
	}
	if w.edition == DataCenter {
		return object{"startAt": start, "maxResults": most, "total": len(found), "issues": issues}
	}
	page := object{"issues": issues, "isLast": end == len(found)}
	if end < len(found) {
		page["nextPageToken"] = fmt.Sprintf("after-%d", end)
	}
	return page
}

func TestQueries(t *testing.T) {
	t.Parallel()
	const order = " ORDER BY updated DESC"
	for name, tt := range map[string]struct {
		search ticket.Search
		want   []string
	}{
		"open, anywhere": {ticket.Search{}, []string{"assignee = currentUser() AND statusCategory != 3"}},
		"a project and statuses": {
			ticket.Search{Projects: []string{"OPS", "SRE"}, Statuses: []string{"10042", "In Progress"}},
			[]string{
				`assignee = currentUser() AND project in ("OPS", "SRE") AND (statusCategory != 3 OR status in (10042, "In Progress"))`,
				`assignee = currentUser() AND project in ("OPS", "SRE") AND statusCategory != 3`,
				`assignee = currentUser() AND statusCategory != 3`,
			},
		},
		"finished too, and reported": {
			ticket.Search{Projects: []string{"OPS"}, Finished: true, Reported: true},
			[]string{
				`(assignee = currentUser() OR reporter = currentUser()) AND project in ("OPS")`,
				`(assignee = currentUser() OR reporter = currentUser())`,
			},
		},
	} {
		got := queries(tt.search)
		for i := range got {
			got[i] = strings.TrimSuffix(got[i], order)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n%s", name, strings.Join(got, "\n"))
		}
	}
}

// FuzzOperand holds that a value cannot end its string: what is between the
// outer quotes has no quote that is not escaped.
func FuzzOperand(f *testing.F) {
	for _, s := range []string{`In Progress`, `"`, `\`, `\"`, `x" OR project = SECRET OR summary ~ "`, "a\nb", "10042", "", "1e9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		got := operand(v)
		if numberPattern().MatchString(got) {
			return
		}
		inner := got[1 : len(got)-1]
		if got[0] != '"' || got[len(got)-1] != '"' || strings.ContainsAny(inner, "\n\r\x00") {
			t.Fatalf("%q became %q", v, got)
		}
		for i := 0; i < len(inner); i++ {
			switch inner[i] {
			case '\\':
				if i++; i == len(inner) {
					t.Fatalf("%q became %q, whose last quote is escaped", v, got)
				}
			case '"':
				t.Fatalf("%q became %q, which ends early", v, got)
			}
		}
	})
}

func TestSearchAsksForLessWhereJiraRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.Put(accesstest.OPS7())
	var asked []string
	w.on("/rest/api/2/search/jql", func(rw http.ResponseWriter, r *http.Request) {
		jql := r.URL.Query().Get("jql")
		asked = append(asked, jql)
		if strings.Contains(jql, "project in") {
			rw.WriteHeader(http.StatusBadRequest)
			_, _ = rw.Write([]byte(`{"errorMessages":["The value 'GONE' does not exist for the field 'project'."]}`))
			return
		}
		reply(rw, w.search(r.URL.Query()))
	})
	c, _ := connect(t, w)
	found := 0
	_, err := c.Search(t.Context(), ticket.Search{Projects: []string{"GONE"}}, nil, 10, func(page []ticket.Ticket) error { found += len(page); return nil })
	if err != nil || found != 1 || len(asked) != 2 {
		t.Errorf("found %d with %q, %v", found, asked, err)
	}
}

// A ticket that is updated, or a new one, between two pages comes first, and
// pushes the last of the first page onto the second.
func TestSearchGivesATicketOnceWhilePagesShift(t *testing.T) {
	t.Parallel()
	for name, edition := range map[string]Edition{"Cloud": Cloud, "Data Center": DataCenter} {
		w := newWorld(t, edition)
		issue := func(n int) ticket.Ticket {
			i := accesstest.OPS7()
			i.ID, i.Key, i.Updated = strconv.Itoa(10000+n), ticket.Key(fmt.Sprintf("OPS-%d", n)), i.Updated.Add(time.Duration(n)*time.Minute)
			return i
		}
		for n := range firstPage + 5 {
			w.Put(issue(n + 1))
		}
		c, _ := connect(t, w)
		var keys []ticket.Key
		more, err := c.Search(t.Context(), ticket.Search{}, nil, 100, func(page []ticket.Ticket) error {
			w.Put(issue(firstPage + 6 + len(keys)))
			for _, f := range page {
				keys = append(keys, f.Key)
			}
			return nil
		})
		want := len(keys)
		slices.Sort(keys)
		if keys = slices.Compact(keys); err != nil || more || len(keys) != want || want != firstPage+5 {
			t.Errorf("%s: %d tickets, of which %d are different, more %t, %v", name, want, len(keys), more, err)
		}
	}
}

func TestSearchRefusesOddPages(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"an empty object": `{}`, "null": `null`, "a page without an end": `{"issues":[]}`, "a list": `[]`, "not JSON": `<html>`,
		"the same page for ever": `{"issues":[],"nextPageToken":"x","isLast":false}`,
	} {
		w := newWorld(t, Cloud)
		w.on("/rest/api/2/search/jql", func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(body)) })
		c, _ := connect(t, w)
		_, err := c.Search(t.Context(), ticket.Search{}, nil, 10, func([]ticket.Ticket) error { return nil })
		if fault.ClassOf(err) != fault.Ticket {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSearchLeavesOutWhatItCannotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	good := w.issue(accesstest.OPS7(), []string{"project", "status"})
	w.on("/rest/api/2/search/jql", func(rw http.ResponseWriter, _ *http.Request) {
		reply(rw, object{"isLast": true, "issues": []any{object{"id": "1", "key": "../x"}, good, object{}}})
	})
	c, _ := connect(t, w)
	found := 0
	_, err := c.Search(t.Context(), ticket.Search{}, nil, 10, func(page []ticket.Ticket) error { found += len(page); return nil })
	if err != nil || found != 1 {
		t.Errorf("found %d, %v", found, err)
	}
}

func TestSearchIsForTheAccountThatAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.on("/rest/api/2/search/jql", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-AAccountId", "712020:mallory")
		reply(rw, w.search(r.URL.Query()))
	})
	c, _ := connect(t, w)
	_, err := c.Search(t.Context(), ticket.Search{}, nil, 10, func([]ticket.Ticket) error { t.Error("a page came"); return nil })
	if fault.ClassOf(err) != fault.Auth {
		t.Errorf("%v", err)
	}
}
