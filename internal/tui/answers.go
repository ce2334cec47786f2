package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// enterTicket takes the selected ticket, or reads the one whose key was typed. A
// whole key that none of the tickets has is not for the one that resembles it,
// unless that was gone to.
func (m *picker) enterTicket() tea.Cmd {
	c, ok := m.list.selected()
	if key, err := ticket.ParseKey(m.list.filter); ok && err == nil && key != c.Ticket.Key && m.list.cursor == 0 {
		return m.readTyped()
	}
	if ok {
		m.take(c)
		return nil
	}
	return m.readTyped()
}

// readTyped reads the ticket whose key was typed.
func (m *picker) readTyped() tea.Cmd {
	typed := strings.TrimSpace(m.filter.String())
	if typed == "" {
		m.note = "type the key of a ticket, such as OPS-7"
		return nil
	}
	key, err := ticket.ParseKey(typed)
	if err != nil {
		m.note = "no ticket matches, and it is not the key of one"
		return nil
	}
	m.stage, m.choice.Key, m.err = stageLookup, key, nil
	return m.lookUp(key)
}

// take goes on with a ticket where it unlocks something. What is decided about
// it is decided on the reason that is known.
func (m *picker) take(c access.Candidate) {
	if m.o.Known.Entitlement != "" {
		c.Decisions = only(c.Decisions, m.o.Known.Entitlement)
	}
	m.ticket, m.cursor = c, m.firstOpen(c.Decisions)
	if m.cursor < 0 {
		m.cursor = 0
		m.list.put(c)
		m.filter.set("")
		m.stage, m.note = stageTicket, string(c.Ticket.Key)+" is locked; its reasons say what would unlock it"
		return
	}
	m.choice.Key = c.Ticket.Key
	if m.o.Known.Key == "" {
		m.past = append(m.past, stageTicket)
	}
	m.stage = stageEntitlement
	if m.o.Known.Entitlement != "" {
		m.choose(m.ticket.Decisions[m.cursor])
	}
}

func only(all []policy.Decision, name string) []policy.Decision {
	for _, d := range all {
		if d.Entitlement == name {
			return []policy.Decision{d}
		}
	}
	return nil
}

func (m *picker) enterEntitlement() {
	d := m.ticket.Decisions[m.cursor]
	if m.openness(d) == locked {
		m.note = d.Entitlement + " is locked; its reasons say what would unlock it"
		return
	}
	m.past = append(m.past, stageEntitlement)
	m.choose(d)
}

// choose takes an entitlement, and goes to the first question that is open.
func (m *picker) choose(d policy.Decision) {
	m.choice.Entitlement = d.Entitlement
	m.duration.set(policy.Short(m.entitlement().Lease.Default))
	m.stage = stageDuration
	m.judge()
	if m.o.Known.TTL == 0 {
		return
	}
	m.duration.set(m.o.Known.TTL.String())
	// Where the flag's value does not fit, it is asked for after all.
	if m.note = m.setDuration(); m.note == "" {
		m.askReason()
	}
}

// setDuration takes the typed duration, or says what is wrong with it.
func (m *picker) setDuration() string {
	d, problem := m.typedDuration()
	if problem != "" {
		return problem
	}
	m.judge()
	if !m.judged.Allowed && m.openness(m.judged) != wantReason {
		return m.refused()
	}
	m.choice.TTL = d
	return ""
}

// typedDuration reads the duration that is typed, or says what is wrong with it.
func (m *picker) typedDuration() (time.Duration, string) {
	e := m.entitlement()
	d := e.Lease.Default
	if typed := m.duration.String(); typed != "" {
		var err error
		if d, err = time.ParseDuration(typed); err != nil || d <= 0 || d%time.Second != 0 {
			return 0, "write a duration such as 30m or 1h30m"
		}
	}
	switch {
	case d > e.Lease.Max:
		return 0, policy.Short(d) + " is longer than the " + policy.Short(e.Lease.Max) + " that " + e.Name + " allows"
	case d < shortest(e):
		return 0, policy.Short(d) + " is shorter than the " + policy.Short(shortest(e)) + " that AWS sessions last at least"
	}
	return d, ""
}

func (m *picker) enterDuration() {
	if m.note = m.setDuration(); m.note != "" {
		return
	}
	m.past = append(m.past, stageDuration)
	m.askReason()
}

// askReason goes to the reason, or past it where it was given by a flag and
// will do.
func (m *picker) askReason() {
	m.stage = stageReason
	m.judge()
	if m.o.Known.Reason != "" && m.judged.Allowed {
		m.choice.Reason, m.stage = m.o.Known.Reason, stageSummary
	}
}

func (m *picker) enterReason() {
	m.judge()
	if !m.judged.Allowed {
		m.note = m.refused()
		return
	}
	m.choice.Reason = m.reason.String()
	m.past = append(m.past, stageReason)
	m.stage = stageSummary
}

// reasons lists what stands in the way first, then what holds.
func reasons(d policy.Decision) (fails, holds []policy.Reason) {
	for _, r := range d.Reasons {
		if r.OK {
			holds = append(holds, r)
		} else {
			fails = append(fails, r)
		}
	}
	return fails, holds
}
