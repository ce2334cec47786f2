package jira

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// contextCancelledBy returns a context that the client's next notice cancels.
func contextCancelledBy(t *testing.T, notice *func(string)) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	*notice = func(string) { cancel() }
	return ctx, cancel
}

// ids is a CloudIDs in memory.
type ids struct {
	mu   sync.Mutex
	held map[string]string
	kept int
}

func (i *ids) CloudID(site string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.held[site]
}

func (i *ids) Remember(site, id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.held[site] = id
	i.kept++
}

func TestScopedTokenFindsTheGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.scoped = true
	w.Put(accesstest.OPS7())
	cache := &ids{held: map[string]string{}}
	withCache := func(o *Options) { o.CloudIDs = cache }
	c, _ := connect(t, w, withCache)
	got, err := c.Lookup(t.Context(), "OPS-7", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Site != w.URL || got.URL != w.URL+"/browse/OPS-7" {
		t.Errorf("site %s and URL %s name the gateway", got.Site, got.URL)
	}
	if n := count(w, "tenant_info"); n != 1 {
		t.Errorf("asked %d times for the cloud id", n)
	}
	if cache.held[w.URL] != cloudID || cache.kept != 1 {
		t.Errorf("remembered %v, %d times", cache.held, cache.kept)
	}
	before := len(w.seen())
	if _, err := c.Lookup(t.Context(), "OPS-7", nil); err != nil {
		t.Fatal(err)
	}
	if later := w.seen()[before:]; len(later) != 1 || !strings.HasPrefix(later[0], "/ex/jira/"+cloudID) {
		t.Errorf("the second lookup asked %q", later)
	}
	// The next process goes straight to the gateway.
	before = len(w.seen())
	next, _ := connect(t, w, withCache)
	if _, err := next.Lookup(t.Context(), "OPS-7", nil); err != nil {
		t.Fatal(err)
	}
	for _, p := range w.seen()[before:] {
		if !strings.HasPrefix(p, "/ex/jira/"+cloudID) {
			t.Errorf("the next process asked %s", p)
		}
	}
	if h, err := next.Health(t.Context()); err != nil || !h.Gateway || h.Base != w.URL+"/ex/jira/"+cloudID || h.Site != w.URL {
		t.Errorf("health %+v, %v", h, err)
	}
}

func count(w *world, part string) (n int) {
	for _, p := range w.seen() {
		if strings.Contains(p, part) {
			n++
		}
	}
	return n
}

// At the site itself a scoped token is nobody, to whom a ticket that exists is
// not found, or is shown when it is public. Neither may count.
func TestScopedTokenIsNobodyAtTheSite(t *testing.T) {
	t.Parallel()
	for name, nobody := range map[string]http.HandlerFunc{
		"not found": canned(404, `{"errorMessages":["Issue does not exist"]}`),
		"public":    canned(200, strings.Replace(issueBody, "Open", "Public", 1)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Cloud)
			w.scoped = true
			w.on(issuePath, func(rw http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/ex/jira/") {
					nobody(rw, r)
					return
				}
				canned(200, issueBody)(rw, r)
			})
			c, _ := connect(t, w)
			got, err := c.Lookup(t.Context(), "OPS-7", nil)
			if err != nil || got.Status.Name != "Open" {
				t.Errorf("%+v, %v", got.Status, err)
			}
		})
	}
}

// Where the gateway cannot be used, the 401 of the site stands.
func TestThe401StandsWithoutTheGateway(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	for name, change := range map[string]func(*world, *Options){
		"unreachable":         func(_ *world, o *Options) { o.Gateway = closed.URL },
		"unauthorized too":    func(w *world, _ *Options) { w.RejectToken() },
		"no tenant":           func(w *world, _ *Options) { w.on("/_edge/tenant_info", canned(404, ``)) },
		"tenant stumbles":     func(w *world, _ *Options) { w.on("/_edge/tenant_info", canned(503, ``)) },
		"tenant is HTML":      func(w *world, _ *Options) { w.on("/_edge/tenant_info", canned(200, `<html>`)) },
		"no id":               func(w *world, _ *Options) { w.on("/_edge/tenant_info", canned(200, `{}`)) },
		"an id with a path":   func(w *world, _ *Options) { w.on("/_edge/tenant_info", canned(200, `{"cloudId":"../../x"}`)) },
		"an id and more":      func(w *world, _ *Options) { w.on("/_edge/tenant_info", canned(200, `{"cloudId":"`+cloudID+`/.."}`)) },
		"tenant redirects":    func(w *world, _ *Options) { w.on("/_edge/tenant_info", canned(302, ``, "Location", w.URL)) },
		"not a Cloud site":    func(_ *world, o *Options) { o.GatewayExplicit = false },
		"gateway stumbles":    func(w *world, _ *Options) { w.on(myselfPath, atGateway(canned(500, ``))) },
		"gateway has no site": func(w *world, _ *Options) { w.on(myselfPath, atGateway(canned(404, ``))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Cloud)
			w.scoped = true
			c, _ := connect(t, w, func(o *Options) { change(w, o) })
			want := refused{class: fault.Auth, msg: "does not accept the token", hint: "id.atlassian.com"}
			_, err := c.Whoami(t.Context(), false)
			want.check(t, err)
			_, err = c.Lookup(t.Context(), "OPS-7", nil)
			want.check(t, err)
			for _, p := range w.seen() {
				if !strings.HasPrefix(p, "/rest/") && !strings.HasPrefix(p, "/ex/jira/"+cloudID+"/rest/") && p != "/_edge/tenant_info" {
					t.Errorf("asked %s", p)
				}
			}
		})
	}
}

