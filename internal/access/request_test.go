package access_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

func TestRequestGrantsRecordsAndKeeps(t *testing.T) {
	w := newWorld(t)
	out, err := w.request(access.Ask{Reason: "disk"})
	if err != nil {
		t.Fatal(err)
	}
	g := out.Held.Grant
	if g.Entitlement != "ro" || g.Ticket != "OPS-7" || g.TicketID != "10007" || g.Principal != "712020:ada" || g.TTL() != 30*time.Minute {
		t.Errorf("grant %+v", g)
	}
	if out.Held.Record.Seq != 1 || out.Held.Record.Writer != "712020=3Aada" {
		t.Errorf("record %+v", out.Held.Record)
	}
	e := w.journal.records[0].event
	if e.Kind != audit.Issued || e.Grant != string(g.ID) || e.Reason != "disk" || !e.ExpiresAt.Equal(g.ExpiresAt) || e.AWS == nil || e.Policy != w.Policy.Hash {
		t.Errorf("event %+v", e)
	}
	held, err := w.wallet.List(context.Background(), w.now)
	if err != nil || len(held) != 1 || held[0].Grant.ID != g.ID {
		t.Errorf("wallet %v, %v", held, err)
	}
}

func TestEachRequestIsANewGrant(t *testing.T) {
	w := newWorld(t)
	first, err1 := w.request(access.Ask{})
	second, err2 := w.request(access.Ask{})
	if err1 != nil || err2 != nil || first.Held.Grant.ID == second.Held.Grant.ID {
		t.Errorf("%v, %v: %s, %s", err1, err2, first.Held.Grant.ID, second.Held.Grant.ID)
	}
}

func TestSeveralAllowedNeedAChoice(t *testing.T) {
	w := newWorld(t)
	w.tickets.Put(labelled(working("OPS-8"), "ssh"))
	_, err := w.request(access.Ask{Key: "OPS-8"})
	choice, ok := errors.AsType[*access.ChoiceError](err)
	if !ok || fault.ClassOf(err) != fault.Usage || !slices.Equal(choice.Choices, []string{"bastion", "ro"}) {
		t.Fatalf("%v", err)
	}
	if len(w.journal.records) != 0 || len(w.aws.Minted())+len(w.ssh.Minted()) != 0 {
		t.Error("something happened although nothing was chosen")
	}
	out, err := w.request(access.Ask{Key: "OPS-8", Entitlement: "bastion"})
	if err != nil || out.Held.Grant.Kind != "ssh" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestDenialIsRecordedAndMintsNothing(t *testing.T) {
	w := newWorld(t)
	bob := ada().Person
	bob.ID = "712020:bob"
	other := working("OPS-9")
	other.Assignee = &bob
	w.tickets.Put(other)
	for _, ask := range []access.Ask{{Key: "OPS-9"}, {Key: "OPS-9", Entitlement: "ro"}, {Key: "OPS-7", Entitlement: "bastion"}} {
		_, err := w.request(ask)
		denied, ok := errors.AsType[*access.DeniedError](err)
		if !ok || fault.ClassOf(err) != fault.Denied || len(denied.Decisions) == 0 {
			t.Errorf("%+v: %v", ask, err)
		}
	}
	if kinds := w.journal.kinds(); !slices.Equal(kinds, []audit.Kind{audit.Denied, audit.Denied, audit.Denied}) {
		t.Fatalf("records %v", kinds)
	}
	first := w.journal.records[0].event
	if first.Grant != "" || !slices.Equal(first.Entitlements, []string{"bastion", "ro"}) || len(first.Reasons) == 0 {
		t.Errorf("event %+v", first)
	}
	if len(w.aws.Prepared())+len(w.ssh.Prepared()) != 0 || w.wallet.Puts() != 0 {
		t.Error("an issuer or the wallet was reached")
	}
}

func TestDenialThatCannotBeRecordedIsAnErrorOfTheLog(t *testing.T) {
	w := newWorld(t)
	w.journal.fail = fault.New(fault.Audit, "disk full")
	if _, err := w.request(access.Ask{Entitlement: "bastion"}); fault.ClassOf(err) != fault.Audit {
		t.Errorf("%v", err)
	}
}

func TestWithoutARecordThereIsNoCredential(t *testing.T) {
	w := newWorld(t)
	w.journal.fail = fault.New(fault.Audit, "disk full")
	out, err := w.request(access.Ask{})
	if fault.ClassOf(err) != fault.Audit || out.Held.Grant.ID != "" || w.wallet.Puts() != 0 {
		t.Errorf("%+v, %v, %d puts", out, err, w.wallet.Puts())
	}
}

func TestRefusedMintIsFollowedByFailed(t *testing.T) {
	w := newWorld(t)
	w.aws.Refuse(fault.New(fault.Issuer, "the role does not trust you"))
	_, err := w.request(access.Ask{})
	if fault.ClassOf(err) != fault.Issuer || !strings.Contains(err.Error(), "does not trust") {
		t.Errorf("%v", err)
	}
	if !slices.Equal(w.journal.kinds(), []audit.Kind{audit.Issued, audit.Failed}) {
		t.Fatalf("records %v", w.journal.kinds())
	}
	failed := w.journal.records[1].event
	if failed.Of == nil || failed.Of.Seq != 1 || failed.Error == "" || failed.Grant != w.journal.records[0].event.Grant {
		t.Errorf("event %+v", failed)
	}
	if w.wallet.Puts() != 0 {
		t.Error("something was kept")
	}
}

func TestLostAnswerIsFollowedByUnknown(t *testing.T) {
	w := newWorld(t)
	w.aws.Lose(errors.New("connection reset"))
	_, err := w.request(access.Ask{})
	if fault.ClassOf(err) != fault.Issuer || fault.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
	if !slices.Equal(w.journal.kinds(), []audit.Kind{audit.Issued, audit.Unknown}) {
		t.Errorf("records %v", w.journal.kinds())
	}
}

func TestCtrlCWhileMintingIsUnknownAndReleasesNothing(t *testing.T) {
	w := newWorld(t)
	release := w.aws.Hold()
	defer release()
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-w.aws.Asked(); cancel() }()
	_, err := w.Request(ctx, access.Ask{Key: "OPS-7"})
	if fault.ClassOf(err) != fault.Cancelled || w.wallet.Puts() != 0 {
		t.Errorf("%v, %d puts", err, w.wallet.Puts())
	}
	if !slices.Equal(w.journal.kinds(), []audit.Kind{audit.Issued, audit.Unknown}) {
		t.Errorf("records %v", w.journal.kinds())
	}
}

