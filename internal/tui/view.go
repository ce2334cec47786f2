package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
)

// wide is from how many columns on the reasons stand beside the list.
const wide = 110

// below is how many lines the reasons get below the list.
const below = 8

// View draws the screen. Only the rows that are seen are made.
func (m *picker) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	return v
}

// screen is exactly as high as the terminal, and no line is wider.
func (m *picker) screen() string {
	if m.stage == stageDone {
		return ""
	}
	head := []string{m.paint.strong(cut("jit request  "+m.title(), m.width)), cut(m.second(), m.width), ""}
	foot := []string{m.paint.bad(foreign(m.note, m.width)), m.paint.quiet(cut(m.keys(), m.width))}
	body := m.body(m.width, max(m.height-len(head)-len(foot), 0))
	for len(body) < m.height-len(head)-len(foot) {
		body = append(body, "")
	}
	lines := append(append(head, body...), foot...)
	if len(lines) > m.height {
		lines = lines[:max(m.height, 0)]
	}
	return strings.Join(lines, "\n")
}

func (m *picker) title() string {
	switch m.stage {
	case stageTicket, stageLookup:
		return "1 of 5: which ticket?"
	case stageEntitlement:
		return "2 of 5: which entitlement?"
	case stageDuration:
		return "3 of 5: for how long?"
	case stageReason:
		return "4 of 5: why?"
	}
	return "5 of 5: is this right?"
}

// second is the line below the title: what was chosen, or the filter.
func (m *picker) second() string {
	switch m.stage {
	case stageTicket:
		return cut("filter: "+m.filter.view(m.width/2)+"   "+m.count(), m.width)
	case stageLookup:
		return string(m.choice.Key)
	}
	return string(m.choice.Key) + "  " + foreign(m.ticket.Ticket.Summary, m.width-len(m.choice.Key)-4)
}

func (m *picker) count() string {
	n := fmt.Sprintf("%d of %d tickets", len(m.list.shown), len(m.list.all))
	switch {
	case !m.read && m.o.Known.Key == "":
		return n + ", reading …"
	case m.more:
		return n + "; there are more, which only their keys find"
	}
	return n
}

func (m *picker) keys() string {
	switch m.stage {
	case stageTicket:
		return "enter choose · ↑↓ move · type to filter · ctrl+o read a key · ctrl+c leave"
	case stageLookup:
		return "esc back · ctrl+c leave"
	case stageEntitlement:
		return "enter choose · ↑↓ move · esc back · ctrl+c leave"
	case stageSummary:
		return "enter ask for it · esc back · ctrl+c leave"
	}
	return "enter take it · esc back · ctrl+c leave"
}

func (m *picker) body(width, height int) []string {
	switch m.stage {
	case stageTicket:
		return m.tickets(width, height)
	case stageLookup:
		return []string{"reading " + string(m.choice.Key) + " …"}
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
	return m.summary(width)
}

// asking draws a line that is typed, and how the policy takes it.
func (m *picker) asking(label string, l *line, about string, width, height int) []string {
	typed := cut(label+l.view(max(width-cells(label)-2, 0)), width)
	out := []string{typed, "", cut(about, width), ""}
	return append(out, m.block(width, height-len(out), m.verdict())...)
}

func (m *picker) summary(width int) []string {
	e := m.entitlement()
	rows := [][2]string{
		{"ticket", string(m.choice.Key)},
		{"entitlement", e.Name},
		{"about", e.Description},
		{"for", policy.Short(m.choice.TTL)},
		{"reason", m.choice.Reason},
	}
	var out []string
	for _, r := range rows {
		if r[1] != "" {
			out = append(out, fmt.Sprintf("%-12s %s", r[0], foreign(r[1], width-13)))
		}
	}
	return append(out, "", cut("Jira is asked again and the policy decides anew before anything is minted.", width))
}

// tickets draws the list, or says why there is none.
func (m *picker) tickets(width, height int) []string {
	var above []string
	if m.err != nil {
		above = append(wrap("error: "+m.err.Error(), width), wrap("hint: "+m.advice(), width)...)
		above = append(above, "")
	}
	switch {
	case len(m.list.shown) > 0:
	case m.err != nil:
	case len(m.list.all) > 0:
		above = append(above, "no ticket matches; the whole key of one is read with enter")
	case m.read:
		above = append(above, wrap("no ticket of yours is in a state that the policy names; type the key of one to see why", width)...)
	default:
		above = append(above, "asking Jira for your tickets …")
	}
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
	start := fmt.Sprintf("%-10s %s  ", c.Ticket.Key, fit(foreign(c.Ticket.Status.Name, 12), 12))
	return m.paint.verdict(m.opens(c)) + "  " + start + foreign(c.Ticket.Summary, width-cells(start)-12)
}

func (m *picker) ticketReasons(i int) []told {
	c := m.list.all[m.list.shown[i]]
	lines := []told{{text: string(c.Ticket.Key) + "  " + c.Ticket.Summary}}
	for _, d := range c.Decisions {
		lines = append(lines, told{m.paint.verdict(m.openness(d)), d.Entitlement})
		lines = append(lines, m.why(d)...)
	}
	return lines
}