// A user who stops it while the gateway is looked for is told that, and not
// that the token is no good.
func TestSearchForTheGatewayStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.scoped = true
	ctx, cancel := context.WithCancel(t.Context())
	w.on("/_edge/tenant_info", func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	c, _ := connect(t, w)
	_, err := c.get(ctx, call{subject: "who we are", path: "rest/api/2/myself", limit: maxMyself, who: true})
	if fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("class %d: %v", fault.ClassOf(err), err)
	}
}

// atGateway answers so at the gateway, and 401 at the site.
func atGateway(h http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/ex/jira/") {
			h(rw, r)
			return
		}
		rw.WriteHeader(http.StatusUnauthorized)
	}
}

// A scope that is missing is told by the gateway, and is worth more than the
// 401 before it.
func TestMissingScopeAtTheGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.scoped = true
	w.on(issuePath, atGateway(canned(401, `{"code":401,"message":"Unauthorized; scope does not match"}`)))
	c, _ := connect(t, w)
	_, err := c.Lookup(t.Context(), "OPS-7", nil)
	refused{class: fault.Auth, msg: "lacks the scope read:jira-work", hint: "read:jira-user"}.check(t, err)
}

// What was remembered may be out of date: the token was replaced by a classic
// one, or the site has another cloud id.
func TestStaleCloudIDIsForgotten(t *testing.T) {
	t.Parallel()
	t.Run("a classic token now", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Cloud)
		w.Put(accesstest.OPS7())
		cache := &ids{held: map[string]string{w.URL: cloudID}}
		c, _ := connect(t, w, func(o *Options) { o.CloudIDs = cache })
		if _, err := c.Lookup(t.Context(), "OPS-7", nil); err != nil {
			t.Fatal(err)
		}
		if cache.held[w.URL] != "" {
			t.Errorf("still remembers %q", cache.held[w.URL])
		}
	})
	t.Run("another cloud id", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Cloud)
		w.scoped = true
		w.Put(accesstest.OPS7())
		old := "99999999-a1b2-4c33-8d44-001122334455"
		cache := &ids{held: map[string]string{w.URL: old}}
		c, _ := connect(t, w, func(o *Options) { o.CloudIDs = cache })
		if _, err := c.Lookup(t.Context(), "OPS-7", nil); err != nil || cache.held[w.URL] != cloudID {
			t.Errorf("%v, remembers %q", err, cache.held[w.URL])
		}
	})
	t.Run("an expired token", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Cloud)
		w.RejectToken()
		c, _ := connect(t, w, func(o *Options) { o.CloudIDs = &ids{held: map[string]string{w.URL: cloudID}} })
		_, err := c.Lookup(t.Context(), "OPS-7", nil)
		refused{class: fault.Auth, msg: "does not accept the token", hint: "jit login"}.check(t, err)
	})
	t.Run("not an id", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Cloud)
		c, _ := connect(t, w, func(o *Options) { o.CloudIDs = &ids{held: map[string]string{w.URL: "../x"}} })
		if _, err := c.Whoami(t.Context(), false); err != nil {
			t.Error(err)
		}
	})
}

func TestGatewayIsForCloudOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, DataCenter)
	w.RejectToken()
	c, _ := connect(t, w, func(o *Options) {
		o.GatewayExplicit, o.CloudIDs = true, &ids{held: map[string]string{w.URL + w.context: cloudID}}
	})
	if _, err := c.Whoami(t.Context(), false); fault.ClassOf(err) != fault.Auth {
		t.Errorf("%v", err)
	}
	if seen := w.seen(); !slices.Equal(seen, []string{"/jira/rest/api/2/myself"}) {
		t.Errorf("asked %q", seen)
	}
}

// A site on atlassian.net is eligible by itself, at Atlassian's own gateway.
func TestAtlassianNetIsEligible(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"https://acme.atlassian.net": true, "https://acme.atlassian.net.evil.example": false, "https://jira.acme.example": false,
	} {
		c, err := New(Options{URL: raw, Email: email, Token: credential.NewSecret(token), Now: (&clock{}).Now})
		if err != nil {
			t.Fatal(err)
		}
		if c.route.eligible != want {
			t.Errorf("%s: eligible %t", raw, c.route.eligible)
		}
		if c.route.gateway.String() != DefaultGateway {
			t.Errorf("gateway %s", c.route.gateway)
		}
	}
}

// Calls that need the gateway at the same time look for it once, and one that
// is cancelled meanwhile does not spoil it for the others.
func TestGatewayIsFoundOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.scoped = true
	w.Put(accesstest.OPS7())
	c, _ := connect(t, w)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			if i%6 == 0 {
				_, err := c.Lookup(gone, "OPS-7", nil)
				if fault.ClassOf(err) != fault.Cancelled {
					t.Errorf("cancelled: %v", err)
				}
				return
			}
			if _, err := c.Lookup(t.Context(), "OPS-7", nil); err != nil {
				t.Errorf("Lookup: %v", err)
			}
		})
	}
	wg.Wait()
	if n := count(w, "tenant_info"); n > 2 {
		t.Errorf("asked %d times for the cloud id", n)
	}
}

func TestEndpointAtKeepsTheGatewaysPath(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("https://gw.example/atlassian")
	if err != nil {
		t.Fatal(err)
	}
	r := &route{opts: Options{Email: email, Transport: http.DefaultTransport}, gateway: base}
	e, err := r.at(cloudID)
	if err != nil || e.base != "https://gw.example/atlassian/ex/jira/"+cloudID || !e.gateway {
		t.Errorf("%+v, %v", e, err)
	}
}
