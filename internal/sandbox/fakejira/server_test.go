package fakejira_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

func TestCloudMyself(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	a := w.get("/rest/api/2/myself?expand=groups", token)
	a.wantStatus(t, 200)
	a.want(t, fakejira.Ada, "accountId")
	a.want(t, "atlassian", "accountType")
	a.want(t, "sre", "groups", "items", 1, "name")
	a.want(t, nil, "key")
	if got := a.header.Get("X-AAccountId"); got != url.QueryEscape(fakejira.Ada) || !strings.Contains(got, "%3A") {
		t.Errorf("X-AAccountId is %q", got)
	}
	if plain := w.get("/rest/api/2/myself", token); plain.at(t, "groups", "items", 0) != nil {
		t.Error("groups came without being asked for")
	}
}

func TestDataCenterMyself(t *testing.T) {
	t.Parallel()
	w := dataCenter(t)
	a := w.get("/rest/api/2/myself", token)
	a.wantStatus(t, 200)
	a.want(t, fakejira.AdaKey, "key")
	a.want(t, "ada", "name")
	a.want(t, nil, "accountId")
	if a.header.Get("X-AUSERNAME") != "ada" || a.header.Get("X-Seraph-LoginReason") != "OK" {
		t.Errorf("headers are %v", a.header)
	}
}

// TestWhoIsTurnedAway has each way of not being logged in, and what it gives.
func TestWhoIsTurnedAway(t *testing.T) {
	t.Parallel()
	c, d := cloud(t), dataCenter(t)
	for _, w := range []world{c, d} {
		e := fakejira.Cloud
		if !w.cloud {
			e = fakejira.DataCenter
		}
		w.server.AddToken(fakejira.Token{Value: "old", UserID: e.ID("ada"), Expired: true})
		w.server.AddToken(fakejira.Token{Value: "locked", UserID: e.ID("ada"), Captcha: true})
		w.server.AddToken(fakejira.Token{Value: "of-bob", UserID: e.ID("bob")})
	}
	tests := []struct {
		name, token    string
		w              world
		myself, issue  int
		reason, expect string // X-Seraph-LoginReason; a part of the body of myself
	}{
		{"cloud, nobody", "", c, 401, 404, "", "Client must be authenticated"},
		{"cloud, unknown token", "guess", c, 401, 404, "AUTHENTICATED_FAILED", ""},
		{"cloud, expired token", "old", c, 401, 404, "AUTHENTICATED_FAILED", ""},
		{"cloud, token of another e-mail", "of-bob", c, 401, 404, "AUTHENTICATED_FAILED", ""},
		{"cloud, locked", "locked", c, 403, 403, "AUTHENTICATION_DENIED", "<html>"},
		{"data center, nobody", "", d, 401, 404, "", ""},
		{"data center, unknown token", "guess", d, 401, 401, "AUTHENTICATED_FAILED", ""},
		{"data center, expired token", "old", d, 401, 401, "AUTHENTICATED_FAILED", ""},
		{"data center, locked", "locked", d, 403, 403, "AUTHENTICATION_DENIED", ""},
		{"data center, token of bob", "of-bob", d, 200, 200, "OK", fakejira.BobKey},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			a := tc.w.get("/rest/api/2/myself", tc.token)
			a.wantStatus(t, tc.myself)
			if got := a.header.Get("X-Seraph-LoginReason"); got != tc.reason {
				t.Errorf("login reason %q", got)
			}
			if !strings.Contains(string(a.body), tc.expect) {
				t.Errorf("body %s", a.body)
			}
			tc.w.get("/rest/api/2/issue/DEMO-1", tc.token).wantStatus(t, tc.issue)
		})
	}
}

// TestAnonymousFallback is Cloud's trap: an expired token still gets a public
// issue, as nobody.
func TestAnonymousFallback(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	w.server.AddToken(fakejira.Token{Value: "old", UserID: fakejira.Ada, Expired: true})
	w.server.AddProject(fakejira.Project{ID: "10009", Key: "OPEN", Name: "Open", Public: true})
	w.server.AddIssue(fakejira.Issue{Project: "OPEN", Summary: "for everybody"})
	a := w.get("/rest/api/2/issue/OPEN-1", "old")
	a.wantStatus(t, 200)
	if a.header.Get("X-Seraph-LoginReason") != "AUTHENTICATED_FAILED" || a.header.Get("X-AAccountId") != "" {
		t.Errorf("headers are %v", a.header)
	}
}

