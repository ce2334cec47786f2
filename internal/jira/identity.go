package jira

import (
	"context"
	"net/url"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// identity is the account that an endpoint answers to our token.
type identity struct {
	principal ticket.Principal
	login     string // Data Center's user name, which its headers tell
	answer    answer // its headers; the body is dropped
}

// Whoami returns the account that the token belongs to, with its groups when
// groups is true. What it learns is kept for the client's life; see Refresh.
// The error is of class Auth where Jira did not accept who we are, of class
// Ticket for an outage, and of class Cancelled where ctx was.
func (c *Client) Whoami(ctx context.Context, groups bool) (ticket.Principal, error) {
	id, err := c.identify(ctx, groups)
	if err != nil {
		return ticket.Principal{}, err
	}
	p := id.principal
	if !groups {
		p.Groups = nil
	}
	return p, nil
}

// askMyself makes the call behind Whoami.
func (c *Client) askMyself(ctx context.Context, groups bool) (identity, error) {
	call := call{subject: "who we are", path: "rest/api/2/myself", scope: "read:jira-user", limit: maxMyself, who: true}
	if groups {
		call.path += "?expand=groups"
	}
	a, err := c.get(ctx, call)
	if err != nil {
		return identity{}, err
	}
	if err := c.refusal(call, a); err != nil {
		return identity{}, err
	}
	id, err := c.decodeMyself(call, a.body, groups)
	if err != nil {
		return identity{}, err
	}
	a.body = nil
	id.answer = a
	return id, c.sameAccount(a, id)
}

// sameAccount refuses an answer that was given to another account than id, as
// far as its headers tell: X-AAccountId on Cloud, X-AUSERNAME on Data Center.
// Both come with % escapes where the value has odd characters.
func (c *Client) sameAccount(a answer, id identity) error {
	header, want, same := "X-AUSERNAME", id.login, strings.EqualFold
	if c.edition == Cloud {
		header, want, same = "X-AAccountId", id.principal.ID, func(x, y string) bool { return x == y }
	}
	for _, got := range a.header.Values(header) {
		plain, err := url.PathUnescape(got)
		if err != nil {
			plain = got
		}
		spaced, err := url.QueryUnescape(got)
		if err != nil {
			spaced = got
		}
		if got == "" || want == "" || same(got, want) || same(plain, want) || same(spaced, want) {
			continue
		}
		return fault.New(fault.Auth, "Jira at %s gave one answer to %s and another to %s", c.host, c.harmless(want), c.harmless(plain)).
			WithHint("a proxy or a cache may be mixing up accounts; nothing that it says can be trusted until that is mended")
	}
	return nil
}

// Refresh forgets who we are, so that the next call asks again. A process that
// lives longer than a request calls it before each.
func (c *Client) Refresh() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.known)
	clear(c.flights) // those under way finish for who waits, and are not kept
}
