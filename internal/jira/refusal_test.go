package jira

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// canned answers with a status, headers and a body.
func canned(status int, body string, headers ...string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			rw.Header().Add(headers[i], headers[i+1])
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, body)
	}
}

const (
	issuePath  = "/rest/api/2/issue/OPS-7"
	myselfPath = "/rest/api/2/myself"
	issueBody  = `{"id":"10007","key":"OPS-7","fields":{"project":{"id":"10000","key":"OPS"},` +
		`"status":{"id":"3","name":"Open","statusCategory":{"key":"new"}}}}`
)

// refused is what an answer must come to.
type refused struct {
	handler http.HandlerFunc
	class   fault.Class
	msg     string
	hint    string // "-" where there is nothing to advise
}

func (r refused) check(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if got := fault.ClassOf(err); got != r.class {
		t.Errorf("class %d, want %d: %v", got, r.class, err)
	}
	if !strings.Contains(err.Error(), r.msg) || r.msg == "" {
		t.Errorf("message %q, want %q in it", err, r.msg)
	}
	hint := fault.HintOf(err)
	if r.hint == "-" && hint != "" || r.hint != "-" && (hint == "" || !strings.Contains(hint, r.hint)) {
		t.Errorf("hint %q, want %q in it", hint, r.hint)
	}
	checkText(t, err)
}

// checkText refuses an error that is no sentence for a person, or has a secret.
func checkText(t *testing.T, err error) {
	t.Helper()
	text := err.Error() + fault.HintOf(err)
	for _, secret := range []string{token, pat, "YWRhQGFjbWUuY29t"} {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is in: %s", text)
		}
	}
	if strings.ContainsAny(text, "\x1b\n\r\x07") || len([]rune(text)) > 900 {
		t.Errorf("not fit for a terminal: %q", text)
	}
}

