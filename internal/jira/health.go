package jira

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/ticket"
)

// Health is what can be told about the connection to Jira.
type Health struct {
	Site    string // base URL that the configuration names
	Base    string // base URL at which the token is accepted
	Gateway bool   // Base is Atlassian's gateway for scoped tokens
	Edition Edition
	Account ticket.Principal // without groups

	// Skew is how far Jira's clock is ahead of ours, to the second; it is known
	// where Jira sent a date.
	Skew      time.Duration
	SkewKnown bool
	// TokenExpires is when the token ends, where an answer tells it. Neither
	// edition is known to, so it is zero: not known.
	TokenExpires time.Time
	// RateLimit are the headers about how many requests are left, if any.
	RateLimit map[string]string
}

// Health asks Jira anew who we are and tells what its answer shows. The errors
// are those of Whoami.
func (c *Client) Health(ctx context.Context) (Health, error) {
	c.Refresh()
	id, err := c.identify(ctx, false)
	if err != nil {
		return Health{}, err
	}
	a := id.answer
	h := Health{
		Site: c.site, Base: a.endpoint.base, Gateway: a.endpoint.gateway,
		Edition: c.edition, Account: id.principal, RateLimit: map[string]string{},
	}
	h.Account.Groups = nil
	if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
		h.Skew, h.SkewKnown = date.Sub(a.at).Round(time.Second), true
	}
	for name := range a.header {
		if strings.HasPrefix(name, "X-Ratelimit-") {
			h.RateLimit[name] = c.harmless(a.header.Get(name))
		}
	}
	return h, nil
}

// Warm opens a connection to where the token was accepted last. It does not
// send the token, and reports nothing: a connection that cannot be opened shows
// in the call that needs it.
func (c *Client) Warm(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	base := c.route.current().base
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, base+"/rest/api/2/serverInfo", nil)
	if err != nil {
		return
	}
	resp, err := c.opts.Transport.RoundTrip(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxTenant))
	_ = resp.Body.Close()
}