func TestNothingIsMintedBeforeJiraAndThePolicySaidYes(t *testing.T) {
	for name, spoil := range map[string]func(*world){
		"outage":  func(w *world) { w.tickets.Outage() },
		"token":   func(w *world) { w.tickets.RejectToken() },
		"myself":  func(w *world) { w.tickets.FailWhoami(fault.New(fault.Auth, "anonymous")) },
		"ticket":  func(w *world) { w.tickets.FailLookup(fault.New(fault.Ticket, "not found")) },
		"field":   func(w *world) { w.tickets.Omit(ticket.FieldAssignee) },
		"bot":     func(w *world) { p := ada(); p.Type = "app"; w.tickets.SetPrincipal(p) },
		"moved":   func(w *world) { w.tickets.Move("OPS-7", working("WEB-1")) },
		"prepare": func(w *world) { w.aws.FailPrepare(fault.New(fault.Auth, "no credentials")) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			spoil(w)
			if out, err := w.request(access.Ask{}); err == nil || fault.ClassOf(err) == fault.Internal {
				t.Errorf("%+v, %v", out, err)
			}
			if len(w.aws.Minted()) != 0 || w.wallet.Puts() != 0 || slices.Contains(w.journal.kinds(), audit.Issued) {
				t.Errorf("minted %v, records %v", w.aws.Minted(), w.journal.kinds())
			}
		})
	}
}

func TestDurations(t *testing.T) {
	for _, tc := range []struct {
		ask  access.Ask
		want time.Duration // zero: refused as wrong usage
	}{
		{access.Ask{}, 30 * time.Minute},
		{access.Ask{TTL: 15 * time.Minute}, 15 * time.Minute},
		{access.Ask{TTL: 2 * time.Hour}, 2 * time.Hour},
		{access.Ask{TTL: 2*time.Hour + time.Second}, 0},
		{access.Ask{TTL: 14*time.Minute + 59*time.Second}, 0},
		{access.Ask{TTL: -time.Minute}, 0},
		{access.Ask{TTL: 20*time.Minute + time.Millisecond}, 0},
		{access.Ask{TTL: 3 * time.Hour, Entitlement: "ro"}, 0},
		{access.Ask{Entitlement: "nothing"}, 0},
	} {
		w := newWorld(t)
		out, err := w.request(tc.ask)
		if tc.want == 0 {
			if fault.ClassOf(err) != fault.Usage || fault.HintOf(err) == "" && tc.ask.TTL > 0 && tc.ask.TTL%time.Second == 0 {
				t.Errorf("%+v: %v, hint %q", tc.ask, err, fault.HintOf(err))
			}
			if len(w.aws.Minted()) != 0 || len(w.journal.records) != 0 {
				t.Errorf("%+v: something happened", tc.ask)
			}
			continue
		}
		if err != nil || out.Held.Grant.TTL() != tc.want {
			t.Errorf("%+v: %s, %v", tc.ask, out.Held.Grant.TTL(), err)
		}
	}
}

