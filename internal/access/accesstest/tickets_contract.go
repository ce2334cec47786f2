package accesstest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// TicketWorld is what lies behind an implementation of access.Tickets, with
// levers. It begins with ada as the principal and no tickets.
type TicketWorld interface {
	SetPrincipal(p ticket.Principal)
	Put(t ticket.Ticket)
	// Move makes whoever asks for from get t.
	Move(from ticket.Key, t ticket.Ticket)
	// Omit leaves a field out of every answer.
	Omit(f ticket.Field)
	// SetStatuses sets the list of all statuses.
	SetStatuses(list ...ticket.Status)
	// SetGroups sets the groups of a person.
	SetGroups(person string, groups ...string)
	// Outage makes every later call fail as when the ticket system is down.
	Outage()
	// RejectToken makes every later call fail as with an expired token.
	RejectToken()
}

// TicketsRig is one implementation with its world.
type TicketsRig struct {
	Tickets access.Tickets
	World   TicketWorld
}

// TicketsContract checks what every access.Tickets promises; new returns a
// fresh rig for each check.
func TicketsContract(t *testing.T, fresh func(t *testing.T) TicketsRig) {
	t.Helper()
	checks := []struct {
		name string
		run  func(*testing.T, TicketsRig)
	}{
		{"the principal has an id and groups where asked", checkWhoami},
		{"a ticket comes with the fields asked for", checkLookup},
		{"a ticket comes without fields that were not asked for", checkNarrow},
		{"a field that does not come is not present", checkOmitted},
		{"an unassigned ticket is present and nobody's", checkUnassigned},
		{"people without an id are nobody", checkNamelessAssignee},
		{"a status without a category is not present", checkStatusWithoutCategory},
		{"the history says who did what, in order", checkHistory},
		{"a history that does not come is not present", checkNoHistory},
		{"people have the groups that they are in", checkGroupsOf},
		{"a moved ticket has its own key", checkMoved},
		{"an archived ticket says so", checkArchived},
		{"a ticket that is not there is refused", checkMissing},
		{"a malformed key is refused", checkMalformedKey},
		{"a rejected token is refused", checkRejected},
		{"an outage is of class Ticket", checkOutage},
		{"a cancelled context stops both calls", checkTicketsCancelled},
		{"calls side by side agree", checkSideBySide},
		{"names of statuses lead to ids", checkStatusIDs},
		{"a search gives own tickets, newest first", checkSearch},
		{"a search stops where it is told to", checkSearchStops},
		{"a search fails as a lookup does", checkSearchFails},
		{"a search with a rejected token fails", checkSearchWithARejectedToken},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, fresh(t)) })
	}
}

// everyField are those that a check asks for when it wants all.
var everyField = []ticket.Field{
	ticket.FieldSummary, ticket.FieldProject, ticket.FieldType, ticket.FieldStatus, ticket.FieldPriority,
	ticket.FieldLabels, ticket.FieldComponents, ticket.FieldAssignee, ticket.FieldReporter,
	ticket.FieldCreated, ticket.FieldUpdated, ticket.FieldDue, "customfield_10101",
}

func lookup(t *testing.T, rig TicketsRig, key ticket.Key, fields ...ticket.Field) ticket.Ticket {
	t.Helper()
	got, err := rig.Tickets.Lookup(t.Context(), key, fields)
	if err != nil {
		t.Fatalf("Lookup(%s): %v", key, err)
	}
	if got.ID == "" || got.Key == "" || got.ProjectID == "" || got.Project == "" || got.Site == "" || got.URL == "" {
		t.Errorf("a part of what every ticket has is empty: %+v", got)
	}
	if got.Has(ticket.FieldStatus) && (got.Status.ID == "" || got.Status.Category == "") {
		t.Errorf("a status that is present lacks its id or category: %+v", got.Status)
	}
	return got
}

