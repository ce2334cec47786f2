// Package jira asks Jira who we are and what a ticket says: Cloud with a
// classic or a scoped API token, and Data Center with a personal access token.
// It trusts an answer only where it is known which account it was given to.
package jira

import (
	"context"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/credential"
)

// DefaultGateway is where Atlassian serves scoped tokens.
const DefaultGateway = "https://api.atlassian.com"

// DefaultTimeout bounds one request, from the dial to the end of the body.
const DefaultTimeout = 20 * time.Second

// Edition is the kind of Jira, which decides what identifies a person.
type Edition string

// The editions.
const (
	Cloud      Edition = "Cloud"       // people are known by accountId
	DataCenter Edition = "Data Center" // people are known by key
)

// Options say where Jira is and who asks.
type Options struct {
	// URL is the site, context path included: https://acme.atlassian.net or
	// https://host/jira.
	URL string
	// Email, where set, makes the edition Cloud (Basic e-mail:token); without
	// it the edition is Data Center (a personal access token as Bearer).
	Email string
	Token credential.Secret

	// Gateway serves scoped tokens; "" takes DefaultGateway. It is tried after
	// a 401 from *.atlassian.net, and after a 401 from any site where
	// GatewayExplicit says that the configuration names it.
	Gateway         string
	GatewayExplicit bool
	// CloudIDs remembers that a site's token works at the gateway only; nil
	// finds it out anew in each process.
	CloudIDs CloudIDs

	// Transport carries the requests; nil takes one that honours
	// HTTPS_PROXY and its like, and needs TLS 1.2.
	Transport http.RoundTripper
	// Timeout bounds one request; zero takes DefaultTimeout.
	Timeout time.Duration
	Now     func() time.Time // required
	// Sleep waits for d or until ctx ends, whose error it then returns; nil
	// waits on a timer.
	Sleep func(ctx context.Context, d time.Duration) error
	// Notice is told why something takes long; nil tells nobody.
	Notice func(string)
}

// Client is a connection to one Jira site as one account. It is safe for
// concurrent use, and keeps nothing of the answers but who we are.
type Client struct {
	opts    Options
	site    string // base URL without a trailing slash
	host    string // for messages
	edition Edition
	secrets []credential.Secret // what must not show in a message
	route   *route

	mu      sync.Mutex
	known   map[bool]identity // by whether it has the groups
	flights map[bool]*flight
}

// New checks the options and returns a client; it makes no request. The error
// is of class Config, or of class Auth where the token is missing or unusable.
func New(opts Options) (*Client, error) {
	site, err := checkURL("jira.url", opts.URL)
	if err != nil {
		return nil, err
	}
	edition := DataCenter
	if opts.Email != "" {
		edition = Cloud
	}
	if opts.Gateway == "" {
		opts.Gateway = DefaultGateway
	}
	gateway, err := checkURL("jira.gateway", opts.Gateway)
	if err != nil {
		return nil, err
	}
	if err := checkIdentity(opts, site); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	c := &Client{
		opts: opts, site: site.String(), host: site.Host, edition: edition,
		secrets: secretForms(opts),
		known:   map[bool]identity{}, flights: map[bool]*flight{},
	}
	c.route, err = newRoute(opts, site, gateway)
	return c, err
}

// Site is the base URL of the Jira site, without a trailing slash.
func (c *Client) Site() string { return c.site }

// Edition is the edition that the configuration says.
func (c *Client) Edition() Edition { return c.edition }

// Close closes the connections that are idle.
func (c *Client) Close() {
	if t, ok := c.opts.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

func (c *Client) notice(text string) {
	if c.opts.Notice != nil {
		c.opts.Notice(text)
	}
}

func (o Options) withDefaults() Options {
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	return o
}

// secretForms are the shapes in which a server could send our own secret back;
// how their characters may be escaped is credential.Secret's to know.
func secretForms(o Options) []credential.Secret {
	token := o.Token.Reveal()
	forms := []credential.Secret{o.Token}
	if o.Email != "" {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			forms = append(forms, credential.NewSecret(encoding.EncodeToString([]byte(o.Email+":"+token))))
		}
	}
	return forms
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
