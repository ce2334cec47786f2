package fakejira_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

// reference finds a file of the project's Jira reference data, which is kept
// beside the checkout.
func reference(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("there is no go.mod above this package")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, "..", "shared", "jira", filepath.FromSlash(name))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), "fixtures") {
		t.Fatalf("%s is required and not there", name)
	}
	t.Skipf("%s is not there", name)
	return ""
}

func loadSpec(t *testing.T, server string) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(reference(t, "openapi-v2-subset.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: server}}
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation()) // its examples are strings
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// lenient mends two things in which the document is stricter than what Jira
// sends, as the recorded answers show: times have a zone without a colon, and
// the ends of a change and the fields of an issue may be null.
func lenient(t *testing.T, body []byte) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	mend(v)
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mend(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			mend(e)
		}
	case map[string]any:
		for k, e := range v {
			mend(e)
			if s, ok := e.(string); ok && strings.HasSuffix(s, "+0000") {
				v[k] = strings.TrimSuffix(s, "+0000") + "+00:00"
			}
			ends := []string{"from", "fromString", "to", "toString"}
			if e == nil && slices.Contains(ends, k) {
				delete(v, k)
			}
			if fields, ok := e.(map[string]any); ok && k == "fields" {
				maps.DeleteFunc(fields, func(_ string, value any) bool { return value == nil })
			}
		}
	}
}

func TestAnswersFollowTheDocument(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	router := loadSpec(t, w.url)
	w.server.AddToken(fakejira.Token{Value: "old", UserID: fakejira.Ada, Expired: true})
	tests := []struct {
		path, token string
		status      int
	}{
		{"/rest/api/2/myself", token, 200},
		{"/rest/api/2/myself?expand=groups", token, 200},
		{"/rest/api/2/myself", "old", 401},
		{"/rest/api/2/issue/DEMO-1", token, 200},
		{"/rest/api/2/issue/DEMO-4?fields=assignee,status&expand=changelog&failFast=true", token, 200},
		{"/rest/api/2/issue/DEMO-5?expand=changelog", token, 200},
		{"/rest/api/2/issue/DEMO-99", token, 404},
		{"/rest/api/2/status", token, 200},
		{"/rest/api/2/serverInfo", token, 200},
		{"/rest/api/2/search/jql?jql=project%3DDEMO&maxResults=2", token, 200},
		{"/rest/api/2/search/jql?jql=project%3DDEMO&fields=summary,status", token, 200},
		{"/rest/api/2/search/jql?jql=", token, 400},
	}
	for _, tc := range tests {
		t.Run(tc.path+" as "+tc.token, func(t *testing.T) {
			a := w.get(tc.path, tc.token)
			a.wantStatus(t, tc.status)
			validate(t, router, w.url+tc.path, a)
		})
	}
}

func validate(t *testing.T, router routers.Router, url string, a answer) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, url, nil)
	route, params, err := router.FindRoute(r)
	if err != nil {
		t.Fatal(err)
	}
	options := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true,
	}
	request := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if err := openapi3filter.ValidateRequest(context.Background(), request); err != nil && a.status == 200 {
		t.Errorf("the request: %v", err)
	}
	header := a.header.Clone()
	header.Set("Content-Type", "application/json")
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: a.status, Header: header,
		Body: io.NopCloser(bytes.NewReader(lenient(t, a.body))), Options: options,
	})
	if err != nil {
		t.Errorf("the answer: %v", err)
	}
}

// shape lists the paths of an object's members with their JSON types.
func shape(prefix string, v any, out map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			shape(prefix+"."+k, e, out)
		}
	case []any:
		for _, e := range v {
			shape(prefix+"[]", e, out)
		}
	case string:
		out[prefix] = "string"
	case float64:
		out[prefix] = "number"
	case bool:
		out[prefix] = "bool"
	}
}

// TestShapesOfRecordings holds the members that jit reads against bodies that
// real sites sent: where both have a member, it is of the same type, and the
// embedded Jira has each that matters.
func TestShapesOfRecordings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		w          world
		path       string
		matter     []string
	}{
		{"cloud issue", "fixtures/devlake-cloud-issue-assigned.json", cloud(t), "/rest/api/2/issue/DEMO-1", []string{
			".id", ".key", ".fields.project.id", ".fields.project.key", ".fields.status.id", ".fields.status.statusCategory.key",
			".fields.assignee.accountId", ".fields.reporter.accountId", ".fields.creator.accountId", ".fields.issuetype.name",
			".fields.created", ".fields.updated", ".fields.priority.name", ".fields.labels[]",
		}},
		{"cloud statuses", "fixtures/devlake-cloud-statuses.json", cloud(t), "/rest/api/2/status", []string{
			"[].id", "[].name", "[].untranslatedName", "[].statusCategory.key", "[].scope.project.id", "[].scope.type",
		}},
		{"data center issue", "fixtures/jrjc-issue-valid-5.0-with-changelog.json", dataCenter(t), "/rest/api/2/issue/DEMO-1?expand=changelog", []string{
			".id", ".key", ".fields.status.id", ".fields.reporter.name", ".changelog.histories[].created",
			".changelog.histories[].author.name", ".changelog.histories[].items[].field",
		}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			recorded, err := os.ReadFile(reference(t, tc.file))
			if err != nil {
				t.Fatal(err)
			}
			theirs, ours := map[string]string{}, map[string]string{}
			shape("", answer{body: recorded}.at(t), theirs)
			shape("", tc.w.get(tc.path, token).at(t), ours)
			for path, kind := range ours {
				if other, ok := theirs[path]; ok && other != kind {
					t.Errorf("%s is a %s, recorded as a %s", path, kind, other)
				}
			}
			for _, path := range tc.matter {
				if ours[path] == "" || theirs[path] == "" {
					t.Errorf("%s: ours %q, recorded %q", path, ours[path], theirs[path])
				}
			}
		})
	}
}
