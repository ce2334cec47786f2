package tui

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// choosy makes a picker over a policy of one entitlement with an expression.
func choosy(t *testing.T, when string, known Choice) *picker {
	t.Helper()
	p, err := policy.Compile([]policy.Source{{Name: "policy.yaml", Data: []byte("version: 1\nentitlements:\n  one:\n" +
		"    ticket: {projects: [OPS], status_categories: [indeterminate]}\n    when: '" + when + "'\n" +
		"    lease: {default: 30m, max: 2h}\n    ssh: {logins: [ops]}\n")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := newPicker(context.Background(), Options{
		Policy: p, Known: known, Decide: (&access.Service{Policy: p, Now: func() time.Time { return noon }}).Again,
	})
	m.Update(pageMsg{candidate(p, "OPS-7", "indeterminate", "Disk failing on db-3")})
	return m
}

func shows(t *testing.T, m *picker, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if s := m.screen(); !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
	}
}

func TestAReasonThatThePolicyRefusesIsToldAsItIsTyped(t *testing.T) {
	t.Parallel()
	m := choosy(t, `request.reason.startsWith("INC")`, Choice{})
	shows(t, m, "? a reason  OPS-7", "once you give a reason")
	press(m, "enter", "enter", "enter")
	shows(t, m, "4 of 5", "? a reason  one")
	typed(m, "disk")
	shows(t, m, "✗ locked    one", `request.reason is "disk"`, "the policy asks for request.reason.startsWith")
	if press(m, "enter"); m.stage != stageReason || !strings.Contains(m.note, "refuses") {
		t.Errorf("stage %d, %q", m.stage, m.note)
	}
	press(m, "ctrl+u")
	m.Update(tea.PasteMsg{Content: "INC-4"})
	shows(t, m, "✓ unlocked  one")
	if press(m, "enter"); m.stage != stageSummary || m.choice.Reason != "INC-4" {
		t.Errorf("stage %d, %q", m.stage, m.note)
	}
}

func TestADurationThatThePolicyRefusesIsToldAsItIsTyped(t *testing.T) {
	t.Parallel()
	m := choosy(t, `request.ttl <= duration("1h")`, Choice{})
	shows(t, m, "✓ unlocked  OPS-7")
	press(m, "enter", "enter", "ctrl+u")
	typed(m, "90m")
	shows(t, m, "✗ locked    one", "the expression is false: request.ttl is 1h30m0s")
	if press(m, "enter"); m.stage != stageDuration || !strings.Contains(m.note, "refuses") {
		t.Errorf("stage %d, %q", m.stage, m.note)
	}
	press(m, "ctrl+u")
	typed(m, "1h")
	if press(m, "enter"); m.stage != stageReason {
		t.Errorf("stage %d, %q", m.stage, m.note)
	}
}

// A default that the policy's own expression refuses is not the end.
func TestADurationCanUnlock(t *testing.T) {
	t.Parallel()
	m := choosy(t, `request.ttl < duration("20m")`, Choice{})
	shows(t, m, "? duration  OPS-7", "once you give a duration")
	press(m, "enter", "enter", "ctrl+u")
	typed(m, "10m")
	if press(m, "enter"); m.stage != stageReason {
		t.Errorf("stage %d, %q", m.stage, m.note)
	}
}

func TestFlagsThatThePolicyRefusesAreAskedFor(t *testing.T) {
	t.Parallel()
	m := choosy(t, `request.reason.startsWith("INC")`, Choice{Reason: "INC-4", Entitlement: "one"})
	shows(t, m, "✓ unlocked  OPS-7")
	if press(m, "enter", "enter"); m.stage != stageSummary || m.choice.Reason != "INC-4" {
		t.Errorf("stage %d, %q", m.stage, m.note)
	}
	m = choosy(t, `request.reason.startsWith("INC")`, Choice{Reason: "disk", Entitlement: "one", TTL: time.Hour})
	if press(m, "enter"); m.stage != stageReason || m.reason.String() != "disk" {
		t.Errorf("stage %d, %q", m.stage, m.note)
	}
}

func TestALookupCanBeLeft(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	m.Update(pageMsg(tickets(m.o.Policy)))
	var asked context.Context
	m.o.Lookup = func(ctx context.Context, _ ticket.Key) (access.Candidate, error) {
		asked = ctx //nolint:fatcontext // it is looked at after the call
		<-ctx.Done()
		return access.Candidate{}, ctx.Err()
	}
	typed(m, "OPS-404")
	_, reading := m.Update(key("enter"))
	shows(t, m, "reading OPS-404", "esc back")
	if press(m, "esc"); m.stage != stageTicket || m.filter.String() != "OPS-404" {
		t.Errorf("stage %d, %q", m.stage, m.filter.String())
	}
	m.Update(reading())
	if asked.Err() == nil || m.stage != stageTicket || m.err != nil {
		t.Errorf("stage %d, %v", m.stage, m.err)
	}
}

func TestOtherTicketsAreShownWhereTheNamedOneIsLocked(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{Key: "OPS-8"})
	all := tickets(m.o.Policy)
	m.o.Lookup = func(context.Context, ticket.Key) (access.Candidate, error) { return all[1], nil }
	m.o.Source = func(_ context.Context, page func([]access.Candidate) error) (bool, error) { return false, page(all) }
	_, next := m.Update(m.Init()())
	shows(t, m, "OPS-8 is locked", "✗ locked    OPS-8", "reading …")
	for next != nil {
		_, next = m.Update(next())
	}
	shows(t, m, "▸ ✗ locked    OPS-8", "✓ unlocked  OPS-7", "4 of 4 tickets")
	if strings.Count(m.screen(), "locked    OPS-8") != 1 {
		t.Errorf("a ticket is there twice\n%s", m.screen())
	}
}

func TestANoticeIsOnTheScreen(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	m.Update(noticeMsg("Jira asks to wait for 3s\x1b[2J"))
	shows(t, m, "Jira asks to wait for 3s[2J")
}

// With a reason known, what was decided on it for the list is what is chosen by.
func TestAListedTicketIsDecidedOnce(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{Reason: "disk"})
	decided := 0
	decide := m.o.Decide
	m.o.Decide = func(c access.Candidate, entitlement string, ttl time.Duration, reason string) policy.Decision {
		decided++
		return decide(c, entitlement, ttl, reason)
	}
	m.Update(pageMsg(tickets(m.o.Policy)[:1]))
	if press(m, "enter"); decided != 2 || m.stage != stageEntitlement {
		t.Errorf("two entitlements are decided for %d times at stage %d", decided, m.stage)
	}
	shows(t, m, "✓ unlocked  bastion")
	decided = 0
	press(m, "esc")
	typed(m, "OPS-404")
	press(m, "ctrl+u")
	typed(m, "OPS-11")
	if press(m, "enter"); decided != 2 || m.stage != stageEntitlement {
		t.Errorf("a ticket that was named is decided for %d times at stage %d", decided, m.stage)
	}
	shows(t, m, "✓ unlocked  bastion")
}
