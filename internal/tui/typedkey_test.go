package tui

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/terminal"
)

// among is a picker with OPS-1 and those whose keys begin with it, and summaries
// that hold the digits of others.
func among(t *testing.T) *picker {
	t.Helper()
	m := started(t, Choice{})
	for n := 19; n >= 10; n-- {
		m.Update(pageMsg{candidate(m.o.Policy, fmt.Sprintf("OPS-%d", n), "indeterminate", "ops 1 of 12 and 10")})
	}
	m.Update(pageMsg{candidate(m.o.Policy, "OPS-1", "indeterminate", "The first")})
	return m
}

func TestATypedKeyIsThatTicket(t *testing.T) {
	t.Parallel()
	for typing, want := range map[string]string{
		"OPS-1": "OPS-1", "ops-1": "OPS-1", "ops1": "OPS-1", "1": "OPS-1", "OPS-12": "OPS-12", "ops12": "OPS-12", "10": "OPS-10", "ops-17\t": "OPS-17",
	} {
		m := among(t)
		typed(m, typing)
		if c, ok := m.list.selected(); !ok || string(c.Ticket.Key) != want {
			t.Errorf("%q selects %s", typing, c.Ticket.Key)
		}
		if press(m, "enter"); m.stage != stageEntitlement || string(m.choice.Key) != want {
			t.Errorf("%q takes %s at stage %d", typing, m.choice.Key, m.stage)
		}
	}
}

// A key that none of them has is read; the one that resembles it is taken only by
// going to it.
func TestAKeyThatIsNotListedIsRead(t *testing.T) {
	t.Parallel()
	m := among(t)
	m.Update(pageMsg{candidate(m.o.Policy, "OPS-7", "indeterminate", "It is about OPS-30, which see")})
	typed(m, "ops-30")
	if c, ok := m.list.selected(); !ok || c.Ticket.Key != "OPS-7" {
		t.Fatalf("nothing resembles it: %v", c.Ticket.Key)
	}
	if press(m, "enter"); m.choice.Key != "OPS-30" {
		t.Errorf("%s was taken", m.choice.Key)
	}
	m = among(t)
	typed(m, "ops-1")
	press(m, "down", "enter")
	if m.choice.Key == "OPS-1" || m.choice.Key == "" {
		t.Errorf("what was gone to is not taken, but %q", m.choice.Key)
	}
}

func TestANoteGoesWithWhatItIsAbout(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	for _, msg := range []tea.Msg{pageMsg(tickets(m.o.Policy)), readMsg{}, foundMsg{}} {
		m.Update(noticeMsg("Jira asks for patience; asking again in 3s"))
		if m.note == "" {
			t.Fatal("it is not shown")
		}
		if m.Update(msg); m.note != "" {
			t.Errorf("after %T: %q", msg, m.note)
		}
	}
}

func TestCtrlZSuspends(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	z := tea.KeyPressMsg{Code: 'z', Mod: tea.ModCtrl}
	m.stops = false
	if _, cmd := m.Update(z); cmd != nil || m.note == "" {
		t.Errorf("without a shell: %q", m.note)
	}
	m.stops = true
	if _, cmd := m.Update(z); cmd == nil {
		t.Error("nothing happens")
	} else if _, ok := cmd().(tea.SuspendMsg); !ok {
		t.Errorf("%T", cmd())
	}
}

// What is open comes first, and that there is more is said.
func TestReasonsThatDoNotFit(t *testing.T) {
	t.Parallel()
	text := "version: 1\nentitlements:\n"
	for n := range 11 {
		project := "DEV"
		if n == 10 {
			project = "OPS"
		}
		text += fmt.Sprintf("  e%02d:\n    ticket: {projects: [%s], status_categories: [indeterminate]}\n    lease: {default: 15m, max: 1h}\n    ssh: {logins: [ops]}\n", n, project)
	}
	p, err := policy.Compile([]policy.Source{{Name: "policy.yaml", Data: []byte(text)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := started(t, Choice{})
	m.o.Policy = p
	m.Update(pageMsg{candidate(p, "OPS-1", "indeterminate", strings.Repeat("long ", 2000))})
	for _, s := range []size{{80, 24}, {200, 60}, {40, 24}} {
		m.size = s
		if screen := m.screen(); !strings.Contains(screen, "e10") || s.height < 60 && !strings.Contains(screen, "… jit explain") {
			t.Errorf("%dx%d:\n%s", s.width, s.height, screen)
		}
	}
}

// heard runs Plain on answers, and returns what it said.
func heard(t *testing.T, m *picker, answers string) string {
	t.Helper()
	var said bytes.Buffer
	s := &terminal.Streams{In: strings.NewReader(answers), Out: &said, Err: &said, InTTY: true, ErrTTY: true}
	p := &plain{picker: m, streams: s, asker: terminal.NewAsker(s)}
	for range strings.Count(answers, "\n") {
		if err := p.question(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.say()
	}
	return said.String()
}

func TestPlainSaysALineForEachTicket(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	m.addPage(tickets(m.o.Policy)[1:2]) // locked
	m.addPage(tickets(m.o.Policy)[:1])
	m.list.all[1].Ticket.Summary = "x\n3. OPS-99, unlocked: safe\r\n" + strings.Repeat("y", 9000)
	said := heard(t, m, "1\n\n")
	if strings.Contains(said, "\njit: 3. ") || len(said) > 4000 {
		t.Errorf("said\n%s", said)
	}
	for _, want := range []string{"OPS-8 is locked", "bastion, locked", "the status category is done"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	if m.choice.Key != "OPS-7" {
		t.Errorf("the default is %q", m.choice.Key)
	}
}
