// Package trial runs a policy against cases: tickets, people and times that are
// written down, with what the policy must say about them. What decides is the
// policy's own Decide; there is no second reading of the rules here.
package trial

import (
	"time"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// File is one file of cases.
type File struct {
	Name  string
	Cases []*Case
}

// Case is one ticket, seen by one principal at one time.
type Case struct {
	Name   string
	File   string
	Line   int
	Col    int
	Expect []Expectation // in the order of the file

	ticket    draft
	people    people
	principal string
	owner     string // who the ticket is assigned to unless it says so
	at        time.Time
	ttl       time.Duration
	reason    string
}

// Everything, as the entitlement of an expectation, stands for all those that the
// case does not name.
const Everything = "*"

// Expectation is what a decision must be. What is left at its zero value may be
// anything.
type Expectation struct {
	Entitlement string
	Allow       bool
	Reasons     []string      // of a denial: the codes that must fail, sorted; nil is any
	TTL         time.Duration // of an allow
	NotAfter    time.Time     // of an allow
	line, col   int
}

// The defaults of a case. A fixed time makes a case say the same for ever, and
// somebody else than the principal did whatever was done to the ticket.
const (
	defaultPrincipal = "ada"
	defaultAuthor    = "somebody"
	defaultKey       = "TEST-1"
	defaultID        = "10001"
)

func defaultAt() time.Time { return time.Date(2026, time.January, 5, 12, 0, 0, 0, time.UTC) }

func defaultStatus() ticket.Status {
	return ticket.Status{ID: "3", Name: "In Progress", Untranslated: "In Progress", Category: "indeterminate"}
}

// Input is what the policy decides about: the case, as Jira would answer what
// this policy asks of it.
func (c *Case) Input(p *policy.Policy) policy.Input {
	who := c.people.find(c.principal)
	in := policy.Input{
		Ticket:    c.ticket.build(c),
		Principal: ticket.Principal{Person: who.Person, Groups: append([]string{}, who.groups...)},
		Earlier:   []policy.Earlier{}, // nothing was given before
		TTL:       c.ttl, Reason: c.reason, At: c.at,
	}
	for _, f := range p.Needs().Fields {
		in.Ticket.Present[f] = true
	}
	for _, f := range c.ticket.unanswered {
		delete(in.Ticket.Present, f)
	}
	in.AuthorGroups = map[string][]string{}
	for _, author := range p.Authors(in.Ticket) {
		in.AuthorGroups[author.ID] = c.people.find(author.ID).groups
	}
	return in
}
