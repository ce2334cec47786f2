package access_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

// emptying is an agent that can be emptied, or not.
type emptying struct {
	removed []string
	fail    error
}

func (a *emptying) Add(context.Context, *credential.SSH, time.Time) error { return nil }

func (a *emptying) Remove(_ context.Context, keyID string) error {
	a.removed = append(a.removed, keyID)
	return a.fail
}

func (w *world) inForce(t *testing.T) []credential.Held {
	t.Helper()
	list, err := w.Wallet.List(context.Background(), w.now)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRevokeForgetsAndRecords(t *testing.T) {
	w := newWorld(t)
	agent := &emptying{}
	w.Agent = agent
	w.tickets.Put(labelled(working("OPS-7"), "ssh"))
	out, err := w.request(access.Ask{Entitlement: "bastion"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // an impatient Ctrl-C leaves no half of it
	ref, err := w.Revoke(ctx, out.Held, "no longer needed\x1b[2J")
	if err != nil || len(w.inForce(t)) != 0 || !slices.Equal(agent.removed, []string{out.Held.Grant.SSHKeyID()}) {
		t.Fatalf("%v; in force %v; removed %q", err, w.inForce(t), agent.removed)
	}
	e := w.journal.records[len(w.journal.records)-1].event
	if e.Kind != audit.Revoked || e.Grant != string(out.Held.Grant.ID) || e.Of == nil || *e.Of != out.Held.Record ||
		e.Ticket != "OPS-7" || e.Principal.ID != ada().ID || strings.Contains(e.Reason, "\x1b") || ref.Seq != 2 {
		t.Errorf("recorded %+v at %+v", e, ref)
	}
}

func TestRevokeWorksWithoutTheLogAndSaysSo(t *testing.T) {
	w := newWorld(t)
	out, err := w.request(access.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	w.journal.fail = fault.New(fault.Audit, "the bucket is gone")
	if _, err := w.Revoke(context.Background(), out.Held, ""); fault.ClassOf(err) != fault.Audit {
		t.Errorf("%v", err)
	}
	if len(w.inForce(t)) != 0 {
		t.Error("it is still in force")
	}
}

func TestRevokeRecordsNothingThatWasNotDone(t *testing.T) {
	w := newWorld(t)
	w.Agent = &emptying{fail: errors.New("locked")}
	w.tickets.Put(labelled(working("OPS-7"), "ssh"))
	out, err := w.request(access.Ask{Entitlement: "bastion"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Revoke(context.Background(), out.Held, ""); err == nil {
		t.Error("a key that is still in the agent passes for revoked")
	}
	if kinds := w.journal.kinds(); slices.Contains(kinds, audit.Revoked) {
		t.Errorf("recorded %v", kinds)
	}
	if len(w.inForce(t)) != 1 {
		t.Error("it cannot be tried again")
	}
}

func TestRenewDecidesAnewAndEndsTheOld(t *testing.T) {
	w := newWorld(t)
	first, err := w.request(access.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(10 * time.Minute)
	second, err := w.Renew(context.Background(), first.Held, access.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	list := w.inForce(t)
	if len(list) != 1 || list[0].Grant.ID != second.Held.Grant.ID || !second.Lease.ExpiresAt.After(first.Lease.ExpiresAt) {
		t.Errorf("in force %+v", list)
	}
	if kinds := w.journal.kinds(); !slices.Equal(kinds, []audit.Kind{audit.Issued, audit.Issued, audit.Revoked}) {
		t.Errorf("recorded %v", kinds)
	}
}

func TestRenewIsDeniedWhenTheTicketIsDone(t *testing.T) {
	w := newWorld(t)
	first, err := w.request(access.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	closed := working("OPS-7")
	closed.Status.Category = "done"
	w.tickets.Put(closed)
	if _, err := w.Renew(context.Background(), first.Held, access.Ask{}); fault.ClassOf(err) != fault.Denied {
		t.Errorf("%v", err)
	}
	if list := w.inForce(t); len(list) != 1 || list[0].Grant.ID != first.Held.Grant.ID {
		t.Errorf("in force %+v", list)
	}
}

func TestRenewIsBoundToTheTicketNotToItsKey(t *testing.T) {
	w := newWorld(t)
	first, err := w.request(access.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*ticket.Ticket){
		"another id":   func(t *ticket.Ticket) { t.ID = "666" },
		"another site": func(t *ticket.Ticket) { t.Site = "https://other.atlassian.net" },
	} {
		other := working("OPS-7")
		edit(&other)
		w.tickets.Put(other)
		if _, err := w.Renew(context.Background(), first.Held, access.Ask{}); fault.ClassOf(err) != fault.Ticket || !strings.Contains(err.Error(), "another ticket") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(w.journal.records); n != 1 {
		t.Errorf("%d records", n)
	}
}

// A ticket that was moved is found by the key it had, and what it unlocks where
// it is now is decided anew.
func TestRenewFollowsATicketThatWasMoved(t *testing.T) {
	for name, tt := range map[string]struct {
		to   ticket.Key
		code fault.Class
	}{"within the project": {"OPS-70", fault.Internal}, "out of the policy": {"HR-70", fault.Denied}} {
		w := newWorld(t)
		var notices []string
		w.Notice = func(text string) { notices = append(notices, text) }
		first, err := w.request(access.Ask{})
		if err != nil {
			t.Fatal(err)
		}
		moved := working("OPS-7")
		moved.Key = tt.to
		moved.Project, _, _ = strings.Cut(string(tt.to), "-")
		w.tickets.Move("OPS-7", moved)
		second, err := w.Renew(context.Background(), first.Held, access.Ask{})
		if !slices.Contains(notices, "OPS-7 is now "+string(tt.to)) {
			t.Errorf("%s: noticed %q", name, notices)
		}
		list := w.inForce(t)
		if tt.code == fault.Denied {
			if fault.ClassOf(err) != fault.Denied || len(list) != 1 || list[0].Grant.ID != first.Held.Grant.ID {
				t.Errorf("%s: %v, in force %+v", name, err, list)
			}
			continue
		}
		if err != nil || len(list) != 1 || list[0].Grant.ID != second.Held.Grant.ID || list[0].Grant.Ticket != tt.to {
			t.Errorf("%s: %v, in force %+v", name, err, list)
		}
	}
}
