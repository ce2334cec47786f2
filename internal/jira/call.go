package jira

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/fault"
)

// The largest bodies that are read, after decompression. A narrow issue is a
// few kilobytes; a site's list of statuses can be a megabyte.
const (
	maxIssue    = 4 << 20
	maxMyself   = 1 << 20
	maxStatuses = 4 << 20
	maxTenant   = 64 << 10
)

// call is one GET of the REST API.
type call struct {
	subject string // what is asked for, for messages: "the ticket OPS-7"
	path    string // below the base URL, with its query
	scope   string // what a scoped token needs for it
	limit   int64  // of the body, in bytes
	who     bool   // it asks who we are, not about a ticket
	absent  error  // for 404; nil where 404 means a wrong base URL
}

// answer is a response whose body was read whole.
type answer struct {
	endpoint *endpoint
	status   int
	header   http.Header
	body     []byte
	at       time.Time // when the response's header had arrived
}

// ok reports a status of success.
func (a answer) ok() bool { return a.status >= 200 && a.status <= 299 }

// unauthorized reports that the token was not accepted, which Jira also tells
// in a header beside an answer to anybody, with any status.
func (a answer) unauthorized() bool {
	if a.status == http.StatusUnauthorized {
		return !a.missingScope()
	}
	return a.loginReason("AUTHENTICATED_FAILED")
}

// missingScope reports the gateway's refusal of a token that it does know.
func (a answer) missingScope() bool {
	return (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden) &&
		strings.Contains(strings.ToLower(string(a.body)), "scope does not match")
}

// isAbout reports a refusal that speaks of what the call asks for, and so says
// more than that the token was not accepted.
func (a answer) isAbout(call call) bool {
	return a.missingScope() || a.status == http.StatusForbidden ||
		a.status == http.StatusNotFound && call.absent != nil
}

// loginReason reports whether Seraph, Jira's login filter, gave the reason. The
// header may come several times, or hold a list.
func (a answer) loginReason(reason string) bool {
	for _, v := range a.header.Values("X-Seraph-LoginReason") {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(part), reason) {
				return true
			}
		}
	}
	return false
}

// get makes the call where the token is accepted: at the endpoint in use, and
// after a refusal at the other one, if there is one. An answer is not yet one
// to believe; see refusal and sameAccount.
func (c *Client) get(ctx context.Context, call call) (answer, error) {
	e := c.route.current()
	a, err := c.attempt(ctx, e, call)
	if err != nil {
		return answer{}, err
	}
	lost := e.cached && call.who && a.status == http.StatusNotFound
	if !a.unauthorized() && !lost {
		return a, nil
	}
	if e.cached { // the token or the site has changed since: begin anew
		c.route.forget(e)
		return c.get(ctx, call)
	}
	other, err := c.route.other(ctx, c, e)
	if other == nil {
		return a, err
	}
	b, err := c.attempt(ctx, other, call)
	switch {
	case ctx.Err() != nil:
		return answer{}, c.broken(ctx, call, ctx.Err())
	case err != nil:
		return a, nil //nolint:nilerr // the first refusal stands where the gateway cannot be reached
	case b.ok() && !b.unauthorized():
		c.route.settle(other)
		return b, nil
	case b.isAbout(call):
		return b, nil
	}
	return a, nil
}

// attempt makes the call at one endpoint, and again where Jira asks for
// patience or stumbles, a bounded number of times.
func (c *Client) attempt(ctx context.Context, e *endpoint, call call) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, maxTimeouts*c.opts.Timeout)
	defer cancel()
	p := patience{now: c.opts.Now}
	for {
		a, err := c.once(ctx, e, call)
		if err != nil {
			return answer{}, err
		}
		wait, again := p.wait(a)
		if !again {
			return a, nil
		}
		c.notice("Jira answered " + http.StatusText(a.status) + "; asking again in " + wait.Round(time.Second/10).String())
		if err := c.opts.Sleep(ctx, wait); err != nil {
			return answer{}, c.broken(ctx, call, err)
		}
	}
}

// once sends one request and reads its body.
func (c *Client) once(ctx context.Context, e *endpoint, call call) (answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	req, err := e.api.NewRequestWithContext(limited, http.MethodGet, call.path, nil)
	if err != nil {
		return answer{}, fault.Wrap(fault.Internal, err, "make a request for %s", call.subject)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "jit")
	// Do with a nil target leaves the body to us, and its error for a status
	// outside 2xx says less than the response does.
	resp, err := e.api.Do(req, nil)
	if resp == nil {
		return answer{}, c.broken(ctx, call, err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := answer{endpoint: e, status: resp.StatusCode, header: resp.Header, at: c.opts.Now()}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, call.limit+1))
	switch {
	case int64(len(a.body)) > call.limit && a.ok():
		return answer{}, c.tooLong(call)
	case int64(len(a.body)) > call.limit:
		a.body = a.body[:call.limit] // an error's text, of which little is shown
	case errors.Is(err, io.ErrUnexpectedEOF) && a.ok():
		return answer{}, c.cutOff(call)
	case err != nil && a.ok():
		return answer{}, c.broken(ctx, call, err)
	}
	return a, nil
}
