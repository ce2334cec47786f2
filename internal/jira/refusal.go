package jira

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

// refusal is the error that an answer amounts to, or nil where it is a JSON
// body that was given to somebody who logged in. What the ticket lacks or Jira
// fails at is of class Ticket; who we are, of class Auth.
func (c *Client) refusal(call call, a answer) error {
	switch {
	case a.loginReason("AUTHENTICATION_DENIED"), strings.Contains(a.header.Get("X-Authentication-Denied-Reason"), "CAPTCHA"):
		return fault.New(fault.Auth, "Jira at %s wants a CAPTCHA solved before this account may log in again", c.host).
			WithHint("log in once with a browser at %s, then try again", c.site)
	case a.status >= 300 && a.status <= 399:
		return c.redirected(a)
	case a.missingScope():
		return fault.New(fault.Auth, "the token lacks the scope %s that Jira wants for %s", call.scope, call.subject).
			WithHint("make a token with the scopes read:jira-user and read:jira-work, then run: jit login")
	case a.status == http.StatusUnauthorized:
		return c.say(fault.Auth, a, "Jira at %s does not accept the token; it is wrong, expired or revoked", c.host).WithHint("%s", c.newToken())
	case a.status == http.StatusTooManyRequests:
		return c.throttled(a)
	case a.status < 500 && c.anonymous(a):
		return c.strangers()
	case a.status == http.StatusForbidden:
		return c.say(fault.Auth, a, "Jira at %s forbids this account %s", c.host, call.subject).
			WithHint("the account may lack access to Jira, or an allowlist of addresses may keep this network out")
	case a.status == http.StatusNotFound || a.status == http.StatusGone:
		return c.absent(call, a)
	case a.status >= 500:
		return c.say(fault.Ticket, a, "Jira at %s does not work at the moment (%d)", c.host, a.status).
			WithHint("try again later; for Cloud see https://status.atlassian.com")
	case !a.ok():
		return c.say(fault.Ticket, a, "Jira at %s refused to tell %s (%d)", c.host, call.subject, a.status)
	}
	return c.notJSON(call, a)
}

// anonymous reports that an answer was given to nobody in particular.
func (c *Client) anonymous(a answer) bool {
	return a.loginReason("AUTHENTICATED_FAILED") || a.loginReason("AUTHORISATION_FAILED") ||
		slices.ContainsFunc(a.header.Values("X-AUSERNAME"), func(v string) bool { return strings.EqualFold(v, "anonymous") })
}

func (c *Client) strangers() *fault.Error {
	return fault.New(fault.Auth, "Jira at %s answered as to somebody who is not logged in; the token is wrong, expired or revoked", c.host).
		WithHint("%s", c.newToken())
}

// newToken says where a token comes from.
func (c *Client) newToken() string {
	if c.edition == Cloud {
		return "make a new token at https://id.atlassian.com/manage-profile/security/api-tokens for the account in jira.email, then run: jit login"
	}
	return "make a new personal access token in your profile at " + c.site + ", then run: jit login"
}

// say adds Jira's own words to a message, where it has some.
func (c *Client) say(class fault.Class, a answer, format string, args ...any) *fault.Error {
	e := fault.New(class, format, args...)
	if words := c.wording(a); words != "" {
		e.Msg += fmt.Sprintf(" (Jira says: %s)", words)
	}
	return e
}

func (c *Client) absent(call call, a answer) error {
	if call.absent != nil {
		return call.absent
	}
	return fault.New(fault.Ticket, "%s does not answer like Jira (%d)", c.harmless(a.endpoint.base), a.status).
		WithHint("see that jira.url is right, with its context path, such as https://host/jira")
}

func (c *Client) throttled(a answer) error {
	e := fault.New(fault.Ticket, "Jira at %s has had too many requests from this account", c.host)
	if wait := retryAfter(a.header, a.at); wait > 0 {
		return e.WithHint("it asks to be left alone for %s", wait)
	}
	return e.WithHint("try again in a few minutes")
}

func (c *Client) redirected(a answer) error {
	to := "elsewhere"
	if u, err := url.Parse(a.header.Get("Location")); err == nil && u.Host != "" {
		to = "to " + c.harmless(u.Host)
	}
	return fault.New(fault.Ticket, "Jira at %s sends us on %s (%d), where the token does not go", c.host, to, a.status).
		WithHint("if Jira has moved, set jira.url to its new address; if it is a login page, the way to Jira needs more than a token")
}

// notJSON is the error of a successful answer that is no JSON, or nil.
func (c *Client) notJSON(call call, a answer) error {
	body := bytes.TrimSpace(a.body)
	html := bytes.HasPrefix(body, []byte("<")) || strings.Contains(strings.ToLower(a.header.Get("Content-Type")), "html")
	switch {
	case html:
		return fault.New(fault.Ticket, "Jira at %s sent a web page instead of %s", c.host, call.subject).
			WithHint("a login page or a proxy stands before Jira; see that jira.url is right and what it shows in a browser")
	case len(body) == 0 || bytes.Equal(body, []byte("null")) || bytes.Equal(body, []byte("{}")):
		return c.empty(call)
	case !json.Valid(body):
		return c.cutOff(call)
	}
	return nil
}

func (c *Client) empty(call call) error {
	if call.who {
		return fault.New(fault.Auth, "Jira at %s did not say who we are", c.host).WithHint("%s", c.newToken())
	}
	return fault.New(fault.Ticket, "Jira at %s sent an empty answer instead of %s", c.host, call.subject).
		WithHint("try again; if it stays so, a proxy may be changing what Jira sends")
}

func (c *Client) cutOff(call call) error {
	return fault.New(fault.Ticket, "what Jira at %s sent for %s is cut off or not JSON", c.host, call.subject).
		WithHint("try again; if it stays so, a proxy may be changing what Jira sends")
}

func (c *Client) tooLong(call call) error {
	return fault.New(fault.Ticket, "what Jira at %s sent for %s is over the limit of %s", c.host, call.subject, size(call.limit)).
		WithHint("a field that the policy asks for may be too large, or jira.url may lead elsewhere")
}

func (c *Client) odd(call call, what string) error {
	return fault.New(fault.Ticket, "Jira at %s sent %s in a shape that is not understood: %s", c.host, call.subject, what).
		WithHint("see that jira.url is right; if it is, please report this")
}

// size writes a limit in bytes.
func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
