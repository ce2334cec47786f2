package access_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

func (w *world) candidates(t *testing.T, among func(policy.Entitlement) bool) []access.Candidate {
	t.Helper()
	var all []access.Candidate
	more, err := w.Candidates(context.Background(), among, func(page []access.Candidate) error {
		all = append(all, page...)
		return nil
	})
	if err != nil || more {
		t.Fatalf("more %t, %v", more, err)
	}
	return all
}

func another(n int, change func(*ticket.Ticket)) ticket.Ticket {
	t := working(ticket.Key("OPS-" + string(rune('0'+n))))
	t.ID, t.Updated = "2000"+string(rune('0'+n)), time.Unix(int64(n), 0)
	t.Present[ticket.FieldUpdated] = true
	change(&t)
	return t
}

func TestCandidatesAreDecidedAsRequestsAre(t *testing.T) {
	w := newWorld(t)
	done := another(1, func(t *ticket.Ticket) { t.Status = ticket.Status{ID: "4", Untranslated: "Done", Category: "done"} })
	tagged := another(2, func(t *ticket.Ticket) { t.Labels = []string{"ssh"} })
	w.tickets.Put(done)
	w.tickets.Put(tagged)
	all := w.candidates(t, nil)
	if len(all) != 3 || all[0].Ticket.Key != "OPS-2" {
		t.Fatalf("found %+v", all)
	}
	unlocked := map[ticket.Key][]string{}
	for _, c := range all {
		for _, d := range c.Decisions {
			if d.Allowed {
				unlocked[c.Ticket.Key] = append(unlocked[c.Ticket.Key], d.Entitlement)
			}
		}
		explained, err := w.Explain(context.Background(), c.Ticket.Key)
		if err != nil || explained.Allowed() != c.Unlocks() || len(explained.Decisions) != len(c.Decisions) {
			t.Errorf("%s: explained %+v, %v; found %+v", c.Ticket.Key, explained.Decisions, err, c.Decisions)
		}
	}
	if !slices.Equal(unlocked["OPS-2"], []string{"bastion", "ro"}) || !slices.Equal(unlocked["OPS-7"], []string{"ro"}) || unlocked["OPS-1"] != nil {
		t.Errorf("unlocked %v", unlocked)
	}
	if len(w.journal.records) != 0 {
		t.Error("a look was recorded")
	}
}

func TestCandidatesOfSomeEntitlements(t *testing.T) {
	w := newWorld(t)
	w.tickets.SetPrincipal(ada())
	all := w.candidates(t, func(e policy.Entitlement) bool { return e.SSH != nil })
	if len(all) != 1 || len(all[0].Decisions) != 1 || all[0].Decisions[0].Entitlement != "bastion" || all[0].Unlocks() {
		t.Errorf("found %+v", all)
	}
	if s := w.tickets.Searches()[0]; !slices.Equal(s.Projects, []string{"OPS"}) || !slices.Equal(s.Statuses, []string{"In Progress"}) || s.Finished || s.Reported {
		t.Errorf("searched for %+v", s)
	}
	_, err := w.Candidates(context.Background(), func(policy.Entitlement) bool { return false }, nil)
	if fault.ClassOf(err) != fault.Config {
		t.Errorf("no entitlement at all: %v", err)
	}
}

func TestNamesOfStatusesAreResolvedOnceAProject(t *testing.T) {
	w := newWorld(t)
	w.tickets.SetStatuses(ticket.Status{ID: "3", Name: "In Progress"})
	for n := range 5 {
		w.tickets.Put(another(n, func(t *ticket.Ticket) { t.Labels, t.Status.Untranslated = []string{"ssh"}, "" }))
	}
	for _, c := range w.candidates(t, func(e policy.Entitlement) bool { return e.Name == "bastion" }) {
		if c.Ticket.Key != "OPS-7" && !c.Unlocks() {
			t.Errorf("%s: %+v", c.Ticket.Key, c.Decisions)
		}
	}
}

func TestCandidatesPassErrorsOn(t *testing.T) {
	w := newWorld(t)
	w.tickets.Outage()
	_, err := w.Candidates(context.Background(), nil, func([]access.Candidate) error { t.Error("a page came"); return nil })
	if fault.ClassOf(err) != fault.Ticket {
		t.Errorf("%v", err)
	}
}
