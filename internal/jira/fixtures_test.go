package jira

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// allFields are the fields that jit knows and the custom ones of the recorded
// issues.
var allFields = []ticket.Field{
	ticket.FieldSummary, ticket.FieldProject, ticket.FieldType, ticket.FieldStatus, ticket.FieldPriority,
	ticket.FieldLabels, ticket.FieldComponents, ticket.FieldAssignee, ticket.FieldReporter,
	ticket.FieldCreated, ticket.FieldUpdated, ticket.FieldDue, "customfield_10000", "customfield_10001",
}

// lookupRecorded serves a recorded body as OPS-7 to a client of the edition.
func lookupRecorded(t *testing.T, edition Edition, body []byte) (ticket.Ticket, error) {
	t.Helper()
	w := newWorld(t, edition)
	w.on(issuePath, canned(200, string(body)))
	c, _ := connect(t, w)
	return c.Lookup(t.Context(), "OPS-7", allFields)
}

func TestRecordedCloudIssue(t *testing.T) {
	t.Parallel()
	got, err := lookupRecorded(t, Cloud, fixture(t, "devlake-cloud-issue-assigned.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != "10063" || got.Key != "EE-1" || got.Project != "EE" || got.ProjectID != "10003" {
		t.Errorf("got %s %s of %s %s", got.ID, got.Key, got.ProjectID, got.Project)
	}
	if got.Status.ID != "10068" || got.Status.Category != "new" || got.Status.Name == "" || got.Status.Untranslated != "" {
		t.Errorf("status %+v", got.Status)
	}
	if !slices.Equal(got.Labels, []string{"frontEnd", "Saas"}) {
		t.Errorf("labels %q", got.Labels)
	}
	if got.Assignee == nil || !strings.HasPrefix(got.Assignee.ID, "5b10ac8d82e05b22cc") || got.Assignee.Type != "atlassian" {
		t.Errorf("assignee %+v", got.Assignee)
	}
	if got.Due.Format("2006-01-02T15:04Z07:00") != "2025-03-09T00:00Z" || got.Created.Format("15:04:05.000Z07:00") != "00:13:13.360Z" {
		t.Errorf("due %s, created %s", got.Due, got.Created)
	}
	if got.Archived {
		t.Error("a version that is archived made the ticket so")
	}
}

func TestRecordedServerIssues(t *testing.T) {
	t.Parallel()
	got, err := lookupRecorded(t, DataCenter, fixture(t, "jrjc-issue-valid-unassigned-no-time-tracking.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != "10072" || got.Key != "TST-10" || got.Summary != "Not assigned" || got.Priority != "Major" || got.Type != "Bug" {
		t.Errorf("got %+v", got)
	}
	if !got.Has(ticket.FieldAssignee) || got.Assignee != nil {
		t.Errorf("assignee: present %t, %v", got.Has(ticket.FieldAssignee), got.Assignee)
	}
	// The reporter of this old version has a name and no key, and the status no
	// category: neither is anything to decide by.
	if got.Has(ticket.FieldReporter) || got.Reporter != nil || got.Has(ticket.FieldStatus) || got.Status.Category != "" {
		t.Errorf("reporter %v, status %+v, present %v", got.Reporter, got.Status, got.Present)
	}
	if n, ok := got.Custom["customfield_10000"].(float64); !ok || n != 1.457 {
		t.Errorf("number %v", got.Custom["customfield_10000"])
	}
	if option, ok := got.Custom["customfield_10001"].(map[string]any); !ok || option["value"] != "Another" {
		t.Errorf("option %v", got.Custom["customfield_10001"])
	}
	if !got.Has(ticket.FieldDue) || !got.Due.IsZero() || got.Labels == nil || len(got.Labels) != 0 {
		t.Errorf("due %s, labels %#v", got.Due, got.Labels)
	}
	for _, name := range []string{"jrjc-issue-valid-5.0-with-changelog.json", "go-jira-issue.json"} {
		got, err := lookupRecorded(t, DataCenter, fixture(t, name))
		if err == nil && (got.ID == "" || got.Key == "" || got.ProjectID == "") {
			t.Errorf("%s: %+v", name, got)
		}
		if err != nil && fault.ClassOf(err) != fault.Ticket {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The issues of the webhooks and of the search page are the same shape.
func TestRecordedIssuesElsewhere(t *testing.T) {
	t.Parallel()
	for name, edition := range map[string]Edition{
		"webhook-issue-updated-assigned.json":           Cloud,
		"webhook-issue-updated-started-working.json":    Cloud,
		"webhook-issue-updated-resolved.json":           Cloud,
		"webhook-server-issue-updated-in-progress.json": DataCenter,
		"webhook-server-issue-updated-closed.json":      DataCenter,
	} {
		var hook struct {
			Issue json.RawMessage `json:"issue"`
		}
		if err := json.Unmarshal(fixture(t, name), &hook); err != nil {
			t.Fatal(err)
		}
		got, err := lookupRecorded(t, edition, hook.Issue)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !got.Has(ticket.FieldStatus) || got.Status.ID == "" || got.Status.Category == "" || got.Summary == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestRecordedUsers(t *testing.T) {
	t.Parallel()
	decode := func(edition Edition, body []byte, groups bool) (identity, error) {
		c := &Client{edition: edition}
		return c.decodeMyself(call{who: true, subject: "who we are"}, body, groups)
	}
	got, err := decode(DataCenter, fixture(t, "go-jira-user.json"), true)
	if err != nil || got.principal.ID != "fred" || got.login != "fred" || !slices.Equal(got.principal.Groups, []string{"jira-user", "jira-admin", "important"}) {
		t.Errorf("%+v, %v", got.principal, err)
	}
	both := fixture(t, "jrjc-user-valid-with-accountId.json")
	if got, err := decode(Cloud, both, true); err != nil || got.principal.ID != "5b10ac8d82e05b22cc8aaa78" || len(got.principal.Groups) != 3 {
		t.Errorf("%+v, %v", got.principal, err)
	}
	if _, err := decode(DataCenter, both, false); fault.ClassOf(err) != fault.Auth {
		t.Errorf("an account id on Data Center: %v", err)
	}
	if _, err := decode(DataCenter, fixture(t, "jrjc-user-valid-basic-deleted-JRA-30263.json"), false); fault.ClassOf(err) != fault.Auth {
		t.Errorf("a deleted user: %v", err)
	}
	var users []json.RawMessage
	if err := json.Unmarshal(fixture(t, "devlake-cloud-users.json"), &users); err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		got, err := decode(Cloud, u, false)
		if err == nil && (got.principal.ID == "" || got.principal.Type == "") {
			t.Errorf("%+v of %s", got.principal, u)
		}
		if err != nil && !strings.Contains(err.Error(), "deactivated") {
			t.Errorf("%v of %s", err, u)
		}
		if _, err := decode(Cloud, u, true); err == nil {
			t.Errorf("two groups are told by a list of none: %s", u)
		}
	}
}

func TestRecordedStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.on("/rest/api/2/status", canned(200, string(fixture(t, "devlake-cloud-statuses.json"))))
	c, _ := connect(t, w)
	ids := func(project string) []string {
		t.Helper()
		got, err := c.StatusIDs(t.Context(), project, []string{"In Progress"})
		if err != nil {
			t.Fatal(err)
		}
		return got["In Progress"]
	}
	global := ids("")
	if len(global) == 0 || !slices.Contains(global, "3") {
		t.Errorf("global statuses called In Progress: %q", global)
	}
	var list []wireStatus
	if err := json.Unmarshal(fixture(t, "devlake-cloud-statuses.json"), &list); err != nil {
		t.Fatal(err)
	}
	all := 0
	for _, s := range list {
		name := s.Untranslated
		if name == "" {
			name = s.Name
		}
		if name != "In Progress" {
			continue
		}
		all++
		if s.Scope == nil {
			continue
		}
		if slices.Contains(global, s.ID) {
			t.Errorf("%s of project %s counts for every project", s.ID, s.Scope.Project.ID)
		}
		if in := ids(s.Scope.Project.ID); !slices.Contains(in, s.ID) || len(in) <= len(global) {
			t.Errorf("project %s has %q, without %s", s.Scope.Project.ID, in, s.ID)
		}
	}
	if all < 2 || len(global) >= all {
		t.Errorf("%d of %d statuses called In Progress are global", len(global), all)
	}
}

func TestRecordedErrors(t *testing.T) {
	t.Parallel()
	c := &Client{}
	for name, want := range map[string]string{
		"jrjc-error-valid.json":  "customfield_10000: abcfsd",
		"jrjc-error-valid4.json": "a; b; a: y; c: z",
	} {
		if got := c.wording(answer{body: fixture(t, name)}); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The check of requests against the OpenAPI document must be able to fail.
func TestRequestsAreChecked(t *testing.T) {
	t.Parallel()
	needShared(t)
	for path, ok := range map[string]bool{
		"/rest/api/2/issue/OPS-7?fields=status&failFast=true": true,
		"/rest/api/2/myself?expand=groups":                    true,
		"/rest/api/2/status":                                  true,
		"/rest/api/2/issue/OPS-7?failFast=perhaps":            false,
		"/rest/api/2/issue/OPS-7?field=status":                false,
		"/rest/api/2/whoami":                                  false,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		probe := &probe{TB: t}
		checkRequest(probe, req, req.URL.Path)
		if probe.failed == ok {
			t.Errorf("%s: failed %t, want ok %t", path, probe.failed, ok)
		}
	}
}

// probe is a testing.TB that only remembers that it failed.
type probe struct {
	testing.TB
	failed bool
}

func (p *probe) Errorf(string, ...any) { p.failed = true }
func (p *probe) Helper()               {}
