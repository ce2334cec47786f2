package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"
)

func click(x, y int) tea.MouseClickMsg { return tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft} }

func wheel(b tea.MouseButton) tea.MouseWheelMsg { return tea.MouseWheelMsg{Button: b} }

func TestTheMouseIsLeftToTheTerminalUnlessAskedFor(t *testing.T) {
	t.Parallel()
	m, w := started(t, Choice{}), newWatch(t.Context(), WatchOptions{})
	if m.View().MouseMode != tea.MouseModeNone || w.View().MouseMode != tea.MouseModeNone {
		t.Error("the terminal cannot select text")
	}
	m.o.Mouse, w.o.Mouse = true, true
	if m.View().MouseMode != tea.MouseModeCellMotion || w.View().MouseMode != tea.MouseModeCellMotion {
		t.Error("the mouse is not reported")
	}
}

func TestTheMouseSelectsTickets(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	m.Update(pageMsg(tickets(m.o.Policy)))
	selects := func(msg tea.Msg, want string) {
		t.Helper()
		m.screen()
		if _, cmd := m.Update(msg); cmd != nil || m.stage != stageTicket {
			t.Errorf("%v chooses", msg)
		}
		if c, _ := m.list.selected(); string(c.Ticket.Key) != want {
			t.Errorf("%v selects %s, want %s", msg, c.Ticket.Key, want)
		}
	}
	selects(wheel(tea.MouseWheelDown), "OPS-8")
	selects(wheel(tea.MouseWheelUp), "OPS-7")
	selects(wheel(tea.MouseWheelUp), "OPS-7")
	selects(wheel(tea.MouseWheelLeft), "OPS-7")
	selects(click(10, 5), "OPS-9")
	selects(click(0, 3), "OPS-7")
	for _, elsewhere := range []int{0, 1, 2, 7, 15, 23} {
		selects(click(10, elsewhere), "OPS-7")
	}
	selects(tea.MouseClickMsg{X: 3, Y: 5, Button: tea.MouseRight}, "OPS-7")
	// Below an error the rows stand elsewhere, and beside the reasons they end.
	m.Update(readMsg{err: cancelled()})
	m.Update(size{120, 24}.msg())
	selects(click(10, 6), "OPS-7")
	selects(click(10, 7), "OPS-8")
	selects(click(100, 6), "OPS-8")
}

func TestTheMouseFindsRowsOfALongList(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	for range 50 {
		m.list.add(tickets(m.o.Policy))
	}
	m.list.move(100)
	m.screen()
	at := m.list.cursor
	m.Update(click(5, 4))
	if m.list.cursor != m.seen.from+1 || m.list.cursor == at {
		t.Errorf("row %d is selected, of those from %d on", m.list.cursor, m.seen.from)
	}
}

func TestTheMouseSelectsEntitlementsAndNothingElse(t *testing.T) {
	t.Parallel()
	m := started(t, Choice{})
	m.Update(pageMsg(tickets(m.o.Policy)))
	press(m, "enter")
	m.screen()
	if m.Update(click(5, 4)); m.cursor != 1 {
		t.Errorf("row %d", m.cursor)
	}
	press(m, "enter", "enter", "enter")
	for range 3 {
		m.screen()
		m.Update(click(5, 3))
		m.Update(wheel(tea.MouseWheelUp))
	}
	if m.stage != stageSummary || m.choice.Entitlement != "prod-readonly" || m.cursor != 1 {
		t.Errorf("stage %d, %+v", m.stage, m.choice)
	}
}

func TestTheMouseSelectsGrants(t *testing.T) {
	t.Parallel()
	m, _ := watching()
	m.screen()
	if m.Update(click(5, 3)); m.on != "b" {
		t.Errorf("%s is selected", m.on)
	}
	if m.Update(wheel(tea.MouseWheelUp)); m.on != "a" {
		t.Errorf("%s is selected", m.on)
	}
	if m.Update(click(5, 4)); m.on != "a" {
		t.Errorf("%s is selected", m.on)
	}
	send(m, "x")
	m.Update(click(5, 3))
	if !m.asking || m.target.Grant.ID != "a" {
		t.Error("a click answers the question")
	}
}
