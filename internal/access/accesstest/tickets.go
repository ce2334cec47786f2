package accesstest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

var (
	_ access.Tickets  = (*Tickets)(nil)
	_ access.Statuses = (*Tickets)(nil)
	_ access.Groups   = (*Tickets)(nil)
	_ TicketWorld     = (*Tickets)(nil)
)

// Ada is the principal that the fake begins with.
func Ada() ticket.Principal {
	return ticket.Principal{Person: ticket.Person{ID: "712020:ada", Name: "Ada Lovelace", Type: "atlassian"}}
}

func bob() *ticket.Person {
	return &ticket.Person{ID: "712020:bob", Name: "Bob", Type: "atlassian"}
}

// OPS7 is a ticket in progress that bob reported and ada works on, with every
// field that jit knows.
func OPS7() ticket.Ticket {
	ada := Ada().Person
	return ticket.Ticket{
		ID: "10007", Key: "OPS-7", ProjectID: "10000", Project: "OPS",
		Type: "Incident", TypeID: "10100", Summary: "The payments database is slow",
		Status:   ticket.Status{ID: "3", Name: "In Arbeit", Untranslated: "In Progress", Category: "indeterminate"},
		Priority: "P1", Labels: []string{"prod-access", "urgent"}, Components: []string{"payments"},
		Assignee: &ada, Reporter: bob(), Creator: bob(),
		History: &ticket.History{Changes: []ticket.Change{
			{Field: ticket.FieldAssignee, To: ada.ID, By: bob(), At: time.Date(2026, 3, 1, 8, 10, 0, 0, time.UTC)},
			{Field: ticket.FieldStatus, From: "1", To: "3", By: bob(), At: time.Date(2026, 3, 1, 8, 20, 0, 0, time.UTC)},
		}},
		Created: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC),
		Updated: time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC),
		Due:     time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC),
		Custom:  map[ticket.Field]any{"customfield_10101": "2026-03-02T09:00:00.000+0000"},
		Site:    "https://acme.atlassian.net",
		URL:     "https://acme.atlassian.net/browse/OPS-7",
	}
}

// LookupCall is one call of Lookup that reached the fake.
type LookupCall struct {
	Key    ticket.Key
	Fields []ticket.Field
}

// Tickets is an in-memory access.Tickets and access.Statuses that begins with
// ada as the principal and no tickets. It is safe for concurrent use.
type Tickets struct {
	mu        sync.Mutex
	principal ticket.Principal
	tickets   map[ticket.Key]ticket.Ticket
	statuses  []ticket.Status
	groups    map[string][]string
	omitted   map[ticket.Field]bool
	whoami    error
	lookup    error
	listing   error
	lookups   []LookupCall
	searches  []ticket.Search
	asked     []bool
}

// NewTickets returns the fake.
func NewTickets() *Tickets {
	return &Tickets{principal: Ada(), tickets: map[ticket.Key]ticket.Ticket{}, groups: map[string][]string{}, omitted: map[ticket.Field]bool{}}
}

// SetPrincipal makes p the account that the token belongs to.
func (f *Tickets) SetPrincipal(p ticket.Principal) { f.set(func() { f.principal = p }) }

// Put makes a ticket visible under its key, with all that it has.
func (f *Tickets) Put(t ticket.Ticket) { f.Move(t.Key, t) }

// Move makes whoever asks for from get t, as after a move between projects.
func (f *Tickets) Move(from ticket.Key, t ticket.Ticket) { f.set(func() { f.tickets[from] = t }) }

// Omit leaves a field out of every answer, as a Jira that fails to load it.
func (f *Tickets) Omit(field ticket.Field) { f.set(func() { f.omitted[field] = true }) }

// SetStatuses sets the list that StatusIDs searches.
func (f *Tickets) SetStatuses(list ...ticket.Status) { f.set(func() { f.statuses = list }) }

// SetGroups sets the groups of a person.
func (f *Tickets) SetGroups(person string, groups ...string) {
	f.set(func() { f.groups[person] = groups })
}

// Outage makes every later call fail as when Jira is down.
func (f *Tickets) Outage() {
	err := fault.New(fault.Ticket, "the fake Jira does not work at the moment").WithHint("mend it")
	f.FailWhoami(err)
	f.FailLookup(err)
	f.set(func() { f.listing = err })
}

// RejectToken makes every later call fail as with an expired token.
func (f *Tickets) RejectToken() {
	err := fault.New(fault.Auth, "the fake Jira does not accept the token").WithHint("run: jit login")
	f.FailWhoami(err)
	f.FailLookup(err)
	f.set(func() { f.listing = err })
}

// FailWhoami makes every later Whoami return err; nil mends it.
func (f *Tickets) FailWhoami(err error) { f.set(func() { f.whoami = err }) }

// FailLookup makes every later Lookup return err; nil mends it.
func (f *Tickets) FailLookup(err error) { f.set(func() { f.lookup = err }) }

// Lookups returns the calls of Lookup so far, refused ones included.
func (f *Tickets) Lookups() []LookupCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.lookups)
}

// Whoamis returns, for each call of Whoami so far, whether it asked for groups.
func (f *Tickets) Whoamis() []bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

func (f *Tickets) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// Whoami returns the principal, with groups only where they are asked for.
func (f *Tickets) Whoami(ctx context.Context, groups bool) (ticket.Principal, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, groups)
	if err := cmp.Or(stopped(ctx), f.whoami); err != nil {
		return ticket.Principal{}, err
	}
	p := f.principal
	p.Groups = nil
	if groups {
		p.Groups = append([]string{}, f.principal.Groups...)
	}
	return p, nil
}

