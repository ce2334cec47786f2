package accesstest

import (
	"errors"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

func TestFakeTicketsKeepTheContract(t *testing.T) {
	TicketsContract(t, func(*testing.T) TicketsRig {
		fake := NewTickets()
		return TicketsRig{Tickets: fake, World: fake}
	})
}

func TestFakeTicketsRecordWhatIsAsked(t *testing.T) {
	fake := NewTickets()
	fake.Put(OPS7())
	if _, err := fake.Lookup(t.Context(), "ops-7", []ticket.Field{ticket.FieldLabels}); err != nil {
		t.Fatal(err)
	}
	if _, err := fake.Whoami(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	calls := fake.Lookups()
	if len(calls) != 1 || calls[0].Key != "ops-7" || len(calls[0].Fields) != 1 || calls[0].Fields[0] != ticket.FieldLabels {
		t.Errorf("lookups %+v", calls)
	}
	if asked := fake.Whoamis(); len(asked) != 1 || !asked[0] {
		t.Errorf("whoamis %v", asked)
	}
}

func TestFakeTicketsFailAndMend(t *testing.T) {
	fake := NewTickets()
	fake.Put(OPS7())
	want := fault.New(fault.Ticket, "no such luck")
	fake.FailLookup(want)
	if _, err := fake.Lookup(t.Context(), "OPS-7", nil); !errors.Is(err, want) {
		t.Errorf("Lookup: %v", err)
	}
	if _, err := fake.Whoami(t.Context(), false); err != nil {
		t.Errorf("Whoami fails along: %v", err)
	}
	fake.FailLookup(nil)
	if _, err := fake.Lookup(t.Context(), "OPS-7", nil); err != nil {
		t.Errorf("Lookup after the mend: %v", err)
	}
	fake.FailWhoami(want)
	if _, err := fake.Whoami(t.Context(), false); !errors.Is(err, want) {
		t.Errorf("Whoami: %v", err)
	}
	fake.Outage()
	if _, err := fake.StatusIDs(t.Context(), "1", nil); fault.ClassOf(err) != fault.Ticket {
		t.Errorf("StatusIDs: %v", err)
	}
}

// What a caller does to a ticket must not reach the next caller.
func TestFakeTicketsHandOutCopies(t *testing.T) {
	fake := NewTickets()
	fake.Put(OPS7())
	fields := []ticket.Field{ticket.FieldAssignee, ticket.FieldLabels, "customfield_10101"}
	first, err := fake.Lookup(t.Context(), "OPS-7", fields)
	if err != nil {
		t.Fatal(err)
	}
	first.Assignee.ID, first.Labels[0], first.Custom["customfield_10101"] = "mallory", "x", 1
	first.Present[ticket.FieldSummary] = true
	second, err := fake.Lookup(t.Context(), "OPS-7", fields)
	if err != nil {
		t.Fatal(err)
	}
	if second.Assignee.ID != Ada().ID || second.Labels[0] != "prod-access" || second.Custom["customfield_10101"] == 1 || second.Has(ticket.FieldSummary) {
		t.Errorf("the second caller sees what the first did: %+v", second)
	}
}

func TestFakeTicketsHonourAPresentSet(t *testing.T) {
	fake := NewTickets()
	partial := OPS7()
	partial.Present = map[ticket.Field]bool{ticket.FieldStatus: true}
	fake.Put(partial)
	got, err := fake.Lookup(t.Context(), "OPS-7", []ticket.Field{ticket.FieldLabels})
	if err != nil || got.Has(ticket.FieldLabels) || !got.Has(ticket.FieldStatus) {
		t.Errorf("%+v, %v", got.Present, err)
	}
}