func checkWhoami(t *testing.T, rig TicketsRig) {
	p := Ada()
	p.Groups = []string{"sre", "staff"}
	rig.World.SetPrincipal(p)
	for _, groups := range []bool{false, true, false} {
		got, err := rig.Tickets.Whoami(t.Context(), groups)
		if err != nil {
			t.Fatalf("Whoami: %v", err)
		}
		if got.ID != p.ID || got.Name != p.Name {
			t.Errorf("principal %+v, want %+v", got.Person, p.Person)
		}
		if groups && !slices.Equal(got.Groups, p.Groups) || !groups && got.Groups != nil {
			t.Errorf("groups asked for: %t, got %q", groups, got.Groups)
		}
	}
}

func checkLookup(t *testing.T, rig TicketsRig) {
	want := OPS7()
	rig.World.Put(want)
	got := lookup(t, rig, "OPS-7", everyField...)
	for _, f := range everyField {
		if !got.Has(f) {
			t.Errorf("%s is not present", f)
		}
	}
	if got.ID != want.ID || got.Key != want.Key || got.Project != want.Project || got.ProjectID != want.ProjectID {
		t.Errorf("got %s %s of %s %s", got.ID, got.Key, got.ProjectID, got.Project)
	}
	if got.Status != want.Status || got.Type != want.Type || got.TypeID != want.TypeID || got.Priority != want.Priority || got.Summary != want.Summary {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !slices.Equal(got.Labels, want.Labels) || !slices.Equal(got.Components, want.Components) {
		t.Errorf("labels %q, components %q", got.Labels, got.Components)
	}
	if got.Assignee == nil || got.Assignee.ID != want.Assignee.ID || got.Reporter == nil || got.Reporter.ID != want.Reporter.ID {
		t.Errorf("assignee %v, reporter %v", got.Assignee, got.Reporter)
	}
	if !got.Created.Equal(want.Created) || !got.Updated.Equal(want.Updated) || !got.Due.Equal(want.Due) {
		t.Errorf("created %s, updated %s, due %s", got.Created, got.Updated, got.Due)
	}
	if got.Custom["customfield_10101"] != want.Custom["customfield_10101"] {
		t.Errorf("custom fields %v", got.Custom)
	}
	if got.Archived {
		t.Error("archived")
	}
}

func checkNarrow(t *testing.T, rig TicketsRig) {
	rig.World.Put(OPS7())
	got := lookup(t, rig, "OPS-7", ticket.FieldAssignee)
	if got.Assignee == nil || got.Status.ID == "" {
		t.Errorf("assignee %v, status %v", got.Assignee, got.Status)
	}
	for _, f := range []ticket.Field{ticket.FieldSummary, ticket.FieldLabels, ticket.FieldReporter, "customfield_10101"} {
		if got.Has(f) {
			t.Errorf("%s came without being asked for", f)
		}
	}
	if got.Summary != "" || got.Labels != nil || got.Reporter != nil || len(got.Custom) != 0 {
		t.Errorf("more came than was asked for: %+v", got)
	}
}

func checkOmitted(t *testing.T, rig TicketsRig) {
	rig.World.Put(OPS7())
	rig.World.Omit(ticket.FieldLabels)
	rig.World.Omit(ticket.FieldStatus)
	got := lookup(t, rig, "OPS-7", ticket.FieldLabels, ticket.FieldStatus, "customfield_99")
	for _, f := range []ticket.Field{ticket.FieldLabels, ticket.FieldStatus, "customfield_99"} {
		if got.Has(f) {
			t.Errorf("%s is present", f)
		}
	}
}

func checkUnassigned(t *testing.T, rig TicketsRig) {
	unassigned := OPS7()
	unassigned.Assignee = nil
	rig.World.Put(unassigned)
	got := lookup(t, rig, "OPS-7", ticket.FieldAssignee)
	if !got.Has(ticket.FieldAssignee) || got.Assignee != nil {
		t.Errorf("present: %t, assignee %v", got.Has(ticket.FieldAssignee), got.Assignee)
	}
}

func checkNamelessAssignee(t *testing.T, rig TicketsRig) {
	nameless := OPS7()
	nameless.Assignee = &ticket.Person{Name: "Former user"}
	rig.World.Put(nameless)
	got := lookup(t, rig, "OPS-7", ticket.FieldAssignee)
	if got.Has(ticket.FieldAssignee) || got.Assignee != nil {
		t.Errorf("present: %t, assignee %+v", got.Has(ticket.FieldAssignee), got.Assignee)
	}
}

func checkStatusWithoutCategory(t *testing.T, rig TicketsRig) {
	vague := OPS7()
	vague.Status.Category = ""
	rig.World.Put(vague)
	if got := lookup(t, rig, "OPS-7", ticket.FieldStatus); got.Has(ticket.FieldStatus) {
		t.Errorf("status %+v is present", got.Status)
	}
}

func checkHistory(t *testing.T, rig TicketsRig) {
	want := OPS7()
	rig.World.Put(want)
	got := lookup(t, rig, "OPS-7", ticket.FieldHistory, ticket.FieldCreator)
	if !got.Has(ticket.FieldHistory) || got.History == nil || !got.Has(ticket.FieldCreator) || got.Creator == nil || got.Creator.ID != want.Creator.ID {
		t.Fatalf("history %v, creator %v", got.History, got.Creator)
	}
	if len(got.History.Changes) != len(want.History.Changes) {
		t.Fatalf("%d changes, want %d", len(got.History.Changes), len(want.History.Changes))
	}
	for i, w := range want.History.Changes {
		g := got.History.Changes[i]
		if g.Field != w.Field || g.From != w.From || g.To != w.To || !g.At.Equal(w.At) || g.By == nil || g.By.ID != w.By.ID {
			t.Errorf("change %d is %+v, want %+v", i, g, w)
		}
	}
	if got := lookup(t, rig, "OPS-7"); got.Has(ticket.FieldHistory) || got.History != nil {
		t.Error("a history came without being asked for")
	}
}

func checkNoHistory(t *testing.T, rig TicketsRig) {
	rig.World.Put(OPS7())
	rig.World.Omit(ticket.FieldHistory)
	if got := lookup(t, rig, "OPS-7", ticket.FieldHistory); got.Has(ticket.FieldHistory) || got.History != nil {
		t.Errorf("history %+v", got.History)
	}
}

func checkGroupsOf(t *testing.T, rig TicketsRig) {
	groups, ok := rig.Tickets.(access.Groups)
	if !ok {
		t.Skip("it knows no groups of others")
	}
	rig.World.SetGroups("712020:bob", "leads", "sre")
	bob, carol := ticket.Person{ID: "712020:bob", Name: "Bob"}, ticket.Person{ID: "712020:carol", Name: "Carol"}
	got, err := groups.GroupsOf(t.Context(), []ticket.Person{bob, carol})
	if err != nil || !slices.Equal(got[bob.ID], []string{"leads", "sre"}) || got[carol.ID] == nil || len(got[carol.ID]) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	rig.World.Outage()
	if _, err := groups.GroupsOf(t.Context(), []ticket.Person{bob}); fault.ClassOf(err) != fault.Ticket {
		t.Errorf("during an outage: %v", err)
	}
}

func checkMoved(t *testing.T, rig TicketsRig) {
	moved := OPS7()
	moved.Key, moved.Project, moved.ProjectID = "SRE-40", "SRE", "10001"
	rig.World.Move("OPS-7", moved)
	if got := lookup(t, rig, "OPS-7", ticket.FieldProject); got.Key != "SRE-40" || got.Project != "SRE" || got.ID != moved.ID {
		t.Errorf("got %s of %s with id %s", got.Key, got.Project, got.ID)
	}
}

func checkArchived(t *testing.T, rig TicketsRig) {
	archived := OPS7()
	archived.Archived = true
	rig.World.Put(archived)
	if got := lookup(t, rig, "OPS-7"); !got.Archived {
		t.Error("an archived ticket does not say so")
	}
}

func checkMissing(t *testing.T, rig TicketsRig) {
	_, err := rig.Tickets.Lookup(t.Context(), "OPS-404", everyField)
	wantClass(t, err, fault.Ticket)
}

func checkMalformedKey(t *testing.T, rig TicketsRig) {
	for _, key := range []ticket.Key{"", "OPS", "../myself", "OPS-7?x=y", "OPS-7#", "OPS-7/comment", "OPS-07", "%4fPS-7"} {
		_, err := rig.Tickets.Lookup(t.Context(), key, nil)
		wantClass(t, err, fault.Ticket)
	}
}

func checkRejected(t *testing.T, rig TicketsRig) {
	rig.World.Put(OPS7())
	rig.World.RejectToken()
	_, err := rig.Tickets.Whoami(t.Context(), false)
	wantClass(t, err, fault.Auth)
	_, err = rig.Tickets.Lookup(t.Context(), "OPS-7", nil)
	wantClass(t, err, fault.Auth)
}

func checkOutage(t *testing.T, rig TicketsRig) {
	rig.World.Put(OPS7())
	rig.World.Outage()
	_, err := rig.Tickets.Whoami(t.Context(), true)
	wantClass(t, err, fault.Ticket)
	_, err = rig.Tickets.Lookup(t.Context(), "OPS-7", nil)
	wantClass(t, err, fault.Ticket)
}

func checkTicketsCancelled(t *testing.T, rig TicketsRig) {
	rig.World.Put(OPS7())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := rig.Tickets.Whoami(ctx, false)
	wantClass(t, err, fault.Cancelled)
	_, err = rig.Tickets.Lookup(ctx, "OPS-7", nil)
	wantClass(t, err, fault.Cancelled)
	if got := lookup(t, rig, "OPS-7"); got.Key != "OPS-7" {
		t.Errorf("after a cancelled call: %s", got.Key)
	}
}

func checkSideBySide(t *testing.T, rig TicketsRig) {
	p := Ada()
	p.Groups = []string{"sre"}
	rig.World.SetPrincipal(p)
	rig.World.Put(OPS7())
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			got, err := rig.Tickets.Whoami(t.Context(), i%2 == 0)
			if err != nil || got.ID != p.ID {
				t.Errorf("Whoami: %+v, %v", got, err)
			}
		})
		wg.Go(func() {
			got, err := rig.Tickets.Lookup(t.Context(), "OPS-7", everyField)
			if err != nil || got.Key != "OPS-7" {
				t.Errorf("Lookup: %s, %v", got.Key, err)
			}
		})
	}
	wg.Wait()
}

