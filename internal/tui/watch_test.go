package tui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/ticket"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// clock is a list of grants at a time that a test moves.
type clock struct {
	now time.Time
	all []credential.Held
	err error
}

func (c *clock) list(context.Context) ([]credential.Held, error) {
	var in []credential.Held
	for _, h := range c.all {
		if h.Grant.InForce(c.now) {
			in = append(in, h)
		}
	}
	return in, c.err
}

func held(id, key, entitlement string, kind grant.Kind, ttl time.Duration) credential.Held {
	return credential.Held{Grant: grant.Grant{
		ID: grant.ID(id), Kind: kind, Ticket: ticket.Key(key), Entitlement: entitlement, Lease: grant.NewLease(noon, ttl),
	}}
}

func watching() (*watch, *clock) {
	c := &clock{now: noon, all: []credential.Held{
		held("a", "OPS-7", "bastion", grant.SSH, 4*time.Minute),
		held("b", "OPS-8", "prod-readonly", grant.AWS, 30*time.Minute),
	}}
	m := newWatch(context.Background(), WatchOptions{
		List: c.list, Now: func() time.Time { return c.now },
		Actions: []Action{{Key: "r", Word: "renew"}, {Key: "x", Word: "revoke", Confirm: true}},
	})
	reread(m)
	return m, c
}

// reread has the list read, as each tick does.
func reread(m *watch) { m.Update(m.refresh()()) }

func send(m *watch, names ...string) tea.Msg {
	var last tea.Msg
	for _, n := range names {
		last = nil
		if _, cmd := m.Update(key(n)); cmd != nil {
			last = cmd()
		}
	}
	return last
}

func TestGrantsVanishAtExpiryAndTheSelectionStays(t *testing.T) {
	t.Parallel()
	m, c := watching()
	if !strings.Contains(m.screen(), "▸ 4m0s !") {
		t.Errorf("what ends soon has no mark:\n%s", m.screen())
	}
	send(m, "down")
	c.now = noon.Add(4 * time.Minute)
	reread(m)
	if s := m.screen(); strings.Contains(s, "OPS-7") || !strings.Contains(s, "▸ 26m0s") {
		t.Errorf("the screen shows\n%s", s)
	}
	c.now = noon.Add(time.Hour)
	reread(m)
	if s := m.screen(); !strings.Contains(s, "no grant is in force; jit request") {
		t.Errorf("the screen shows\n%s", s)
	}
	for _, k := range []string{"r", "x", "c"} {
		if send(m, k) != nil || m.chosen.Key != "" || m.asking || !strings.Contains(m.screen(), "no grant is in force that this could be done to") {
			t.Errorf("%s does something to nothing, or says nothing:\n%s", k, m.screen())
		}
	}
	if send(m, "y"); m.note != "" {
		t.Errorf("a key that does nothing has %q said", m.note)
	}
}

func TestKeysSaySoWhereNothingIsKnown(t *testing.T) {
	t.Parallel()
	c := &clock{now: noon, err: fault.New(fault.Config, "the wallet is unreadable")}
	m := newWatch(context.Background(), WatchOptions{List: c.list, Now: func() time.Time { return c.now }})
	read := m.refresh()
	if send(m, "c"); m.note != "the wallet is still being read" {
		t.Errorf("%q", m.note)
	}
	m.Update(read())
	if send(m, "c"); m.note != "no grant is known that this could be done to" {
		t.Errorf("%q", m.note)
	}
}

func TestLongListsAreMovedThrough(t *testing.T) {
	t.Parallel()
	m, c := watching()
	c.all = nil
	for i := range 52 {
		c.all = append(c.all, held(fmt.Sprint(i), "OPS-7", "bastion", grant.SSH, time.Hour))
	}
	reread(m)
	for _, step := range []struct {
		key  rune
		want string
	}{
		{tea.KeyEnd, "51"},
		{tea.KeyHome, "0"},
		{tea.KeyPgDown, "19"},
		{tea.KeyPgDown, "38"},
		{tea.KeyPgDown, "51"},
		{tea.KeyPgUp, "32"},
		{tea.KeyHome, "0"},
		{tea.KeyPgUp, "0"},
	} {
		m.screen()
		if m.Update(tea.KeyPressMsg{Code: step.key}); string(m.on) != step.want {
			t.Errorf("%v selects %s, want %s", tea.KeyPressMsg{Code: step.key}, m.on, step.want)
		}
	}
}

