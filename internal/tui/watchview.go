package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/credential"
)

// View draws the screen.
func (m *watch) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen, v.MouseMode = true, reported(m.o.Mouse)
	return v
}

func (m *watch) screen() string {
	m.seen = seen{}
	if m.small() {
		return m.tooSmall(m.ruler)
	}
	head := append([]string{m.paint.strong(m.title())}, m.gap()...)
	foot := append(m.footnote(), m.keys()...)
	height := m.height - len(head) - len(foot)
	from, to := window(max(m.cursor(), 0), len(m.held), height)
	m.seen = seen{len(head), from, to, m.width}
	var body []string
	for _, h := range m.held[from:to] {
		body = append(body, m.row(h))
	}
	if len(body) == 0 {
		body = m.wrap(m.empty(), m.width)
	}
	return m.size.screen(head, body, foot)
}

// empty says why no grant is shown. That none is in force is known only from a
// list that could be read.
func (m *watch) empty() string {
	switch {
	case len(m.held) > 0:
		return "" // there is no room for a row
	case m.unread != nil:
		return "what is in force is not known"
	case !m.read:
		return "reading the wallet …"
	}
	return "no grant is in force; jit request asks for one"
}

func (m *watch) title() string {
	switch {
	case m.unread != nil:
		return m.cut("jit status  the wallet could not be read", m.width)
	case !m.read:
		return "jit status"
	}
	return m.cut(fmt.Sprintf("jit status  %d in force", len(m.held)), m.width)
}

// footnote asks whether an action is meant, or tells what the last came to, and
// why the list cannot be read for as long as that is so.
// Where one of several lines must go it is not that with the answers.
func (m *watch) footnote() []string {
	if !m.asking {
		return m.told(m.ruler, m.notes())
	}
	g := m.target.Grant
	lines := m.wrap(fmt.Sprintf("%s %s for %s? (y/N)", m.chosen.Word, g.Entitlement, g.Ticket), m.width)
	return lines[max(len(lines)-m.height/3, 0):]
}

func (m *watch) notes() string {
	switch {
	case m.unread == nil:
		return m.note
	case m.note == "":
		return m.unread.Error()
	}
	return m.note + "; " + m.unread.Error()
}

// soon is when the time left is told with a mark.
const soon = 5 * time.Minute

func (m *watch) row(h credential.Held) string {
	g, mark := h.Grant, "  "
	if g.ID == m.on {
		mark = m.paint.strong("▸ ")
	}
	left := max(g.ExpiresAt.Sub(m.o.Now()).Round(time.Second), 0)
	rest := m.fit(left.String(), 10)
	if left <= soon {
		rest = m.paint.bad(m.fit(left.String()+" !", 10))
	}
	what := fmt.Sprintf("%-4s %s  %s", g.Kind, m.fit(string(g.Ticket), m.longestKey()), g.Entitlement)
	if m.width < roomForWords {
		what = string(g.Ticket) + " " + g.Entitlement
	}
	return mark + rest + m.cut(what, max(m.width-12, 0))
}

func (m *watch) longestKey() int {
	longest := 10
	for _, h := range m.held {
		longest = max(longest, len(h.Grant.Ticket))
	}
	return longest
}

func (m *watch) keys() []string {
	lines := []string{m.hints(m.ruler, "? help", "q quit")}
	if m.help {
		move := "↑↓ move"
		if m.width >= roomForStatus {
			move = "↑↓ PgUp PgDn Home End move"
		}
		words := []string{move, "c copy the export command"}
		for _, a := range m.o.Actions {
			words = append(words, a.Key+" "+a.Word)
		}
		lines = atMost(m.wrap(strings.Join(append(words, "q quit"), " · "), m.width), m.height/2)
	}
	for i := range lines {
		lines[i] = m.paint.quiet(lines[i])
	}
	return lines
}
