package accesstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// numbered is the n-th of many tickets of ada's, the later the newer.
func numbered(n int) ticket.Ticket {
	t := OPS7()
	t.ID, t.Key = fmt.Sprint(20000+n), ticket.Key(fmt.Sprintf("OPS-%d", n))
	t.Updated = t.Updated.Add(time.Duration(n) * time.Minute)
	return t
}

func searcher(t *testing.T, rig TicketsRig) access.Searcher {
	t.Helper()
	s, ok := rig.Tickets.(access.Searcher)
	if !ok {
		t.Skip("it cannot search")
	}
	return s
}

func checkSearch(t *testing.T, rig TicketsRig) {
	s := searcher(t, rig)
	for n := range 230 { // more than two pages of any adapter
		rig.World.Put(numbered(n + 1))
	}
	other := numbered(500)
	other.Assignee = other.Reporter
	rig.World.Put(other)
	var keys []ticket.Key
	pages := 0
	fields := []ticket.Field{ticket.FieldAssignee, ticket.FieldSummary}
	more, err := s.Search(t.Context(), ticket.Search{Projects: []string{"OPS"}, Statuses: []string{"3"}}, fields, 1000, func(found []ticket.Ticket) error {
		pages++
		for _, f := range found {
			keys = append(keys, f.Key)
			if f.Assignee == nil || f.Summary == "" || f.Project != "OPS" || f.Status.ID == "" || f.Site == "" || f.Has(ticket.FieldLabels) {
				t.Fatalf("%s is %+v", f.Key, f)
			}
		}
		return nil
	})
	if err != nil || more || pages < 2 {
		t.Fatalf("more %t, %d pages, %v", more, pages, err)
	}
	if len(keys) != 230 || keys[0] != "OPS-230" || keys[229] != "OPS-1" || slices.Contains(keys, "OPS-500") {
		t.Errorf("found %d: %.5q", len(keys), keys)
	}
}

func checkSearchStops(t *testing.T, rig TicketsRig) {
	s := searcher(t, rig)
	for n := range 60 {
		rig.World.Put(numbered(n + 1))
	}
	seen := 0
	count := func(found []ticket.Ticket) error { seen += len(found); return nil }
	more, err := s.Search(t.Context(), ticket.Search{}, nil, 40, count)
	if err != nil || !more || seen != 40 {
		t.Errorf("a limit of 40 gave %d, more %t, %v", seen, more, err)
	}
	enough := errors.New("enough")
	if _, err := s.Search(t.Context(), ticket.Search{}, nil, 100, func([]ticket.Ticket) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("a page that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Search(ctx, ticket.Search{}, nil, 100, count); fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("a cancelled context: %v", err)
	}
}

func checkSearchFails(t *testing.T, rig TicketsRig) {
	s := searcher(t, rig)
	nothing := func([]ticket.Ticket) error { t.Error("a page came"); return nil }
	rig.World.Outage()
	if _, err := s.Search(t.Context(), ticket.Search{}, nil, 10, nothing); fault.ClassOf(err) != fault.Ticket || fault.HintOf(err) == "" {
		t.Errorf("an outage: %v", err)
	}
}

func checkSearchWithARejectedToken(t *testing.T, rig TicketsRig) {
	s := searcher(t, rig)
	rig.World.RejectToken()
	_, err := s.Search(t.Context(), ticket.Search{}, nil, 10, func([]ticket.Ticket) error { t.Error("a page came"); return nil })
	if fault.ClassOf(err) != fault.Auth || fault.HintOf(err) == "" {
		t.Errorf("a rejected token: %v", err)
	}
}
