// Package access has the use cases: request access, say what a ticket unlocks,
// and what is in force. It declares the ports that they need; adapters
// implement them and never import this package.
package access

import (
	"context"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

// Tickets asks the ticket system. Both methods may be called at the same time,
// and each fails with a fault.Error: class Auth where Jira did not accept who
// we are or answered anonymously, class Ticket for everything about the ticket
// and for an outage.
type Tickets interface {
	// Whoami returns the account that the token belongs to, with its groups
	// when groups is true. Its ID is never empty.
	Whoami(ctx context.Context, groups bool) (ticket.Principal, error)
	// Lookup returns the ticket with exactly these fields. ID, Key and Project
	// are never empty in a nil-error result. A status without an id or a category,
	// and an assignee without an id, are not in Present, so that the policy denies.
	Lookup(ctx context.Context, key ticket.Key, fields []ticket.Field) (ticket.Ticket, error)
}

// Statuses is an optional ability of Tickets: the list of all statuses, for
// policies that name a status where Jira sends no untranslated name.
type Statuses interface {
	// StatusIDs returns, for each of names, the ids that carry it among global
	// statuses and those of the project with this id.
	StatusIDs(ctx context.Context, projectID string, names []string) (map[string][]string, error)
}

// Groups is an optional ability of Tickets: the groups of others, for policies that
// demand that a member of one did something.
type Groups interface {
	// GroupsOf returns the names of all groups of each of people, by their ids. It
	// fails where it cannot tell all of somebody's.
	GroupsOf(ctx context.Context, people []ticket.Person) (map[string][]string, error)
}

// Refresher is an optional ability of Tickets: forget who we are, so that the
// next question asks Jira again.
type Refresher interface {
	Refresh()
}

// Warmer is an optional ability of any adapter: open its connections now, so
// that a later call costs one round trip. It reports nothing; a connection
// that cannot be opened shows in the call that needs it.
type Warmer interface {
	Warm(ctx context.Context)
}

// Issuer mints credentials of one kind.
type Issuer interface {
	// Prepare settles everything that the audit record tells, caps the lease,
	// and may make read-only calls. It fails with a fault.Error.
	Prepare(ctx context.Context, order credential.Order) (credential.Minting, error)
}

// Callers tells the AWS identity behind the calls.
type Callers interface {
	Caller(ctx context.Context) (audit.Caller, error)
}

// Log is the audit log.
type Log interface {
	// Append returns when the record is durable. It fails with a fault.Error of
	// class Audit. Writer is the name of a chain, as audit.EscapeID makes it.
	Append(ctx context.Context, writer string, event audit.Event) (audit.Ref, error)
}

// Chronicle is an optional ability of a Log: read back what was written, for
// policies with limits.
type Chronicle interface {
	// Since returns the records on a writer's chain, its continuations included,
	// whose time is not before from. It fails with a fault.Error of class Audit where
	// one of them cannot be read.
	Since(ctx context.Context, writer string, from time.Time) ([]audit.Record, error)
}

// Wallet keeps the grants in force on this machine.
type Wallet interface {
	// Put seals and keeps a credential; it is durable when Put returns.
	Put(ctx context.Context, held credential.Held, cred credential.Credential) error
	// List returns the grants that have not expired at now, soonest expiry
	// first, without opening any secret.
	List(ctx context.Context, now time.Time) ([]credential.Held, error)
	// Open returns the secret of a grant. It fails with class NoGrant where
	// the wallet does not hold it.
	Open(ctx context.Context, id grant.ID) (credential.Credential, error)
	// Remove forgets a grant; it is no error if it is not there.
	Remove(ctx context.Context, id grant.ID) error
}

// Readier is an optional ability of a Wallet: find out whether a credential
// could be kept, before one is minted that would then be lost.
type Readier interface {
	Ready(ctx context.Context) error
}

// KeyAgent is where an SSH key is put for other programs to use, for no longer
// than its certificate holds.
type KeyAgent interface {
	Add(ctx context.Context, key *credential.SSH, now time.Time) error
}
