package fakejira_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

func query(jql string, more string) string { return "?jql=" + url.QueryEscape(jql) + more }

func keys(t *testing.T, a answer) []string {
	t.Helper()
	a.wantStatus(t, 200)
	out := []string{}
	for i := 0; a.at(t, "issues", i) != nil; i++ {
		out = append(out, fmt.Sprint(a.at(t, "issues", i, "key")))
	}
	return out
}

func TestJQL(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	w.server.AddIssue(fakejira.Issue{Project: "OPS", Status: fakejira.StatusInProgressOf, Assignee: fakejira.Ada})
	tests := []struct {
		jql  string
		want []string
	}{
		{`project = DEMO`, []string{"DEMO-1", "DEMO-2", "DEMO-3", "DEMO-4", "DEMO-5"}},
		{`project = "demo" AND assignee = currentUser() ORDER BY updated DESC`, []string{"DEMO-5", "DEMO-2", "DEMO-1"}},
		{`assignee = currentUser() AND (project = OPS OR status = Done)`, []string{"DEMO-2", "OPS-1"}},
		{`project = OPS OR key = DEMO-4 AND assignee is EMPTY`, []string{"DEMO-4", "OPS-1"}},
		{`statusCategory = 3`, []string{"DEMO-2"}},
		{`project = NOPE`, nil},
		{`project = DEMO AND status = "No Such"`, nil},
		{`assignee = currentUser() AND statusCategory != Done`, []string{"DEMO-1", "DEMO-5", "OPS-1"}},
		{`assignee=currentUser() and statusCategory in ("In Progress")`, []string{"DEMO-1", "DEMO-5", "OPS-1"}},
		{`status not in (Done, "To Do") AND project != DEMO`, []string{"OPS-1"}},
		{`assignee is EMPTY AND project = DEMO`, []string{"DEMO-4"}},
		{`assignee is not EMPTY AND assignee != "` + fakejira.Ada + `"`, []string{"DEMO-3"}},
		{`labels = prod-access`, []string{"DEMO-1"}},
		{`key in (DEMO-2, demo-3)`, []string{"DEMO-2", "DEMO-3"}},
		{`status = 10042`, []string{"OPS-1"}},
		{`id = 1`, nil},
	}
	for _, tc := range tests {
		t.Run(tc.jql, func(t *testing.T) {
			a := w.get("/rest/api/2/search/jql"+query(tc.jql, "&fields=key,status"), token)
			if tc.want == nil {
				a.wantStatus(t, 400)
				return
			}
			if got := keys(t, a); !slices.Equal(got, tc.want) {
				t.Errorf("found %v", got)
			}
		})
	}
}

func TestJQLRefused(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	for _, jql := range []string{
		``, `ORDER BY key`, `project`, `project =`, `project = DEMO AND`, `(project = DEMO OR key = DEMO-1`, `colour = red`,
		`key in DEMO-1`, `key in (DEMO-1`, `key in (DEMO-1 DEMO-2)`, `key in ()`, `key = DEMO-99`, `project ! DEMO`, `"`,
	} {
		a := w.get("/rest/api/2/search/jql"+query(jql, ""), token)
		if a.status != 400 || a.at(t, "errorMessages", 0) == nil {
			t.Errorf("%q answers %d %s", jql, a.status, a.body)
		}
	}
}

func TestCloudSearchPages(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	var got []string
	next := ""
	for range 4 {
		a := w.get("/rest/api/2/search/jql"+query("project = DEMO", "&fields=summary&maxResults=2&nextPageToken="+url.QueryEscape(next)), token)
		got = append(got, keys(t, a)...)
		if a.at(t, "isLast") == true {
			next = ""
			break
		}
		next = a.at(t, "nextPageToken").(string)
	}
	if len(got) != 5 || next != "" || len(slices.Compact(got)) != 5 {
		t.Errorf("found %v, next %q", got, next)
	}
	w.get("/rest/api/2/search/jql"+query("project = DEMO", "&nextPageToken=x"), token).wantStatus(t, 400)
	bare := w.get("/rest/api/2/search/jql"+query("project = DEMO", ""), token)
	bare.want(t, nil, "issues", 0, "key")
	bare.want(t, nil, "issues", 0, "fields")
	w.get("/rest/api/2/search"+query("project = DEMO", ""), token).wantStatus(t, 410)
}

func TestDataCenterSearchPages(t *testing.T) {
	t.Parallel()
	w := dataCenter(t)
	a := w.get("/rest/api/2/search"+query("project = DEMO", "&startAt=3&maxResults=3"), token)
	if got := keys(t, a); !slices.Equal(got, []string{"DEMO-4", "DEMO-5"}) {
		t.Errorf("found %v", got)
	}
	a.want(t, 5.0, "total")
	if got := keys(t, w.get("/rest/api/2/search"+query("assignee = bob", ""), token)); !slices.Equal(got, []string{"DEMO-3"}) {
		t.Errorf("by login name found %v", got)
	}
	if got := keys(t, w.get("/rest/api/2/search", token)); len(got) != 5 {
		t.Errorf("no query found %v", got)
	}
	w.get("/rest/api/2/search/jql"+query("project = DEMO", ""), token).wantStatus(t, 404)
	if got := keys(t, w.get("/rest/api/2/search"+query("project = DEMO", ""), "")); len(got) != 0 {
		t.Errorf("nobody found %v", got)
	}
}