// Lookup returns the ticket that was put under the key, cut to the fields.
func (f *Tickets) Lookup(ctx context.Context, key ticket.Key, fields []ticket.Field) (ticket.Ticket, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lookups = append(f.lookups, LookupCall{Key: key, Fields: slices.Clone(fields)})
	parsed, malformed := ticket.ParseKey(string(key))
	if err := cmp.Or(stopped(ctx), malformed, f.lookup); err != nil {
		return ticket.Ticket{}, err
	}
	t, ok := f.tickets[parsed]
	if !ok {
		return ticket.Ticket{}, fault.New(fault.Ticket, "%s does not exist, or this account may not see it", parsed).
			WithHint("check the key")
	}
	return f.cut(t, fields), nil
}

// StatusIDs searches the list that SetStatuses set.
func (f *Tickets) StatusIDs(ctx context.Context, projectID string, names []string) (map[string][]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := cmp.Or(stopped(ctx), f.listing); err != nil {
		return nil, err
	}
	ids := map[string][]string{}
	for _, name := range names {
		ids[name] = nil
		for _, s := range f.statuses {
			if cmp.Or(s.Untranslated, s.Name) == name && (s.Project == "" || s.Project == projectID) {
				ids[name] = append(ids[name], s.ID)
			}
		}
	}
	return ids, nil
}

// GroupsOf returns what SetGroups set.
func (f *Tickets) GroupsOf(ctx context.Context, people []ticket.Person) (map[string][]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := cmp.Or(stopped(ctx), f.listing); err != nil {
		return nil, err
	}
	groups := map[string][]string{}
	for _, p := range people {
		groups[p.ID] = append([]string{}, f.groups[p.ID]...)
	}
	return groups, nil
}

// cut returns a copy of t with no more than the fields, the project and the
// status; the caller holds the lock.
func (f *Tickets) cut(t ticket.Ticket, fields []ticket.Field) ticket.Ticket {
	cut := ticket.Ticket{
		ID: t.ID, Key: t.Key, ProjectID: t.ProjectID, Project: t.Project, Archived: t.Archived,
		Site: t.Site, ReadAt: t.ReadAt, URL: t.URL, Present: map[ticket.Field]bool{ticket.FieldProject: true},
	}
	for _, field := range append(slices.Clone(fields), ticket.FieldStatus) {
		if f.omitted[field] || t.Present != nil && !t.Present[field] {
			continue
		}
		cut.Present[field] = true
		copyField(&cut, t, field)
	}
	dropUnknown(&cut)
	return cut
}

// dropUnknown treats what has no id as not answered, which adapters must.
func dropUnknown(t *ticket.Ticket) {
	if t.Status.ID == "" || t.Status.Category == "" {
		delete(t.Present, ticket.FieldStatus)
		t.Status = ticket.Status{Name: t.Status.Name}
	}
	if t.Assignee != nil && t.Assignee.ID == "" {
		delete(t.Present, ticket.FieldAssignee)
		t.Assignee = nil
	}
	if t.Reporter != nil && t.Reporter.ID == "" {
		delete(t.Present, ticket.FieldReporter)
		t.Reporter = nil
	}
	if t.Creator != nil && t.Creator.ID == "" {
		delete(t.Present, ticket.FieldCreator)
		t.Creator = nil
	}
}

func copyField(to *ticket.Ticket, from ticket.Ticket, field ticket.Field) {
	switch field {
	case ticket.FieldSummary:
		to.Summary = from.Summary
	case ticket.FieldType:
		to.Type, to.TypeID = from.Type, from.TypeID
	case ticket.FieldStatus:
		to.Status = from.Status
	case ticket.FieldPriority:
		to.Priority, to.PriorityID = from.Priority, from.PriorityID
	case ticket.FieldLabels:
		to.Labels = slices.Clone(from.Labels)
	case ticket.FieldComponents:
		to.Components = slices.Clone(from.Components)
	case ticket.FieldAssignee:
		to.Assignee = copyPerson(from.Assignee)
	case ticket.FieldReporter:
		to.Reporter = copyPerson(from.Reporter)
	case ticket.FieldCreator:
		to.Creator = copyPerson(from.Creator)
	case ticket.FieldHistory:
		if to.History = nil; from.History != nil {
			h := *from.History
			h.Changes = slices.Clone(h.Changes)
			to.History = &h
		}
	case ticket.FieldCreated:
		to.Created = from.Created
	case ticket.FieldUpdated:
		to.Updated = from.Updated
	case ticket.FieldDue:
		to.Due = from.Due
	case ticket.FieldProject:
	default:
		copyCustom(to, from, field)
	}
}

// copyCustom takes a custom field over; one that the ticket lacks was not
// answered, as by a Jira that does not have it.
func copyCustom(to *ticket.Ticket, from ticket.Ticket, field ticket.Field) {
	v, ok := from.Custom[field]
	if !ok {
		delete(to.Present, field)
		return
	}
	custom := maps.Clone(to.Custom)
	if custom == nil {
		custom = map[ticket.Field]any{}
	}
	custom[field] = v
	to.Custom = custom
}

func copyPerson(p *ticket.Person) *ticket.Person {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

func stopped(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Cancelled, err, "stopped while the fake Jira was asked")
	}
	return nil
}