func TestScopedToken(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	w.server.AddToken(fakejira.Token{Value: "scoped", UserID: fakejira.Ada, Scopes: []string{"read:jira-user", "read:jira-work"}})
	w.server.AddToken(fakejira.Token{Value: "narrow", UserID: fakejira.Ada, Scopes: []string{"read:jira-user"}})
	tenant := w.get("/_edge/tenant_info", "")
	tenant.wantStatus(t, 200)
	tenant.want(t, fakejira.CloudID, "cloudId")
	gateway := w.url + "/ex/jira/" + fakejira.CloudID

	w.get("/rest/api/2/myself", "scoped").wantStatus(t, 401)
	a := w.get(gateway+"/rest/api/2/myself", "scoped")
	a.wantStatus(t, 200)
	a.want(t, fakejira.Ada, "accountId")
	w.get(gateway+"/rest/api/2/issue/DEMO-1", "scoped").wantStatus(t, 200)

	a = w.get(gateway+"/rest/api/2/issue/DEMO-1", "narrow")
	a.wantStatus(t, 401)
	a.want(t, "Unauthorized; scope does not match", "message")
	w.get(gateway+"/rest/api/2/myself", token).wantStatus(t, 401) // a classic token
	w.get(gateway+"/rest/api/2/myself", "").wantStatus(t, 401)
	w.get(w.url+"/ex/jira/other/rest/api/2/myself", "scoped").wantStatus(t, 404)
}

func TestContextPath(t *testing.T) {
	t.Parallel()
	w := dataCenter(t)
	root := strings.TrimSuffix(w.url, "/jira")
	for _, path := range []string{"/rest/api/2/myself", "/jirafoo/rest/api/2/myself"} {
		a := w.get(root+path, token)
		a.wantStatus(t, 404)
		if !strings.Contains(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s answers %s", path, a.header.Get("Content-Type"))
		}
	}
	a := w.get("/rest/api/2/serverInfo", "")
	a.want(t, w.url, "baseUrl")
	a.want(t, "Server", "deploymentType")
	w.get("/_edge/tenant_info", "").wantStatus(t, 404)
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	a := cloud(t).get("/rest/api/2/status", token)
	a.wantStatus(t, 200)
	a.want(t, "In Progress", 1, "untranslatedName")
	a.want(t, "indeterminate", 1, "statusCategory", "key")
	a.want(t, nil, 1, "scope")
	a.want(t, "10001", 4, "scope", "project", "id")
	dataCenter(t).get("/rest/api/2/status", token).want(t, nil, 1, "untranslatedName")
	cloud(t).get("/rest/api/2/status", "").wantStatus(t, 401)
}

func TestTranslation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakejira.Options{Language: func(s string) string { return "«" + s + "»" }})
	a := w.get("/rest/api/2/issue/DEMO-1?fields=status", token)
	a.want(t, "«In Progress»", "fields", "status", "name")
	a.want(t, "«In Progress»", "fields", "status", "statusCategory", "name")
	a.want(t, "indeterminate", "fields", "status", "statusCategory", "key")
	w.get("/rest/api/2/status", token).want(t, "In Progress", 1, "untranslatedName")
}

func TestHookAndCalls(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	w.server.Hook(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/myself") {
			return false
		}
		rw.Header().Set("Retry-After", "7")
		rw.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	if a := w.get("/rest/api/2/myself", token); a.status != 429 || a.header.Get("Retry-After") != "7" {
		t.Errorf("got %d", a.status)
	}
	w.get("/rest/api/2/issue/DEMO-1?fields=status", token).wantStatus(t, 200)
	w.server.Hook(nil)
	w.get("/rest/api/2/myself", token).wantStatus(t, 200)
	want := "[/rest/api/2/myself /rest/api/2/issue/DEMO-1?fields=status /rest/api/2/myself]"
	if got := fmt.Sprint(w.server.Calls()); got != want {
		t.Errorf("calls are %s", got)
	}
}

func TestOtherPaths(t *testing.T) {
	t.Parallel()
	w := cloud(t)
	for _, path := range []string{"/rest/api/2/nothing", "/rest/api/2/issue/DEMO-1/worklog", "/"} {
		w.get(path, token).wantStatus(t, 404)
	}
	resp, err := http.Post(w.url+"/rest/api/2/issue/DEMO-1", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a POST answers %d", resp.StatusCode)
	}
}
