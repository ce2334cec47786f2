package jira

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// seed adds the recorded bodies, where they are there, and some made ones.
func seed(f *testing.F, pattern string, made ...string) {
	f.Helper()
	for _, s := range append(made, "", "null", "{}", "[]", "<html>", "\xff", `{"id":`, `{"errorMessages":["\u001b[2J"]}`) {
		f.Add([]byte(s))
	}
	if sharedJira() == "" {
		return
	}
	files, err := filepath.Glob(filepath.Join(sharedJira(), "fixtures", pattern))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// answered runs a body through what a response runs through.
func answered(c *Client, call call, body []byte) (answer, error) {
	a := answer{status: http.StatusOK, header: http.Header{}, body: body, endpoint: &endpoint{}}
	return a, c.refusal(call, a)
}

func checkFuzzError(t *testing.T, err error) {
	t.Helper()
	if class := fault.ClassOf(err); class != fault.Ticket && class != fault.Auth {
		t.Errorf("class %d: %v", class, err)
	}
	if strings.ContainsFunc(err.Error(), unicode.IsControl) || len([]rune(err.Error())) > 1000 {
		t.Errorf("not fit for a terminal: %q", err)
	}
}

func FuzzIssue(f *testing.F) {
	seed(f, "*issue*.json", issueBody, `{"id":"1","key":"OPS-7","fields":{"assignee":{"accountId":""}}}`)
	fields := append([]ticket.Field{"customfield_1"}, append(allFields, always()...)...)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range []Edition{Cloud, DataCenter} {
			c := &Client{edition: e, site: "https://acme.atlassian.net", host: "acme.atlassian.net"}
			call := call{subject: "the ticket OPS-7"}
			a, err := answered(c, call, body)
			if err == nil {
				var got ticket.Ticket
				if got, _, err = c.decodeIssue(call, a, fields); err == nil {
					checkTicket(t, got)
				}
			}
			if err != nil {
				checkFuzzError(t, err)
			}
		}
	})
}

func checkTicket(t *testing.T, got ticket.Ticket) {
	t.Helper()
	if key, err := ticket.ParseKey(string(got.Key)); err != nil || key != got.Key {
		t.Errorf("key %q", got.Key)
	}
	if got.ID == "" || got.ProjectID == "" || got.Project != got.Key.Project() || got.URL == "" {
		t.Errorf("a part is empty: %+v", got)
	}
	if got.Has(ticket.FieldStatus) != (got.Status.ID != "" && got.Status.Category != "") {
		t.Errorf("status present %t: %+v", got.Has(ticket.FieldStatus), got.Status)
	}
	for _, p := range []*ticket.Person{got.Assignee, got.Reporter} {
		if p != nil && !goodID(p.ID) {
			t.Errorf("person %+v", p)
		}
	}
}

func FuzzMyself(f *testing.F) {
	seed(f, "*user*.json", myselfBody, myselfBodyDC, `{"accountId":" "}`, `{"key":"\u0000"}`, `{"accountId":"unknown"}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range []Edition{Cloud, DataCenter} {
			c := &Client{edition: e, host: "acme.atlassian.net"}
			call := call{subject: "who we are", who: true}
			a, err := answered(c, call, body)
			var got identity
			if err == nil {
				got, err = c.decodeMyself(call, a.body, true)
			}
			switch {
			case err != nil:
				checkFuzzError(t, err)
			case !goodID(got.principal.ID) || e == Cloud && got.principal.ID == "unknown":
				t.Errorf("%s: id %q", e, got.principal.ID)
			}
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	seed(f, "*error*.json", `{"code":401,"message":"Unauthorized; scope does not match"}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		c := &Client{edition: Cloud, host: "acme.atlassian.net"}
		for _, status := range []int{400, 401, 403, 404, 429, 503} {
			a := answer{status: status, header: http.Header{"Location": {string(body)}}, body: body, endpoint: &endpoint{}}
			checkFuzzError(t, c.refusal(call{subject: "the ticket OPS-7"}, a))
		}
	})
}
