package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/ticket"
)

// readList begins to read the principal's tickets. Its messages come one by one:
// each that Update takes asks for the next, so that a fast Jira does not flood
// the screen.
func (m *picker) readList() tea.Cmd {
	if m.pages != nil {
		return nil
	}
	pages := make(chan tea.Msg)
	give := func(msg tea.Msg) error {
		select {
		case pages <- msg:
			return nil
		case <-m.ctx.Done():
			return m.ctx.Err()
		}
	}
	m.pages = pages
	m.readers.Go(func() {
		more, err := m.o.Source(m.ctx, func(found []access.Candidate) error { return give(pageMsg(found)) })
		_ = give(readMsg{more, err}) // nobody is left to tell
	})
	return m.nextPage()
}

// nextPage waits for the next message of a reading that is under way.
func (m *picker) nextPage() tea.Cmd {
	if m.pages == nil || m.read {
		return nil
	}
	return func() tea.Msg {
		select {
		case msg := <-m.pages:
			return msg
		case <-m.ctx.Done():
			return nil
		}
	}
}

// lookUp reads one ticket. A key that was typed wrong can be left meanwhile;
// what then still comes is not taken.
func (m *picker) lookUp(key ticket.Key) tea.Cmd {
	ctx, cancel := context.WithCancel(m.ctx)
	m.cancelLookUp = cancel
	return func() tea.Msg {
		defer cancel()
		found, err := m.o.Lookup(ctx, key)
		return foundMsg{key, found, err}
	}
}

// found takes what a lookup came to, and begins to read the other tickets where
// they are wanted.
func (m *picker) found(msg foundMsg) tea.Cmd {
	if m.stage != stageLookup || msg.key != m.choice.Key || !m.settle(msg) {
		return nil
	}
	return m.readList()
}

// settle takes what a lookup came to. It reports whether another ticket must be
// chosen, since the one that was named cannot be used.
func (m *picker) settle(msg foundMsg) (another bool) {
	m.stage, m.err = stageTicket, msg.err
	if msg.err == nil {
		m.take(m.ofKnown(msg.found))
	}
	if m.stage != stageTicket {
		return false
	}
	m.o.Known.Key = ""
	return true
}