// issueRefusals are answers to the question for a ticket, where the account
// itself is in order.
func issueRefusals() map[string]refused {
	return map[string]refused{
		"not found":  {canned(404, `{"errorMessages":["Issue does not exist"]}`), fault.Ticket, "OPS-7 does not exist", "permission to browse the project OPS"},
		"null":       {canned(200, `null`), fault.Ticket, "empty answer", "proxy"},
		"{}":         {canned(200, ` {} `), fault.Ticket, "empty answer", "proxy"},
		"other JSON": {canned(200, `{"a":1}`), fault.Ticket, "empty answer", "proxy"},
		"a list":     {canned(200, `[]`), fault.Ticket, "not understood: it is an array", "jira.url"},
		"nothing":    {canned(200, ``), fault.Ticket, "empty answer", "proxy"},
		"no content": {canned(204, ``), fault.Ticket, "empty answer", "proxy"},
		"cut off":    {canned(200, issueBody[:50]), fault.Ticket, "cut off", "proxy"},
		"trailing":   {canned(200, issueBody+`{}`), fault.Ticket, "cut off", "proxy"},
		"HTML": {
			canned(200, "\n<!DOCTYPE html><title>Log in</title>", "Content-Type", "text/html"),
			fault.Ticket, "a web page instead of the ticket OPS-7", "browser",
		},
		"HTML by type":       {canned200("text/html;charset=UTF-8", `Please log in`), fault.Ticket, "web page", "browser"},
		"moved":              {canned(302, ``, "Location", "https://login.acme.example/sso?x=1"), fault.Ticket, "to login.acme.example (302)", "jira.url"},
		"moved permanently":  {canned(301, ``, "Location", "/jira/"), fault.Ticket, "elsewhere (301)", "jira.url"},
		"moved, method kept": {canned(307, ``, "Location", "http://127.0.0.1:1/"), fault.Ticket, "127.0.0.1:1", "jira.url"},
		"moved nowhere":      {canned(303, ``), fault.Ticket, "elsewhere (303)", "jira.url"},
		"choices":            {canned(300, ``), fault.Ticket, "(300)", "jira.url"},
		"anonymous by login reason": {
			canned(200, issueBody, "X-Seraph-LoginReason", "AUTHENTICATED_FAILED"),
			fault.Auth, "not logged in", "jit login",
		},
		"anonymous in a list": {
			canned(200, issueBody, "X-Seraph-LoginReason", "OUT, AUTHENTICATED_FAILED"),
			fault.Auth, "not logged in", "jit login",
		},
		"anonymous in a second header": {
			canned(200, issueBody, "X-Seraph-LoginReason", "OK", "X-Seraph-LoginReason", "AUTHENTICATED_FAILED"),
			fault.Auth, "not logged in", "jit login",
		},
		"anonymous by name":           {canned(200, issueBody, "X-AUSERNAME", "anonymous"), fault.Auth, "not logged in", "jit login"},
		"not found by nobody":         {canned(404, ``, "X-AUSERNAME", "anonymous"), fault.Auth, "not logged in", "jit login"},
		"CAPTCHA":                     {canned(403, ``, "X-Seraph-LoginReason", "AUTHENTICATION_DENIED"), fault.Auth, "CAPTCHA", "browser"},
		"CAPTCHA with 200":            {canned(200, issueBody, "X-Seraph-LoginReason", "AUTHENTICATION_DENIED"), fault.Auth, "CAPTCHA", "browser"},
		"CAPTCHA by its other header": {canned(403, ``, "X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url=x"), fault.Auth, "CAPTCHA", "browser"},
		"missing scope":               {canned(401, `{"code":401,"message":"Unauthorized; scope does not match"}`), fault.Auth, "lacks the scope read:jira-work", "read:jira-user and read:jira-work"},
		"missing scope with 403":      {canned(403, `{"code":403,"message":"Unauthorized; scope does not match"}`), fault.Auth, "lacks the scope", "jit login"},
		"unauthorized":                {canned(401, `nope`), fault.Auth, "does not accept the token", "jit login"},
		"forbidden":                   {canned(403, `{"errorMessages":["No access."]}`), fault.Auth, "forbids this account the ticket OPS-7 (Jira says: No access)", "allowlist"},
		"bad request":                 {canned(400, `{"errors":{"b":"two","a":"one"}}`), fault.Ticket, "refused to tell the ticket OPS-7 (400) (Jira says: a: one; b: two)", "-"},
		"terminal escapes": {
			canned(403, `{"errorMessages":["\u001b]0;owned\u0007 \u001b[2J`+strings.Repeat("x", 5000)+`"]}`),
			fault.Auth, "owned", "allowlist",
		},
		"our secret back": {echo, fault.Auth, "[redacted]", "allowlist"},
		"an odd field":    {canned(200, strings.Replace(issueBody, `"Open"`, `17`, 1)), fault.Ticket, "not understood: in the field status, name is a number", "jira.url"},
		"an odd project":  {canned(200, strings.Replace(issueBody, `"10000"`, `"x"`, 1)), fault.Ticket, "in the field project, the id is missing", "jira.url"},
		"no project":      {canned(200, `{"id":"1","key":"OPS-7","fields":{}}`), fault.Ticket, "project", "jira.url"},
		"another project": {canned(200, strings.Replace(issueBody, `"OPS"}`, `"SRE"}`, 1)), fault.Ticket, "project", "jira.url"},
		"no id":           {canned(200, strings.Replace(issueBody, `"10007"`, `""`, 1)), fault.Ticket, "no id", "jira.url"},
		"an id of letters": {
			canned(200, strings.Replace(issueBody, `"10007"`, `"10007; DROP"`, 1)), fault.Ticket, "no id", "jira.url",
		},
		"an odd key":               {canned(200, strings.Replace(issueBody, `"OPS-7"`, `"OPS 7"`, 1)), fault.Ticket, "is not a ticket key", "such as"},
		"a lower key":              {canned(200, strings.Replace(issueBody, `"OPS-7"`, `"ops-7"`, 1)), fault.Ticket, "upper case", "jira.url"},
		"over 4 MiB":               {canned(200, `{"x":"`+strings.Repeat("x", maxIssue)+`"}`), fault.Ticket, "over the limit of 4 MiB", "too large"},
		"error 4 MiB":              {canned(403, strings.Repeat("x", maxIssue+10)), fault.Auth, "forbids", "allowlist"},
		"over 4 MiB once unpacked": {packed(maxIssue), fault.Ticket, "over the limit of 4 MiB", "too large"},
		"an odd time":              {canned(200, strings.Replace(issueBody, `"fields":{`, `"fields":{"created":"yesterday",`, 1)), fault.Ticket, "in the field created, ", "jira.url"},
		"an odd date":              {canned(200, strings.Replace(issueBody, `"fields":{`, `"fields":{"duedate":{},`, 1)), fault.Ticket, "in the field duedate, it is an object", "jira.url"},
		"odd components":           {canned(200, strings.Replace(issueBody, `"fields":{`, `"fields":{"components":"x",`, 1)), fault.Ticket, "in the field components, it is a string", "jira.url"},
		"an odd person":            {canned(200, strings.Replace(issueBody, `"fields":{`, `"fields":{"assignee":"ada",`, 1)), fault.Ticket, "in the field assignee, it is a string", "jira.url"},
		"a bad length":             {cutOffBody, fault.Ticket, "cut off", "proxy"},
	}
}