func checkStatusIDs(t *testing.T, rig TicketsRig) {
	statuses, ok := rig.Tickets.(access.Statuses)
	if !ok {
		t.Skip("has no list of statuses")
	}
	rig.World.SetStatuses(
		ticket.Status{ID: "3", Name: "In Arbeit", Untranslated: "In Progress", Category: "indeterminate"},
		ticket.Status{ID: "10042", Name: "In Progress", Category: "indeterminate", Project: "10000"},
		ticket.Status{ID: "10043", Name: "In Progress", Category: "indeterminate", Project: "10001"},
		ticket.Status{ID: "6", Name: "Fertig", Untranslated: "Done", Category: "done"},
	)
	got, err := statuses.StatusIDs(t.Context(), "10000", []string{"In Progress", "Done", "In Arbeit", "Nowhere"})
	if err != nil {
		t.Fatalf("StatusIDs: %v", err)
	}
	for name, want := range map[string][]string{"In Progress": {"3", "10042"}, "Done": {"6"}, "In Arbeit": nil, "Nowhere": nil} {
		if !slices.Equal(got[name], want) {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

// wantClass checks an error that a person will read.
func wantClass(t *testing.T, err error, class fault.Class) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one of class %d", class)
		return
	}
	if got := fault.ClassOf(err); got != class {
		t.Errorf("class %d, want %d: %v", got, class, err)
	}
	checkFault(t, err)
}
