package jira

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// whoami asks a site at url over transport.
func whoami(ctx context.Context, t *testing.T, url string, transport http.RoundTripper) error {
	t.Helper()
	c, err := New(Options{URL: url, Token: credential.NewSecret(pat), Now: time.Now, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	_, err = c.Whoami(ctx, false)
	return err
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(canned(200, myselfBodyDC))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail on purpose
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	with := func(c *tls.Config) http.RoundTripper {
		return &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}
	}
	unsafe := refused{class: fault.Ticket, msg: "no safe connection", hint: "private CA"}

	if err := whoami(t.Context(), t, server.URL, with(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})); err != nil {
		t.Errorf("with the CA pinned: %v", err)
	}
	unsafe.check(t, whoami(t.Context(), t, server.URL, newTransport()))
	unsafe.check(t, whoami(t.Context(), t, server.URL, with(&tls.Config{RootCAs: pool, ServerName: "jira.acme.test", MinVersion: tls.VersionTLS12})))
	future := func() time.Time { return time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC) }
	unsafe.check(t, whoami(t.Context(), t, server.URL, with(&tls.Config{RootCAs: pool, Time: future, MinVersion: tls.VersionTLS12})))

	plain := httptest.NewServer(canned(200, myselfBodyDC))
	t.Cleanup(plain.Close)
	unsafe.check(t, whoami(t.Context(), t, "https"+plain.URL[len("http"):], newTransport()))
}

const myselfBodyDC = `{"key":"JIRAUSER10100","name":"ada","displayName":"Ada Lovelace"}`

func TestNewTransportSpeaksHTTP2(t *testing.T) {
	t.Parallel()
	var proto string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		proto = r.Proto
		canned(200, myselfBodyDC)(rw, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := newTransport()
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	if err := whoami(t.Context(), t, server.URL, transport); err != nil || proto != "HTTP/2.0" {
		t.Errorf("%q, %v", proto, err)
	}
}

// roundTrip is a transport that fails as told.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestOutages(t *testing.T) {
	t.Parallel()
	const url = "https://jira.acme.test/jira"
	fails := func(err error) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	for name, tt := range map[string]struct {
		err  error
		want refused
	}{
		"DNS":             {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "jira.acme.test", IsNotFound: true}}, refused{class: fault.Ticket, msg: "jira.acme.test cannot be found", hint: "VPN"}},
		"a slow resolver": {&net.DNSError{Err: "timeout", Name: "jira.acme.test", IsTimeout: true}, refused{class: fault.Ticket, msg: "in time", hint: "try again"}},
		"refused":         {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, refused{class: fault.Ticket, msg: "cannot be reached", hint: "VPN"}},
		"an alert":        {tls.AlertError(40), refused{class: fault.Ticket, msg: "no safe connection", hint: "proxy"}},
		"deadline":        {context.DeadlineExceeded, refused{class: fault.Ticket, msg: "in time", hint: "try again"}},
		"server's words":  {errors.New("malformed HTTP status \x1b[2J\r\n Bearer " + pat), refused{class: fault.Ticket, msg: "malformed HTTP status [2J Bearer [redacted]", hint: "jira.url"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := whoami(t.Context(), t, url, fails(tt.err))
			tt.want.check(t, err)
			if strings.Contains(err.Error(), `Get "`) {
				t.Errorf("the request shows: %v", err)
			}
			if !errors.Is(err, tt.err) {
				t.Errorf("the cause is lost: %v", err)
			}
		})
	}
}

func TestPassedDeadlineIsATimeout(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	refused{class: fault.Ticket, msg: "in time", hint: "try again"}.check(t, whoami(ctx, t, "https://jira.acme.test", newTransport()))
}

// The question who we are outlives the one who asked it first, as long as
// somebody else waits, and no longer.
func TestFlightOutlivesItsFirstPassenger(t *testing.T) {
	t.Parallel()
	arrived, release, ended := make(chan struct{}, 8), make(chan struct{}), make(chan struct{}, 8)
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		arrived <- struct{}{}
		select {
		case <-release:
			rec := httptest.NewRecorder()
			canned(200, myselfBodyDC)(rec, r)
			return rec.Result(), nil
		case <-r.Context().Done():
			ended <- struct{}{}
			return nil, r.Context().Err()
		}
	})
	c, err := New(Options{URL: "https://jira.acme.test", Token: credential.NewSecret(pat), Now: time.Now, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(ctx context.Context) chan error {
		out := make(chan error, 1)
		go func() {
			_, err := c.Whoami(ctx, false)
			out <- err
		}()
		return out
	}
	ctx, cancel := context.WithCancel(t.Context())
	first := ask(ctx)
	<-arrived
	second := ask(t.Context())
	waitFor(t, c, 2)
	cancel()
	if err := <-first; fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("first: %v", err)
	}
	close(release)
	if err := <-second; err != nil {
		t.Errorf("second: %v", err)
	}

	c.Refresh()
	release = make(chan struct{})
	ctx, cancel = context.WithCancel(t.Context())
	alone := ask(ctx)
	<-arrived
	cancel()
	<-ended // the request itself was cancelled
	if err := <-alone; fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("alone: %v", err)
	}
}

// waitFor returns when n callers wait for the same answer.
func waitFor(t *testing.T, c *Client, n int) {
	t.Helper()
	for t.Context().Err() == nil {
		c.mu.Lock()
		f := c.flights[false]
		enough := f != nil && f.waiting >= n
		c.mu.Unlock()
		if enough {
			return
		}
		runtime.Gosched()
	}
}