func canned200(contentType, body string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(rw, body)
	}
}

// echo repeats what it was sent, as a proxy that reports errors in full may.
func echo(rw http.ResponseWriter, r *http.Request) {
	_, password, _ := r.BasicAuth()
	rw.WriteHeader(http.StatusForbidden)
	_, _ = fmt.Fprintf(rw, `{"message":"bad header %s, token %s"}`, r.Header.Get("Authorization"), password)
}

// packed sends a small body that unpacks to more than n bytes of spaces.
func packed(n int) http.HandlerFunc {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(bytes.Repeat([]byte(" "), n+2))
	_ = z.Close()
	return canned(200, b.String(), "Content-Encoding", "gzip")
}

// cutOffBody promises more than it sends.
func cutOffBody(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Length", "5000")
	_, _ = io.WriteString(rw, issueBody)
}

func TestLookupRefuses(t *testing.T) {
	t.Parallel()
	for _, edition := range []Edition{Cloud, DataCenter} {
		for name, want := range issueRefusals() {
			t.Run(string(edition)+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, edition)
				w.on(issuePath, want.handler)
				c, _ := connect(t, w, func(o *Options) { o.GatewayExplicit = false })
				got, err := c.Lookup(t.Context(), "OPS-7", []ticket.Field{ticket.FieldStatus, ticket.FieldCreated, ticket.FieldDue, ticket.FieldComponents, ticket.FieldAssignee})
				want.check(t, err)
				if got.ID != "" || got.Key != "" {
					t.Errorf("a refusal came with a ticket: %+v", got)
				}
			})
		}
	}
}