func TestIssuersCapIsGivenRecordedAndSaid(t *testing.T) {
	w := newWorld(t)
	w.aws.Cap(time.Hour)
	out, err := w.request(access.Ask{TTL: 2 * time.Hour})
	if err != nil || out.Held.Grant.TTL() != time.Hour || len(w.notices) == 0 {
		t.Fatalf("%s, %v, notices %q", out.Held.Grant.TTL(), err, w.notices)
	}
	if e := w.journal.records[0].event; e.ExpiresAt.Sub(e.NotBefore) != time.Hour {
		t.Errorf("recorded %s", e.ExpiresAt.Sub(e.NotBefore))
	}
}

func TestDryRunTouchesNothing(t *testing.T) {
	w := newWorld(t)
	out, err := w.request(access.Ask{DryRun: true})
	if err != nil || out.Decision.Entitlement != "ro" || out.Lease.TTL() != 30*time.Minute {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := w.request(access.Ask{DryRun: true, Entitlement: "bastion"}); fault.ClassOf(err) != fault.Denied {
		t.Errorf("%v", err)
	}
	if len(w.journal.records)+len(w.aws.Prepared())+w.wallet.Puts() != 0 {
		t.Error("a dry run left something behind")
	}
}

func TestMovedTicketIsBoundByWhatJiraReturned(t *testing.T) {
	w := newWorld(t)
	moved := working("OPS-70")
	w.tickets.Move("OPS-1", moved)
	out, err := w.request(access.Ask{Key: "OPS-1"})
	if err != nil || out.Held.Grant.Ticket != "OPS-70" || !slices.ContainsFunc(w.notices, func(n string) bool { return strings.Contains(n, "OPS-70") }) {
		t.Errorf("%+v, %v, %q", out.Held.Grant, err, w.notices)
	}
}

func TestFullWalletIsTold(t *testing.T) {
	w := newWorld(t)
	w.wallet.FailPut(fault.New(fault.Config, "disk full"))
	if _, err := w.request(access.Ask{}); fault.ClassOf(err) != fault.Config {
		t.Errorf("%v", err)
	}
}

func TestStatusNamesAreResolvedWhereJiraSendsNoUntranslatedOne(t *testing.T) {
	w := newWorld(t)
	tk := labelled(working("OPS-8"), "ssh")
	tk.Status.Untranslated = ""
	w.tickets.Put(tk)
	if _, err := w.request(access.Ask{Key: "OPS-8", Entitlement: "bastion"}); fault.ClassOf(err) != fault.Denied {
		t.Errorf("a translated name unlocked: %v", err)
	}
	w.tickets.SetStatuses(ticket.Status{ID: "3", Name: "In Progress"})
	if _, err := w.request(access.Ask{Key: "OPS-8", Entitlement: "bastion"}); err != nil {
		t.Errorf("%v", err)
	}
	w.tickets.SetStatuses(ticket.Status{ID: "3", Name: "In Progress"}, ticket.Status{ID: "4", Name: "In Progress"})
	if _, err := w.request(access.Ask{Key: "OPS-8", Entitlement: "bastion"}); fault.ClassOf(err) != fault.Denied {
		t.Errorf("an ambiguous name unlocked: %v", err)
	}
}

// agent is an ssh-agent that takes keys, or refuses them with an error.
type agent struct{ err error }

func (a agent) Add(context.Context, *credential.SSH, time.Time) error { return a.err }

func TestOutcomeTellsWhetherTheAgentTookTheKey(t *testing.T) {
	for _, c := range []struct {
		name  string
		agent access.KeyAgent
		want  bool
		told  int
	}{{"none", nil, false, 0}, {"takes it", agent{}, true, 0}, {"refuses it", agent{errors.New("locked")}, false, 1}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.Agent = c.agent
			w.tickets.Put(labelled(working("OPS-8"), "ssh"))
			out, err := w.request(access.Ask{Key: "OPS-8", Entitlement: "bastion"})
			if err != nil || out.InAgent != c.want || len(w.notices) != c.told {
				t.Errorf("InAgent %v, notices %q, %v", out.InAgent, w.notices, err)
			}
		})
	}
}

