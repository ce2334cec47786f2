package jira

import (
	"context"
	"regexp"
	"slices"
	"sync"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// fieldPattern is what a field's id may be; a wildcard or an exclusion, which
// Jira takes too, would change what is asked for.
var fieldPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
})

// always are the fields without which a ticket cannot be judged. The last two
// tell that an issue was archived; a Jira that cannot archive leaves them out.
func always() []ticket.Field {
	return []ticket.Field{ticket.FieldProject, ticket.FieldStatus, archivedDate, archivedBy}
}

// expansion asks for the changelog, and for the names by which Data Center calls
// custom fields in it.
const expansion = "changelog,names"

// Lookup returns the ticket with these fields, the project and the status. It
// also asks who we are, at the same time, and returns only an answer that was
// given to that account. The key is Jira's own, which differs from the one
// asked for where the issue was moved.
//
// The error is of class Ticket for everything about the ticket and for an
// outage, of class Auth where Jira did not accept who we are, and of class
// Cancelled where ctx was.
func (c *Client) Lookup(ctx context.Context, key ticket.Key, fields []ticket.Field) (ticket.Ticket, error) {
	call, wanted, err := c.issueCall(key, fields)
	if err != nil {
		return ticket.Ticket{}, err
	}
	var (
		wg       sync.WaitGroup
		issue    answer
		issueErr error
	)
	wg.Go(func() { issue, issueErr = c.get(ctx, call) })
	me, err := c.identify(ctx, false)
	wg.Wait()
	if err != nil { // why the token is no good explains whatever the issue's answer was
		return ticket.Ticket{}, err
	}
	// The two calls can end at different endpoints: a scoped token at the site
	// itself is nobody, to whom a ticket is not found. Where we are somebody
	// is the place to ask.
	if issueErr == nil && issue.endpoint != me.answer.endpoint {
		issue, issueErr = c.attempt(ctx, me.answer.endpoint, call)
	}
	if issueErr != nil {
		return ticket.Ticket{}, issueErr
	}
	if err := c.believe(call, issue, me); err != nil {
		return ticket.Ticket{}, err
	}
	t, w, err := c.decodeIssue(call, issue, wanted)
	if err != nil || !slices.Contains(wanted, ticket.FieldHistory) {
		return t, err
	}
	if err := c.history(ctx, call, w.Changelog, w.Names, me, &t); err != nil {
		return ticket.Ticket{}, err
	}
	return t, nil
}

// believe refuses an answer that is an error, or was not given to us.
func (c *Client) believe(call call, a answer, me identity) error {
	if err := c.refusal(call, a); err != nil {
		return err
	}
	return c.sameAccount(a, me)
}

// issueCall is the request for an issue, and the fields that it asks for.
func (c *Client) issueCall(key ticket.Key, fields []ticket.Field) (call, []ticket.Field, error) {
	key, err := ticket.ParseKey(string(key)) // it becomes a part of a path
	if err != nil {
		return call{}, nil, err
	}
	wanted, err := wantedFields(fields)
	if err != nil {
		return call{}, nil, err
	}
	path := "rest/api/2/issue/" + string(key) + "?fields=" + joined(wanted)
	limit := int64(maxIssue)
	if slices.Contains(wanted, ticket.FieldHistory) {
		path, limit = path+"&expand="+expansion, maxHistoryLen
	}
	if c.edition == Cloud { // else a field that fails to load is silently missing
		path += "&failFast=true"
	}
	return call{
		subject: "the ticket " + string(key), path: path, scope: "read:jira-work", limit: limit,
		absent: fault.New(fault.Ticket, "%s does not exist at %s, or this account may not see it", key, c.host).
			WithHint("check the key; if it is right, ask for permission to browse the project %s", key.Project()),
	}, wanted, nil
}