// myselfRefusals are answers to the question who we are, by edition.
func myselfRefusals(edition Edition) map[string]refused {
	both := map[string]refused{
		"unauthorized":      {canned(401, ``), fault.Auth, "does not accept the token", "jit login"},
		"missing scope":     {canned(401, `{"code":401,"message":"Unauthorized; scope does not match"}`), fault.Auth, "lacks the scope read:jira-user", "jit login"},
		"null":              {canned(200, `null`), fault.Auth, "did not say who we are", "jit login"},
		"{}":                {canned(200, `{}`), fault.Auth, "did not say who we are", "jit login"},
		"other JSON":        {canned(200, `{"a":1}`), fault.Auth, "did not say who we are", "jit login"},
		"only an email":     {canned(200, `{"emailAddress":"ada@acme.com","displayName":"Ada"}`), fault.Auth, "did not say who we are", "jit login"},
		"HTML":              {canned(200, `<html>`), fault.Ticket, "web page", "browser"},
		"a wrong base URL":  {canned(404, ``), fault.Ticket, "does not answer like Jira (404)", "context path"},
		"gone":              {canned(410, ``), fault.Ticket, "does not answer like Jira (410)", "context path"},
		"redirect to login": {canned(302, ``, "Location", "/login.jsp"), fault.Ticket, "elsewhere (302)", "login page"},
		"over 1 MiB":        {canned(200, `{"x":"`+strings.Repeat("x", maxMyself)+`"}`), fault.Ticket, "over the limit of 1 MiB", "jira.url"},
		"a name of an odd type": {
			canned(200, `{"displayName":{}}`), fault.Ticket, "not understood", "jira.url",
		},
		"anonymous": {canned(200, `{"accountId":"a","key":"a"}`, "X-AUSERNAME", "anonymous"), fault.Auth, "not logged in", "jit login"},
	}
	if edition == Cloud {
		both["Data Center"] = refused{canned(200, `{"key":"JIRAUSER10100","name":"ada"}`), fault.Auth, "is Data Center", "take jira.email out"}
		both["a broken record"] = refused{canned(200, `{"accountId":"unknown","displayName":"?"}`), fault.Auth, "did not say who we are", "jit login"}
		both["a deactivated account"] = refused{canned(200, `{"accountId":"a:b","displayName":"Ada","active":false}`), fault.Auth, "Ada is deactivated", "administrator"}
		both["an id with spaces"] = refused{canned(200, `{"accountId":"a b"}`), fault.Auth, "did not say who we are", "jit login"}
		both["another account in the header"] = refused{canned(200, `{"accountId":"712020:ada"}`, "X-AAccountId", "712020%3Abob"), fault.Auth, "another to 712020:bob", "cache"}
		return both
	}
	both["Cloud"] = refused{canned(200, `{"accountId":"712020:ada","key":"ada"}`), fault.Auth, "is Jira Cloud", "set jira.email"}
	both["a name but no key"] = refused{canned(200, `{"name":"mark","active":true}`), fault.Auth, "did not say who we are", "jit login"}
	both["another account in the header"] = refused{canned(200, `{"key":"JIRAUSER1","name":"ada"}`, "X-AUSERNAME", "bob"), fault.Auth, "another to bob", "cache"}
	return both
}

func TestWhoamiRefuses(t *testing.T) {
	t.Parallel()
	for _, edition := range []Edition{Cloud, DataCenter} {
		for name, want := range myselfRefusals(edition) {
			t.Run(string(edition)+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, edition)
				w.Put(accesstest.OPS7())
				w.on(myselfPath, want.handler)
				c, _ := connect(t, w, func(o *Options) { o.GatewayExplicit = false })
				_, err := c.Whoami(t.Context(), false)
				want.check(t, err)
				// A ticket must not be had by an account that is not known.
				got, err := c.Lookup(t.Context(), "OPS-7", nil)
				want.check(t, err)
				if got.ID != "" {
					t.Errorf("a ticket came all the same: %+v", got)
				}
			})
		}
	}
}

func TestGroupsMustBeWhole(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ body, want string }{
		"none told":      {`{"accountId":"a"}`, "does not tell this account's groups"},
		"not expanded":   {`{"accountId":"a","groups":{"size":2,"items":[]}}`, "0 of this account's 2 groups"},
		"cut off":        {`{"accountId":"a","groups":{"size":3,"items":[{"name":"x"}]}}`, "1 of this account's 3 groups"},
		"without a name": {`{"accountId":"a","groups":{"size":1,"items":[{"name":""}]}}`, "0 of this account's 1 groups"},
	} {
		w := newWorld(t, Cloud)
		w.on(myselfPath, canned(200, tt.body))
		c, _ := connect(t, w)
		_, err := c.Whoami(t.Context(), true)
		refused{class: fault.Auth, msg: tt.want, hint: "principal.groups"}.check(t, err)
		if _, err := c.Whoami(t.Context(), false); err != nil {
			t.Errorf("%s: without groups: %v", name, err)
		}
	}
}

