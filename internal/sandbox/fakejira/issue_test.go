package fakejira_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

func fieldsOf(t *testing.T, a answer) []string {
	t.Helper()
	var body struct{ Fields map[string]json.RawMessage }
	if err := json.Unmarshal(a.body, &body); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(body.Fields))
}

func TestIssueFields(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	a := w.get("/rest/api/2/issue/demo-1?fields=status,assignee,labels", token)
	a.wantStatus(t, 200)
	a.want(t, "DEMO-1", "key")
	a.want(t, fakejira.Ada, "fields", "assignee", "accountId")
	a.want(t, "indeterminate", "fields", "status", "statusCategory", "key")
	if got := fieldsOf(t, a); !slices.Equal(got, []string{"assignee", "labels", "status"}) {
		t.Errorf("fields are %v", got)
	}
	if got := fieldsOf(t, w.get("/rest/api/2/issue/DEMO-1", token)); len(got) < 12 {
		t.Errorf("all fields are %v", got)
	}
	if got := fieldsOf(t, w.get("/rest/api/2/issue/DEMO-1?fields=-status", token)); slices.Contains(got, "status") || len(got) < 11 {
		t.Errorf("without the status there are %v", got)
	}
}

func TestIssueEditions(t *testing.T) {
	t.Parallel()
	d := dataCenter(t)
	a := d.get("/rest/api/2/issue/DEMO-3?fields=assignee", token)
	a.want(t, fakejira.BobKey, "fields", "assignee", "key")
	a.want(t, fakejira.Email("bob"), "fields", "assignee", "emailAddress")
	c := cloud(t)
	a = c.get("/rest/api/2/issue/DEMO-3?fields=assignee,reporter", token)
	a.want(t, nil, "fields", "assignee", "emailAddress")
	a.want(t, fakejira.Carol, "fields", "reporter", "accountId")
	c.get("/rest/api/2/issue/DEMO-4?fields=assignee", token).want(t, nil, "fields", "assignee")
}

func TestIssueNotThere(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	w.server.Update("DEMO-2", func(i *fakejira.Issue) { i.Hidden = true })
	w.server.Delete("DEMO-3")
	for _, key := range []string{"DEMO-99", "DEMO-2", "DEMO-3", "nonsense"} {
		a := w.get("/rest/api/2/issue/"+key, token)
		a.wantStatus(t, 404)
		a.want(t, "Issue does not exist or you do not have permission to see it.", "errorMessages", 0)
	}
}

func TestMovedIssue(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	before, _ := w.server.Issue("DEMO-1")
	key, err := w.server.Move("DEMO-1", "OPS", "carol")
	if err != nil || key != "OPS-1" {
		t.Fatal(key, err)
	}
	a := w.get("/rest/api/2/issue/DEMO-1?fields=project", token)
	a.wantStatus(t, 200)
	a.want(t, "OPS-1", "key")
	a.want(t, before.ID, "id")
	a.want(t, "OPS", "fields", "project", "key")
	if next := w.server.AddIssue(fakejira.Issue{Project: "DEMO"}); next.Key != "DEMO-6" {
		t.Errorf("the next key is %s", next.Key)
	}
}

func TestTransitionAndChangelog(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	if err := w.server.Transition("DEMO-1", "Done", "bob"); err != nil {
		t.Fatal(err)
	}
	if err := w.server.Assign("DEMO-1", "", "bob"); err != nil {
		t.Fatal(err)
	}
	a := w.get("/rest/api/2/issue/DEMO-1?fields=status,assignee&expand=changelog", token)
	a.want(t, "done", "fields", "status", "statusCategory", "key")
	a.want(t, nil, "fields", "assignee")
	a.want(t, 4.0, "changelog", "total")
	a.want(t, "assignee", "changelog", "histories", 0, "items", 0, "field") // newest first
	a.want(t, fakejira.Ada, "changelog", "histories", 0, "items", 0, "from")
	a.want(t, nil, "changelog", "histories", 0, "items", 0, "to")
	a.want(t, fakejira.Bob, "changelog", "histories", 1, "author", "accountId")
	a.want(t, "Done", "changelog", "histories", 1, "items", 0, "toString")

	page := w.get("/rest/api/2/issue/DEMO-1/changelog?startAt=1&maxResults=2", token)
	page.want(t, 4.0, "total")
	page.want(t, false, "isLast")
	page.want(t, "status", "values", 0, "items", 0, "field") // oldest first
	page.want(t, nil, "values", 2)
	w.get("/rest/api/2/issue/DEMO-9/changelog", token).wantStatus(t, 404)

	d := dataCenter(t)
	old := d.get("/rest/api/2/issue/DEMO-1?expand=changelog", token)
	old.want(t, "assignee", "changelog", "histories", 0, "items", 0, "field") // oldest first
	old.want(t, nil, "changelog", "histories", 0, "items", 0, "fieldId")
}

func TestStoreRefuses(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	_, moved := w.server.Move("DEMO-1", "NONE", "bob")
	for name, err := range map[string]error{
		"issue":   w.server.Transition("DEMO-9", "Done", "bob"),
		"status":  w.server.Transition("DEMO-1", "Gone", "bob"),
		"author":  w.server.Transition("DEMO-1", "Done", "eve"),
		"user":    w.server.Assign("DEMO-1", "eve", "bob"),
		"project": moved,
	} {
		if err == nil {
			t.Errorf("an unknown %s was taken", name)
		}
	}
	if i, _ := w.server.Issue("DEMO-1"); i.Status != fakejira.StatusInProgress || i.Assignee != fakejira.Ada || i.Key != "DEMO-1" {
		t.Errorf("a refused change left %+v", i)
	}
	if w.server.Update("DEMO-9", func(*fakejira.Issue) {}) {
		t.Error("a missing issue was updated")
	}
	w.server.Delete("DEMO-9")
}

func TestBrokenField(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	w.server.Update("DEMO-1", func(i *fakejira.Issue) {
		i.Broken = []string{"customfield_10101"}
		i.Custom = map[string]any{"customfield_10101": "x", "customfield_10102": 2}
	})
	a := w.get("/rest/api/2/issue/DEMO-1?fields=customfield_10101,customfield_10102", token)
	a.wantStatus(t, 200)
	if got := fieldsOf(t, a); !slices.Equal(got, []string{"customfield_10102"}) {
		t.Errorf("fields are %v", got)
	}
	w.get("/rest/api/2/issue/DEMO-1?fields=customfield_10101&failFast=true", token).wantStatus(t, 500)
	w.get("/rest/api/2/issue/DEMO-1?fields=summary&failFast=true", token).wantStatus(t, 200)
}

func TestArchived(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	w.get("/rest/api/2/issue/DEMO-1?fields=archiveddate", token).want(t, nil, "fields", "archiveddate")
	w.server.Update("DEMO-1", func(i *fakejira.Issue) { i.Archived = true })
	a := w.get("/rest/api/2/issue/DEMO-1?fields=archiveddate,archivedby", token)
	if a.at(t, "fields", "archiveddate") == nil || a.at(t, "fields", "archivedby") == nil {
		t.Errorf("got %s", a.body)
	}
}
