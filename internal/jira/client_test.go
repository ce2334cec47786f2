package jira

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

var (
	_ access.Tickets  = (*Client)(nil)
	_ access.Statuses = (*Client)(nil)
	_ access.Warmer   = (*Client)(nil)
)

var epoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// clock is a clock that only sleeping moves.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	c.now = c.now.Add(d)
	return ctx.Err()
}

func (c *clock) naps() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.slept)
}

// connect returns a client for the world, with a clock of its own.
func connect(t *testing.T, w *world, change ...func(*Options)) (*Client, *clock) {
	t.Helper()
	ticks := &clock{now: epoch}
	o := Options{
		URL: w.URL + w.context, Token: credential.NewSecret(pat),
		Now: ticks.Now, Sleep: ticks.Sleep, Transport: newTransport(),
	}
	if w.edition == Cloud {
		o.Email, o.Token = email, credential.NewSecret(token)
		o.Gateway, o.GatewayExplicit = w.URL, true
	}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, ticks
}

func TestClientKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, rig := range map[string]struct {
		edition Edition
		scoped  bool
	}{
		"Cloud": {Cloud, false}, "Cloud with a scoped token": {Cloud, true}, "Data Center": {DataCenter, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			accesstest.TicketsContract(t, func(t *testing.T) accesstest.TicketsRig {
				w := newWorld(t, rig.edition)
				w.scoped = rig.scoped
				c, _ := connect(t, w)
				return accesstest.TicketsRig{Tickets: c, World: w}
			})
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := Options{URL: "https://acme.atlassian.net", Email: email, Token: credential.NewSecret(token), Now: time.Now}
	for name, tt := range map[string]struct {
		change func(*Options)
		class  fault.Class
		want   string
	}{
		"no URL":              {func(o *Options) { o.URL = "" }, fault.Config, "jira.url is not set"},
		"plain http":          {func(o *Options) { o.URL = "http://acme.example" }, fault.Config, "plain http"},
		"http to a lookalike": {func(o *Options) { o.URL = "http://localhost.acme.example" }, fault.Config, "plain http"},
		"http to 127 lookalike": {
			func(o *Options) { o.URL = "http://127.0.0.1.acme.example" }, fault.Config, "plain http",
		},
		"http below localhost": {
			func(o *Options) { o.URL = "http://jira.localhost:2990" }, fault.Config, "plain http",
		},
		"http to localhost with a dot": {
			func(o *Options) { o.URL = "http://localhost." }, fault.Config, "plain http",
		},
		"http gateway":        {func(o *Options) { o.Gateway = "http://api.atlassian.com" }, fault.Config, "jira.gateway is plain http"},
		"another scheme":      {func(o *Options) { o.URL = "ftp://acme.example" }, fault.Config, "not an https URL"},
		"no scheme":           {func(o *Options) { o.URL = "acme.atlassian.net" }, fault.Config, "not an https URL"},
		"no host":             {func(o *Options) { o.URL = "https:///jira" }, fault.Config, "not an https URL"},
		"a password":          {func(o *Options) { o.URL = "https://ada:hunter2@acme.example" }, fault.Config, "password"},
		"a query":             {func(o *Options) { o.URL = "https://acme.example/?x=1" }, fault.Config, "query"},
		"dots in the path":    {func(o *Options) { o.URL = "https://acme.example/jira/../x" }, fault.Config, "leads elsewhere"},
		"no URL at all":       {func(o *Options) { o.URL = "https://acme.example\x7f" }, fault.Config, "not a URL"},
		"Cloud without email": {func(o *Options) { o.Email = "" }, fault.Config, "jira.email is not set"},
		"a colon in email":    {func(o *Options) { o.Email = "ada:x@acme.com" }, fault.Config, "not an e-mail"},
		"no token":            {func(o *Options) { o.Token = credential.Secret{} }, fault.Auth, "no token"},
		"a line break":        {func(o *Options) { o.Token = credential.NewSecret("abc\ndef") }, fault.Auth, "line breaks"},
		"no clock":            {func(o *Options) { o.Now = nil }, fault.Internal, "no clock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := good
			tt.change(&o)
			_, err := New(o)
			if fault.ClassOf(err) != tt.class || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v of class %d, want %q of class %d", err, fault.ClassOf(err), tt.want, tt.class)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password shows: %v", err)
			}
		})
	}
}

func TestNewTakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ raw, want string }{
		{"https://acme.atlassian.net/", "https://acme.atlassian.net"},
		{"https://JIRA.acme.example", "https://jira.acme.example"},
		{"https://jira.acme.example/j/", "https://jira.acme.example/j"},
		{"http://localhost:2990/jira", "http://localhost:2990/jira"},
		{"http://LocalHost", "http://localhost"},
		{"http://127.9.9.9:1", "http://127.9.9.9:1"},
		{"http://[::1]:8080", "http://[::1]:8080"},
		{" https://jira.acme.example:1 ", "https://jira.acme.example:1"},
	} {
		c, err := New(Options{URL: tt.raw, Email: email, Token: credential.NewSecret(token), Now: time.Now})
		if err != nil || c.Site() != tt.want || c.Edition() != Cloud {
			t.Errorf("%s: %v, %v", tt.raw, c, err)
		}
	}
}

// A client that is printed by mistake must not show the token.
func TestClientDoesNotPrintTheToken(t *testing.T) {
	t.Parallel()
	c, err := New(Options{URL: "https://acme.atlassian.net", Email: email, Token: credential.NewSecret(token), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{c, c.opts, c.secrets} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, token) {
				t.Errorf("%s of %T shows the token", verb, v)
			}
		}
	}
}

func TestLookupAsksForNoMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	for edition, want := range map[Edition]string{
		Cloud:      "/rest/api/2/issue/OPS-7?fields=archivedby,archiveddate,labels,project,status&failFast=true",
		DataCenter: "/jira/rest/api/2/issue/OPS-7?fields=archivedby,archiveddate,labels,project,status",
	} {
		w := newWorld(t, edition)
		w.Put(accesstest.OPS7())
		c, _ := connect(t, w)
		got, err := c.Lookup(t.Context(), "ops-7", []ticket.Field{ticket.FieldStatus, ticket.FieldLabels})
		if err != nil {
			t.Fatal(err)
		}
		if seen := w.seen(); !slices.Contains(seen, want) || len(seen) != 2 {
			t.Errorf("%s: requests %q, want %s and one for myself", edition, seen, want)
		}
		if got.Site != w.URL+w.context || got.URL != got.Site+"/browse/OPS-7" || !got.ReadAt.Equal(epoch) {
			t.Errorf("site %s, URL %s, read at %s", got.Site, got.URL, got.ReadAt)
		}
	}
}

func TestLookupRefusesFieldsThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	c, _ := connect(t, w)
	for _, f := range []ticket.Field{"*all", "-summary", "a,b", "a&expand=x", "", "a b", ticket.Field(strings.Repeat("x", 65))} {
		if _, err := c.Lookup(t.Context(), "OPS-7", []ticket.Field{f}); fault.ClassOf(err) != fault.Config {
			t.Errorf("%q: %v", f, err)
		}
	}
	if seen := w.seen(); len(seen) != 0 {
		t.Errorf("requests were made: %q", seen)
	}
}

// A request asks who we are once, however the calls fall.
func TestIdentityIsAskedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.Put(accesstest.OPS7())
	c, _ := connect(t, w)
	for range 3 {
		if _, err := c.Whoami(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Lookup(t.Context(), "OPS-7", nil); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (n int) {
		for _, p := range w.seen() {
			if strings.Contains(p, "myself") {
				n++
			}
		}
		return n
	}
	if count() != 1 {
		t.Errorf("asked %d times who we are", count())
	}
	c.Refresh()
	w.RejectToken()
	if _, err := c.Whoami(t.Context(), false); fault.ClassOf(err) != fault.Auth {
		t.Errorf("after Refresh: %v", err)
	}
	if _, err := c.Lookup(t.Context(), "OPS-7", nil); fault.ClassOf(err) != fault.Auth {
		t.Errorf("after Refresh: %v", err)
	}
}

func TestErrorsUnwrapToTheContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, DataCenter)
	c, _ := connect(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Whoami(ctx, false); !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not context.Canceled", err)
	}
}