// An answer for another account is refused, wherever the header has it.
func TestLookupRefusesAnotherAccountsAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edition       Edition
		header, value string
		ok            bool
	}{
		"Cloud, ours escaped":      {Cloud, "X-AAccountId", "712020%3Aada", true},
		"Cloud, ours plain":        {Cloud, "X-AAccountId", "712020:ada", true},
		"Cloud, none":              {Cloud, "X-Other", "x", true},
		"Cloud, bob's":             {Cloud, "X-AAccountId", "712020%3Abob", false},
		"Cloud, other case":        {Cloud, "X-AAccountId", "712020:ADA", false},
		"Cloud, a broken escape":   {Cloud, "X-AAccountId", "%zz", false},
		"Data Center, ours":        {DataCenter, "X-AUSERNAME", "Ada.L", true},
		"Data Center, none":        {DataCenter, "X-Other", "x", true},
		"Data Center, bob's":       {DataCenter, "X-AUSERNAME", "bob", false},
		"Data Center, the key":     {DataCenter, "X-AUSERNAME", "712020:ada", false},
		"Data Center, a lookalike": {DataCenter, "X-AUSERNAME", "ada.l2", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.edition)
			w.on(issuePath, canned(200, issueBody, tt.header, tt.value))
			c, _ := connect(t, w)
			got, err := c.Lookup(t.Context(), "OPS-7", nil)
			if tt.ok {
				if err != nil || got.ID != "10007" {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			refused{class: fault.Auth, msg: "gave one answer to", hint: "cache"}.check(t, err)
		})
	}
}

// The token goes to Jira's host and to no other, whatever Jira says.
func TestRedirectsDoNotCarryTheToken(t *testing.T) {
	t.Parallel()
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request reached another host: %s, authorization %q", r.URL, r.Header.Get("Authorization"))
	}))
	t.Cleanup(thief.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, edition := range []Edition{Cloud, DataCenter} {
			w := newWorld(t, edition)
			redirect := canned(status, ``, "Location", thief.URL+"/rest/api/2/myself")
			w.on(myselfPath, redirect)
			w.on(issuePath, redirect)
			w.on("/_edge/tenant_info", redirect)
			c, _ := connect(t, w)
			_, err := c.Lookup(t.Context(), "OPS-7", nil)
			refused{class: fault.Ticket, msg: fmt.Sprintf("(%d)", status), hint: "jira.url"}.check(t, err)
		}
	}
}

// The transport beneath the one that adds the token stops what slips through.
func TestPinnedTransportStopsOtherHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	c, _ := connect(t, w)
	for _, url := range []string{"http://127.0.0.1:1/", "https://" + strings.TrimPrefix(w.URL, "http://"), "http://evil.example/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.route.site.api.Do(req, nil)
		if err == nil || !strings.Contains(err.Error(), "another host") {
			t.Errorf("%s: %v", url, err)
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
	}
	if seen := w.seen(); len(seen) != 0 {
		t.Errorf("requests were made: %q", seen)
	}
}

func TestTimeoutsEnd(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]func(release chan struct{}) http.HandlerFunc{
		"before the header": func(release chan struct{}) http.HandlerFunc {
			return func(http.ResponseWriter, *http.Request) { <-release }
		},
		"within the body": func(release chan struct{}) http.HandlerFunc {
			return func(rw http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(rw, `{"id":`)
				_ = http.NewResponseController(rw).Flush()
				<-release
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			w := newWorld(t, DataCenter)
			t.Cleanup(func() { close(release) })
			w.mu.Lock()
			w.override[myselfPath] = func(rw http.ResponseWriter, r *http.Request) {
				w.mu.Unlock()
				defer w.mu.Lock()
				handler(release)(rw, r)
			}
			w.mu.Unlock()
			c, _ := connect(t, w, func(o *Options) { o.Timeout = 30 * time.Millisecond })
			_, err := c.Whoami(t.Context(), false)
			refused{class: fault.Ticket, msg: "did not answer in time", hint: "try again"}.check(t, err)
		})
	}
}
