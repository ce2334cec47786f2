package jira

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// Who we are must not change from one call to the next.
func TestIdentityMustNotChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.on(myselfPath, func(rw http.ResponseWriter, r *http.Request) {
		id := "712020:ada"
		if r.URL.Query().Has("expand") {
			id = "712020:bob"
		}
		canned(200, fmt.Sprintf(`{"accountId":%q,"groups":{"size":0,"items":[]}}`, id))(rw, r)
	})
	c, _ := connect(t, w)
	if _, err := c.Whoami(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	_, err := c.Whoami(t.Context(), true)
	refused{class: fault.Auth, msg: "says that we are 712020:bob, and before that we were 712020:ada", hint: "cache"}.check(t, err)
	c.Refresh()
	if p, err := c.Whoami(t.Context(), true); err != nil || p.ID != "712020:bob" || p.Groups == nil {
		t.Errorf("after Refresh: %+v, %v", p, err)
	}
}

// An answer that was asked for before Refresh is for those who waited for it,
// and is not kept, even when it comes last.
func TestRefreshForgetsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	type question struct{ answer chan string }
	asked := make(chan question, 4)
	transport := roundTrip(func(*http.Request) (*http.Response, error) {
		q := question{make(chan string)}
		asked <- q
		body := fmt.Sprintf(`{"key":%q}`, <-q.answer)
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	})
	c, err := New(Options{URL: "https://jira.acme.test", Token: credential.NewSecret(pat), Now: time.Now, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() chan string {
		out := make(chan string, 1)
		go func() {
			p, err := c.Whoami(t.Context(), false)
			out <- fmt.Sprint(p.ID, err)
		}()
		return out
	}
	before := ask()
	old := <-asked
	c.Refresh()
	after := ask()
	fresh := <-asked
	fresh.answer <- "new"
	if got := <-after; got != "new<nil>" {
		t.Errorf("after: %s", got)
	}
	old.answer <- "old"
	if got := <-before; got != "old<nil>" {
		t.Errorf("before: %s", got)
	}
	if p, err := c.Whoami(t.Context(), false); err != nil || p.ID != "new" {
		t.Errorf("kept %q, %v", p.ID, err)
	}
}

// Two accounts that Jira gave no id are not one account.
func TestNobodyIsNotThePrincipal(t *testing.T) {
	t.Parallel()
	for _, edition := range []Edition{Cloud, DataCenter} {
		w := newWorld(t, edition)
		nobody := `{"displayName":"Nobody","accountId":"","key":"","name":"x"}`
		w.on(myselfPath, canned(200, nobody))
		w.on(issuePath, canned(200, strings.Replace(issueBody, `"fields":{`, `"fields":{"assignee":`+nobody+`,`, 1)))
		c, _ := connect(t, w)
		_, err := c.Lookup(t.Context(), "OPS-7", nil)
		if fault.ClassOf(err) != fault.Auth {
			t.Errorf("%s: %v", edition, err)
		}
	}
}
