package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
)

// View draws the screen. Only the rows that are seen are made.
func (m *picker) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen, v.MouseMode = true, reported(m.o.Mouse)
	return v
}

// screen is exactly as high as the terminal, and no line is wider.
func (m *picker) screen() string {
	m.seen = seen{}
	switch {
	case m.stage == stageDone:
		return ""
	case m.small():
		return m.tooSmall(m.ruler)
	}
	head := append([]string{m.paint.strong(m.cut(m.title(), m.width)), m.cut(m.second(), m.width)}, m.gap()...)
	foot := append(m.notes(), m.paint.quiet(m.keys()))
	m.seen.top = len(head)
	return m.size.screen(head, m.body(m.width, max(m.height-len(head)-len(foot), 0)), foot)
}

func (m *picker) title() string {
	n, question := 5, "is this right?"
	switch m.stage {
	case stageTicket, stageLookup:
		n, question = 1, "which ticket?"
	case stageEntitlement:
		n, question = 2, "which entitlement?"
	case stageDuration:
		n, question = 3, "for how long?"
	case stageReason:
		n, question = 4, "why?"
	}
	if m.width < roomForWords {
		return fmt.Sprintf("%d/5 %s", n, question)
	}
	return fmt.Sprintf("jit request  %d of 5: %s", n, question)
}

// second is the line below the title: what was chosen, or the filter.
func (m *picker) second() string {
	switch m.stage {
	case stageTicket:
		return "filter: " + m.filter.view(m.ruler, m.width/2) + m.count()
	case stageLookup:
		return string(m.choice.Key)
	}
	return string(m.choice.Key) + "  " + m.foreign(m.ticket.Ticket.Summary, m.width-len(m.choice.Key)-2)
}

func (m *picker) count() string {
	shown, all := len(m.list.shown), len(m.list.all)
	n := fmt.Sprintf("   %d of %d tickets", shown, all)
	if m.width < roomForWords {
		n = fmt.Sprintf(" %d/%d", shown, all)
	}
	switch {
	case !m.read && m.o.Known.Key == "":
		return n + ", reading …"
	case m.more:
		return n + "; there are more, which only their keys find"
	}
	return n
}

// notes is what there is to tell, and an empty line where that is nothing.
func (m *picker) notes() []string {
	lines := m.told(m.ruler, m.note)
	for i := range lines {
		lines[i] = m.paint.bad(lines[i])
	}
	return lines
}

func (m *picker) keys() string {
	switch m.stage {
	case stageTicket:
		return m.hints(m.ruler, "enter choose", "↑↓ move", "type to filter", "ctrl+o read a key", "ctrl+c leave")
	case stageLookup:
		return m.hints(m.ruler, "esc back", "ctrl+c leave")
	case stageEntitlement:
		return m.hints(m.ruler, "enter choose", "↑↓ move", "esc back", "ctrl+c leave")
	case stageSummary:
		return m.hints(m.ruler, "enter ask for it", "esc back", "ctrl+c leave")
	}
	return m.hints(m.ruler, "enter take it", "esc back", "ctrl+c leave")
}

func (m *picker) body(width, height int) []string {
	switch m.stage {
	case stageTicket:
		return m.tickets(width, height)
	case stageLookup:
		return m.wrap("reading "+string(m.choice.Key)+" …", width)
	case stageEntitlement:
		return m.beside(width, height, len(m.ticket.Decisions), m.cursor, m.decisionRow, m.decisionReasons)
	case stageDuration:
		l := m.entitlement().Lease
		about := fmt.Sprintf("default %s, at most %s", policy.Short(l.Default), policy.Short(l.Max))
		return m.asking("duration: ", &m.duration, about, width, height)
	case stageReason:
		about := "optional; it goes into the audit record"
		if m.o.Policy.ReadsReason(m.choice.Entitlement) {
			about = "the policy reads it; it goes into the audit record"
		}
		return m.asking("reason: ", &m.reason, about, width, height)
	}
	return m.summary(width, height)
}