func TestAnActionIsReturnedWithItsGrant(t *testing.T) {
	t.Parallel()
	m, _ := watching()
	if _, quits := send(m, "down", "r").(tea.QuitMsg); !quits || m.chosen.Word != "renew" || m.target.Grant.ID != "b" {
		t.Errorf("%+v of %s", m.chosen, m.target.Grant.ID)
	}
}

func TestRevokingIsConfirmed(t *testing.T) {
	t.Parallel()
	m, c := watching()
	send(m, "down")
	if send(m, "x") != nil || !strings.Contains(m.screen(), "revoke prod-readonly for OPS-8? (y/N)") {
		t.Fatalf("the screen shows\n%s", m.screen())
	}
	if send(m, "n") != nil || m.chosen.Key != "" || m.asking {
		t.Errorf("%+v", m.chosen)
	}
	// What the question named is what is revoked, whatever vanishes meanwhile.
	send(m, "x")
	c.now = noon.Add(4 * time.Minute)
	reread(m)
	if _, quits := send(m, "y").(tea.QuitMsg); !quits || m.target.Grant.ID != "b" {
		t.Errorf("%+v of %s", m.chosen, m.target.Grant.ID)
	}
}

func TestAQuestionGoesWithItsGrant(t *testing.T) {
	t.Parallel()
	m, c := watching()
	send(m, "x")
	c.all = c.all[1:] // revoked elsewhere
	reread(m)
	if s := m.screen(); strings.Contains(s, "(y/N)") || !strings.Contains(s, "bastion for OPS-7 is no longer in force") {
		t.Errorf("the screen shows\n%s", s)
	}
	if send(m, "y") != nil || m.chosen.Key != "" {
		t.Errorf("%+v of %s", m.chosen, m.target.Grant.ID)
	}
}

func TestOnlyACommandIsCopied(t *testing.T) {
	t.Parallel()
	m, _ := watching()
	if send(m, "c") != nil || !strings.Contains(m.note, "nothing to export") {
		t.Errorf("%q", m.note)
	}
	if got := fmt.Sprint(send(m, "down", "c")); got != `eval "$(jit env -e prod-readonly)"` {
		t.Errorf("%q", got)
	}
}

// The command would export another grant of the entitlement than the selected.
func TestNothingIsCopiedThatExportsAnotherGrant(t *testing.T) {
	t.Parallel()
	m, c := watching()
	c.all = append(c.all, held("d", "OPS-9", "prod-readonly", grant.AWS, time.Hour))
	reread(m)
	if send(m, "down", "c") != nil || !strings.Contains(m.note, "takes the grant for OPS-9 that expires last; select that one") {
		t.Errorf("%q", m.note)
	}
	if send(m, "down", "c") == nil || !strings.HasPrefix(m.note, "copied") {
		t.Errorf("%q", m.note)
	}
	c.all = c.all[:2]
	if reread(m); send(m, "up", "down", "c") == nil || !strings.HasPrefix(m.note, "copied") {
		t.Errorf("%q", m.note)
	}
}

func TestLeavingTheStatus(t *testing.T) {
	t.Parallel()
	m, c := watching()
	if _, quits := send(m, "q").(tea.QuitMsg); !quits || m.chosen.Key != "" {
		t.Error("q does not quit")
	}
	if _, ok := send(m, "ctrl+c").(tea.InterruptMsg); !ok {
		t.Error("ctrl+c does not leave")
	}
	send(m, "?")
	if s := m.screen(); !strings.Contains(strings.Join(strings.Fields(s), " "), "PgUp PgDn Home End move · c copy the export command · r renew · x revoke · q quit") {
		t.Errorf("the screen shows\n%s", s)
	}
	c.err = fault.New(fault.Config, "the wallet is unreadable")
	reread(m)
	if !strings.Contains(m.screen(), "the wallet is unreadable") || len(m.held) != 2 {
		t.Errorf("the screen shows\n%s", m.screen())
	}
}