// slowIssuer is asked for a code that takes its user a while to find.
type slowIssuer struct {
	access.Issuer
	meanwhile func()
}

func (i slowIssuer) Prepare(ctx context.Context, o credential.Order) (credential.Minting, error) {
	m, err := i.Issuer.Prepare(ctx, o)
	i.meanwhile()
	return m, err
}

func TestWhatWasDecidedLongAgoIsDecidedAgain(t *testing.T) {
	bob := ada()
	bob.ID = "712020:bob"
	for _, tc := range []struct {
		name  string
		after time.Duration
		spoil func(*world)
		want  fault.Class
	}{
		{"nothing changed", time.Hour, func(*world) {}, -1},
		{"soon enough", time.Minute, func(w *world) { w.tickets.Outage() }, -1},
		{"done", time.Hour, func(w *world) { w.tickets.Put(done("OPS-7")) }, fault.Denied},
		{"gone", time.Hour, func(w *world) { w.tickets.FailLookup(fault.New(fault.Ticket, "not found")) }, fault.Ticket},
		{"moved", time.Hour, func(w *world) { w.tickets.Move("OPS-7", working("OPS-70")) }, fault.Ticket},
		{"another token", time.Hour, func(w *world) { w.tickets.SetPrincipal(bob) }, fault.Denied},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			w.Issuers["aws"] = slowIssuer{w.aws, func() { w.now = w.now.Add(tc.after); tc.spoil(w) }}
			_, err := w.request(access.Ask{})
			if tc.want < 0 {
				if err != nil || len(w.aws.Minted()) != 1 {
					t.Errorf("%v, minted %d", err, len(w.aws.Minted()))
				}
				return
			}
			if fault.ClassOf(err) != tc.want || len(w.aws.Minted()) != 0 || slices.Contains(w.journal.kinds(), audit.Issued) {
				t.Errorf("%v, minted %d, records %v", err, len(w.aws.Minted()), w.journal.kinds())
			}
		})
	}
}

func done(key ticket.Key) ticket.Ticket {
	tk := working(key)
	tk.Status = ticket.Status{ID: "9", Name: "Erledigt", Untranslated: "Done", Category: "done"}
	return tk
}

func TestLongReasonIsRefusedBeforeAnything(t *testing.T) {
	w := newWorld(t)
	if _, err := w.request(access.Ask{Reason: strings.Repeat("x", 1025)}); fault.ClassOf(err) != fault.Usage || len(w.tickets.Lookups()) != 0 {
		t.Errorf("%v", err)
	}
}

// slowCallers is AWS behind a profile that asks for a code of its own.
type slowCallers struct {
	*accesstest.Callers
	meanwhile func()
}

func (c slowCallers) Caller(ctx context.Context) (audit.Caller, error) {
	c.meanwhile()
	return c.Callers.Caller(ctx)
}

// Nothing may ask the user between the last decision and the mint.
func TestNothingStandsBetweenTheLastDecisionAndTheMint(t *testing.T) {
	w := newWorld(t)
	w.tickets.Put(labelled(working("OPS-7"), "ssh"))
	w.Callers = slowCallers{&accesstest.Callers{}, func() {
		w.now = w.now.Add(time.Hour)
		w.tickets.Put(done("OPS-7"))
	}}
	if _, err := w.request(access.Ask{Entitlement: "bastion"}); fault.ClassOf(err) != fault.Denied || len(w.ssh.Minted()) != 0 {
		t.Errorf("%v, minted %d", err, len(w.ssh.Minted()))
	}
}

func TestOnlyOneKindWhereItIsAskedFor(t *testing.T) {
	w := newWorld(t)
	w.tickets.Put(labelled(working("OPS-8"), "ssh"))
	for kind, want := range map[grant.Kind]string{grant.AWS: "ro", grant.SSH: "bastion"} {
		out, err := w.request(access.Ask{Key: "OPS-8", Kind: kind})
		if err != nil || out.Held.Grant.Entitlement != want {
			t.Errorf("%s: %+v, %v", kind, out.Held.Grant, err)
		}
	}
}
