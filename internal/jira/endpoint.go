package jira

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	gojira "github.com/andygrunwald/go-jira"
)

// endpoint is one base URL at which the REST API answers.
type endpoint struct {
	base    string // without a trailing slash
	gateway bool
	cached  bool // known from an earlier process
	api     *gojira.Client
}

// newEndpoint returns a client for base that sends the token there and nowhere
// else; a client made with open never sends it.
func newEndpoint(o Options, base *url.URL, open bool) (*endpoint, error) {
	var transport http.RoundTripper = &pinned{scheme: base.Scheme, host: base.Host, next: o.Transport}
	switch {
	case open:
	case o.Email != "":
		transport = &gojira.BasicAuthTransport{Username: o.Email, Password: o.Token.Reveal(), Transport: transport}
	default:
		transport = &gojira.PATAuthTransport{Token: o.Token.Reveal(), Transport: transport}
	}
	api, err := gojira.NewClient(&http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, base.String())
	if err != nil {
		return nil, fmt.Errorf("make a client for %s: %w", base.Host, err)
	}
	return &endpoint{base: base.String(), api: api}, nil
}

// pinned refuses every request to another host. It sits beneath the transport
// that adds the token, because go-jira's transports add it to whatever request
// passes, those that follow a redirect included.
type pinned struct {
	scheme, host string
	next         http.RoundTripper
}

// RoundTrip passes requests to the one host on.
func (p *pinned) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != p.scheme || req.URL.Host != p.host || (req.Host != "" && req.Host != p.host) {
		return nil, fmt.Errorf("a request for another host than %s was stopped", p.host)
	}
	return p.next.RoundTrip(req)
}

// Limits of newTransport. Options.Timeout bounds a request as a whole; these end
// one earlier where nobody answers at all.
const (
	dialLimit      = 10 * time.Second
	handshakeLimit = 10 * time.Second
	idleLimit      = time.Minute
	idlePerHost    = 4         // the site, the gateway and a few calls at a time
	maxHeader      = 256 << 10 // bytes
)

// newTransport is for a client that was given none. It shares nothing with
// whatever else in the process speaks HTTP.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialLimit}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    handshakeLimit,
		ForceAttemptHTTP2:      true, // a TLS configuration of one's own turns it off
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleLimit,
		MaxResponseHeaderBytes: maxHeader,
	}
}