// asking draws a line that is typed, and how the policy takes it.
func (m *picker) asking(label string, l *line, about string, width, height int) []string {
	out := append([]string{label + l.view(m.ruler, width-m.cells(label)-1)}, m.gap()...)
	out = append(append(out, m.wrap(about, width)...), m.gap()...)
	return append(out, m.block(width, max(height-len(out), 0), m.verdict())...)
}

// summary is what will be asked for. Where lines are few, those go that were
// read on the way here.
func (m *picker) summary(width, height int) []string {
	e, ttl := m.entitlement(), policy.Short(m.choice.TTL)
	rows := []struct {
		name, text string
		spare      int // goes the sooner, the higher
	}{
		{"ticket", string(m.choice.Key), 2},
		{"entitlement", e.Name, 0},
		{"about", e.Description, 3},
		{"for", ttl, 0},
		{"reason", m.choice.Reason, 1},
	}
	decides := append([]string{""}, m.wrap("Jira is asked again and the policy decides anew before anything is minted.", width)...)
	for spare := range 4 {
		var out []string
		for _, r := range rows {
			if r.text != "" && r.spare+spare <= 3 {
				out = append(out, m.field(r.name, r.text, width)...)
			}
		}
		if len(out) <= height {
			return append(out, decides[:min(len(decides), height-len(out))]...)
		}
	}
	return []string{m.cut(e.Name, width), m.cut("for "+ttl, width)}
}

func (m *picker) field(name, text string, width int) []string {
	if width < roomForWords {
		return m.wrap(name+": "+text, width)
	}
	return []string{fmt.Sprintf("%-12s %s", name, m.foreign(text, width-13))}
}

// tickets draws the list, or says why there is none.
func (m *picker) tickets(width, height int) []string {
	var above []string
	if m.err != nil {
		above = m.block(width, height/2, []told{{text: "error: " + m.err.Error()}, {text: "hint: " + m.advice()}})
		above = append(above, m.gap()...)
	}
	switch {
	case len(m.list.shown) > 0:
	case m.err != nil:
	case len(m.list.all) > 0:
		above = append(above, m.wrap("no ticket matches; the whole key of one is read with enter", width)...)
	case m.read:
		above = append(above, m.wrap("no ticket of yours is in a state that the policy names; type the key of one to see why", width)...)
	default:
		above = append(above, m.wrap("asking Jira for your tickets …", width)...)
	}
	m.seen.top += len(above)
	return append(above, m.beside(width, height-len(above), len(m.list.shown), m.list.cursor, m.ticketRow, m.ticketReasons)...)
}

func (m *picker) advice() string {
	if h := fault.HintOf(m.err); h != "" {
		return h + "; or type the key of a ticket"
	}
	return "type the key of a ticket"
}

func (m *picker) ticketRow(i, width int) string {
	c := m.list.all[m.list.shown[i]]
	start := m.paint.verdict(m.opens(c), width) + m.fit(string(c.Ticket.Key), m.list.keyWidth(width)) + " "
	if width >= roomForStatus {
		start += m.fit(m.foreign(c.Ticket.Status.Name, 12), 12) + "  "
	}
	return start + m.foreign(c.Ticket.Summary, width-m.cells(start))
}

// ticketReasons has what is open first, since there may be no room for all.
func (m *picker) ticketReasons(i int) []told {
	c := m.list.all[m.list.shown[i]]
	head := string(c.Ticket.Key) + "  "
	lines := []told{{text: head + m.cut(clean(c.Ticket.Summary), m.width-len(head))}}
	for _, d := range m.byOpenness(c.Decisions) {
		lines = append(lines, told{m.paint.verdict(m.openness(d), m.width), d.Entitlement})
		lines = append(lines, m.why(d)...)
	}
	return lines
}
