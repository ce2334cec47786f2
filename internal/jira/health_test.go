package jira

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, DataCenter)
	w.on(myselfPath, canned(200, myselfBodyDC,
		"Date", epoch.Add(-90*time.Second).Format(http.TimeFormat),
		"X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "7"))
	c, _ := connect(t, w)
	h, err := c.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if h.Edition != DataCenter || h.Gateway || h.Base != w.URL+"/jira" || h.Site != h.Base {
		t.Errorf("%+v", h)
	}
	if h.Account.ID != "JIRAUSER10100" || h.Account.Groups != nil {
		t.Errorf("account %+v", h.Account)
	}
	if !h.SkewKnown || h.Skew != -90*time.Second {
		t.Errorf("skew %s, known %t", h.Skew, h.SkewKnown)
	}
	if !h.TokenExpires.IsZero() {
		t.Errorf("token expires %s", h.TokenExpires)
	}
	if h.RateLimit["X-Ratelimit-Limit"] != "100" || len(h.RateLimit) != 2 {
		t.Errorf("rate limit %q", h.RateLimit)
	}
}

func TestHealthAsksAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	c, _ := connect(t, w)
	if _, err := c.Whoami(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	w.RejectToken()
	if _, err := c.Health(t.Context()); fault.ClassOf(err) != fault.Auth {
		t.Errorf("after the token was revoked: %v", err)
	}
}

func TestHealthWithoutADate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.on(myselfPath, canned(200, myselfBody, "Date", "yesterday"))
	c, _ := connect(t, w)
	if h, err := c.Health(t.Context()); err != nil || h.SkewKnown || h.Skew != 0 {
		t.Errorf("%+v, %v", h, err)
	}
}

// Warm opens the connection that the next call uses, without the token.
func TestWarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.Put(accesstest.OPS7())
	c, _ := connect(t, w)
	c.Warm(t.Context())
	w.mu.Lock()
	if len(w.requests) != 1 || w.requests[0].Header.Get("Authorization") != "" {
		t.Errorf("%d requests, or the token was sent", len(w.requests))
	}
	port := w.requests[0].RemoteAddr
	w.mu.Unlock()
	if _, err := c.Lookup(t.Context(), "OPS-7", nil); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.ContainsFunc(w.requests[1:], func(r *http.Request) bool { return r.RemoteAddr == port }) {
		t.Error("the open connection was not used")
	}
}

func TestWarmReportsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	c, _ := connect(t, w)
	w.Close()
	c.Warm(t.Context())
}