func TestTheStatusIsStopped(t *testing.T) {
	t.Parallel()
	m, c := watching()
	ctrlZ := tea.KeyPressMsg{Code: 'z', Mod: tea.ModCtrl}
	m.stops = true
	send(m, "x")
	if _, cmd := m.Update(ctrlZ); cmd == nil || cmd() != (tea.SuspendMsg{}) || !m.asking {
		t.Error("ctrl+z does not stop it")
	}
	c.now = noon.Add(time.Hour)
	if _, cmd := m.Update(tea.ResumeMsg{}); cmd == nil {
		t.Error("the list is not read again")
	} else if m.Update(cmd()); len(m.held) != 0 {
		t.Errorf("the screen shows\n%s", m.screen())
	}
	m.stops = false
	if _, cmd := m.Update(ctrlZ); cmd != nil || !strings.Contains(m.note, "no shell") {
		t.Errorf("stopped for ever, with %q", m.note)
	}
}

func TestOutcomesAreWorded(t *testing.T) {
	t.Parallel()
	h := held("a", "OPS-7", "bastion", grant.SSH, time.Minute)
	denied := candidate(compiled(t), "OPS-7", "done", "Disk failing on db-3")
	for want, err := range map[string]error{
		"renew bastion for OPS-7: done":                    nil,
		"renew bastion for OPS-7: no network (plug it in)": fault.New(fault.Ticket, "no network").WithHint("plug it in"),
		"renew bastion for OPS-7: no network":              fault.New(fault.Ticket, "no network"),
		`renew bastion for OPS-7: OPS-7 does not unlock bastion; the status category is done, not indeterminate; the expression is false: request.reason is ""`: &access.DeniedError{
			Ticket: denied.Ticket, Decisions: denied.Decisions[:1],
		},
	} {
		if got := Outcome(Action{Word: "renew"}, h, err); got != want {
			t.Errorf("%q", got)
		}
	}
}

func TestGoldenStatus(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {200, 60}} {
		m, _ := watching()
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		golden(t, fmt.Sprintf("status-%dx%d.txt", size[0], size[1]), m.screen()+"\n")
	}
}

func TestWhatWasActedOnIsSelectedAgain(t *testing.T) {
	t.Parallel()
	for last, want := range map[string]string{"b": "b", "renewed": "b", "gone": "a"} {
		_, c := watching()
		h := held(last, "OPS-8", "prod-readonly", grant.AWS, time.Minute)
		if last == "gone" {
			h.Grant.Entitlement = "another"
		}
		m := newWatch(context.Background(), WatchOptions{List: c.list, Now: func() time.Time { return c.now }, Last: h})
		if reread(m); string(m.on) != want {
			t.Errorf("after an action on %s, %s is selected", last, m.on)
		}
	}
}

func TestTheWalletIsReadAside(t *testing.T) {
	t.Parallel()
	c := &clock{now: noon, err: fault.New(fault.Config, "the wallet is unreadable")}
	m := newWatch(context.Background(), WatchOptions{List: c.list, Now: func() time.Time { return c.now }})
	read := m.refresh()
	if s := m.screen(); !strings.Contains(s, "reading the wallet") || m.refresh() != nil {
		t.Errorf("the screen shows\n%s", s)
	}
	m.Update(read())
	if s := m.screen(); !strings.Contains(s, "could not be read") || !strings.Contains(s, "the wallet is unreadable") {
		t.Errorf("the screen shows\n%s", s)
	}
	c.err = nil
	if reread(m); !strings.Contains(m.screen(), "0 in force") || strings.Contains(m.screen(), "unreadable") {
		t.Errorf("the screen shows\n%s", m.screen())
	}
}

// While the wallet cannot be read nothing is claimed about what it holds, and no
// longer than that is it said.
func TestAWalletThatCannotBeReadIsNotEmpty(t *testing.T) {
	t.Parallel()
	m, c := watching()
	c.err = fault.New(fault.Config, "the wallet is unreadable")
	for _, step := range []struct {
		after time.Duration
		shows string
	}{{0, "OPS-7"}, {4 * time.Minute, "OPS-8"}, {time.Hour, "is not known"}} {
		c.now = noon.Add(step.after)
		reread(m)
		send(m, "j") // a key takes notes away, and not what is still true
		m.refresh()  // it is being read again
		s := m.screen()
		if !strings.Contains(s, step.shows) || !strings.Contains(s, "is unreadable") || strings.Contains(s, "in force\n") || strings.Contains(s, "no grant") {
			t.Errorf("after %v the screen shows\n%s", step.after, s)
		}
		m.reading = false
	}
	c.now, c.err = noon, nil
	reread(m)
	if s := m.screen(); !strings.Contains(s, "2 in force") || strings.Contains(s, "unreadable") {
		t.Errorf("the screen shows\n%s", s)
	}
}
