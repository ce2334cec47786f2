package jira

import (
	"context"
	"encoding/json"
	"net/url"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// maxGroups bounds a list of groups, in bytes.
const maxGroups = 4 << 20

// groupCalls is how many people are asked about at the same time.
const groupCalls = 4

// GroupsOf returns the names of the groups of each of these people, by their ids.
// It fails where those of one of them cannot be read: class Auth where this
// account may not see them, class Ticket for an outage.
func (c *Client) GroupsOf(ctx context.Context, people []ticket.Person) (map[string][]string, error) {
	me, err := c.identify(ctx, false)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	groups := make(map[string][]string, len(people))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(groupCalls)
	for _, p := range people {
		g.Go(func() error {
			names, err := c.groupsOf(ctx, me, p)
			mu.Lock()
			defer mu.Unlock()
			groups[p.ID] = names
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return groups, nil
}

func (c *Client) groupsOf(ctx context.Context, me identity, p ticket.Person) ([]string, error) {
	absent := fault.New(fault.Auth, "Jira at %s does not tell the groups of %s", c.host, c.harmless(p.Name)).
		WithHint("the policy asks for them; this account needs the global permission Browse users and groups")
	call := call{subject: "the groups of " + c.harmless(p.Name), scope: "read:jira-user", limit: maxGroups, absent: absent}
	if c.edition == Cloud {
		call.path = "rest/api/2/user/groups?" + url.Values{"accountId": {p.ID}}.Encode()
	} else {
		call.path = "rest/api/2/user?" + url.Values{"key": {p.ID}, "expand": {"groups"}}.Encode()
	}
	a, err := c.attempt(ctx, me.answer.endpoint, call)
	if err != nil {
		return nil, err
	}
	if err := c.believe(call, a, me); err != nil {
		return nil, err
	}
	if c.edition == Cloud {
		return c.cloudGroups(call, a.body)
	}
	var w wirePerson
	if err := json.Unmarshal(a.body, &w); err != nil {
		return nil, c.odd(call, c.shape(err))
	}
	if got, ok := w.person(c.edition); !ok || got.ID != p.ID {
		return nil, c.odd(call, "it is about somebody else")
	}
	return c.groups(w)
}

func (c *Client) cloudGroups(call call, body []byte) ([]string, error) {
	var w []wireNamed
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, c.odd(call, c.shape(err))
	}
	names := make([]string, 0, len(w))
	for _, g := range w {
		if g.Name != "" {
			names = append(names, g.Name)
		}
	}
	return names, nil
}
