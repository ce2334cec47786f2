package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

// Action is something that a key does to the selected grant.
type Action struct {
	Key     string
	Word    string // what it does, for the help: "renew"
	Confirm bool   // ask before it is done
}

// WatchOptions are what the live status shows.
type WatchOptions struct {
	// List returns the grants in force, soonest expiry first.
	List    func(ctx context.Context) ([]credential.Held, error)
	Now     func() time.Time
	Actions []Action
	Note    string // what the last action came to
	Colour  bool
	In      io.Reader
	Out     io.Writer
}

// Watch shows the grants in force until an action is chosen, which it returns
// with the grant, or the user quits, when its Key is empty. An action is done
// by the caller while nothing is drawn, since it may ask something itself. The
// error is of class Cancelled after Ctrl-C.
func Watch(ctx context.Context, o WatchOptions) (Action, credential.Held, error) {
	m := &watch{ctx: ctx, o: o, paint: paint(o.Colour), note: o.Note, width: 80, height: 24}
	program := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler())
	_, err := program.Run()
	switch {
	case ctx.Err() != nil:
		return Action{}, credential.Held{}, ctx.Err()
	case errors.Is(err, tea.ErrInterrupted):
		return Action{}, credential.Held{}, cancelled()
	case err != nil:
		return Action{}, credential.Held{}, err
	}
	return m.chosen, m.target, m.err
}

type tickMsg struct{}

type watch struct {
	ctx           context.Context //nolint:containedctx // commands of Bubble Tea take none
	o             WatchOptions
	paint         paint
	width, height int

	held   []credential.Held
	on     grant.ID // the selected grant, whatever comes and goes around it
	note   string
	help   bool
	asking bool // whether chosen is to be done to target
	chosen Action
	target credential.Held
	err    error
}

// Init reads the list and starts the clock.
func (m *watch) Init() tea.Cmd {
	m.refresh()
	return m.tick()
}

func (m *watch) tick() tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return tickMsg{} })
}

// refresh reads the list; what has expired is not in it.
func (m *watch) refresh() {
	held, err := m.o.List(m.ctx)
	if err != nil {
		m.note = err.Error()
		return
	}
	m.held = held
	if _, ok := m.selected(); !ok && len(held) > 0 {
		m.on = held[0].Grant.ID
	}
}

func (m *watch) cursor() int {
	for i, h := range m.held {
		if h.Grant.ID == m.on {
			return i
		}
	}
	return -1
}

func (m *watch) selected() (credential.Held, bool) {
	i := m.cursor()
	if i < 0 {
		return credential.Held{}, false
	}
	return m.held[i], m.held[i].Grant.InForce(m.o.Now())
}

// Update takes one message.
func (m *watch) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tickMsg:
		m.refresh()
		return m, m.tick()
	case tea.KeyPressMsg:
		return m, m.press(msg.String())
	}
	return m, nil
}

func (m *watch) press(key string) tea.Cmd {
	if key == "ctrl+c" {
		return tea.Interrupt
	}
	m.note = ""
	if m.asking {
		m.asking = false
		if key == "y" {
			return tea.Quit
		}
		m.chosen, m.target = Action{}, credential.Held{}
		return nil
	}
	switch key {
	case "q", "esc":
		return tea.Quit
	case "?":
		m.help = !m.help
	case "up", "k":
		m.move(-1)
	case "down", "j":
		m.move(1)
	default:
		return m.act(key)
	}
	return nil
}

func (m *watch) move(by int) {
	if len(m.held) > 0 {
		m.on = m.held[max(0, min(m.cursor()+by, len(m.held)-1))].Grant.ID
	}
}

// act does what a key stands for to the selected grant.
func (m *watch) act(key string) tea.Cmd {
	h, ok := m.selected()
	if !ok {
		return nil
	}
	if key == "c" {
		return m.export(h.Grant)
	}
	for _, a := range m.o.Actions {
		if a.Key != key {
			continue
		}
		m.chosen, m.target, m.asking = a, h, a.Confirm
		if a.Confirm {
			return nil
		}
		return tea.Quit
	}
	return nil
}

// export gives the terminal's clipboard (OSC 52) the command that exports the
// grant's keys. The keys themselves are never copied: every program sees the
// clipboard, and many keep what was in it.
func (m *watch) export(g grant.Grant) tea.Cmd {
	if g.Kind != grant.AWS {
		m.note = "an SSH grant has nothing to export"
		return nil
	}
	command := `eval "$(jit env -e ` + g.Entitlement + `)"`
	m.note = "copied, where the terminal allows it: " + command
	return tea.SetClipboard(command)
}

// View draws the screen.
func (m *watch) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	return v
}

func (m *watch) screen() string {
	lines := []string{m.paint.strong(cut(fmt.Sprintf("jit status  %d in force", len(m.held)), m.width)), ""}
	from, to := window(max(m.cursor(), 0), len(m.held), m.height-5)
	for _, h := range m.held[from:to] {
		lines = append(lines, m.row(h))
	}
	if len(m.held) == 0 {
		lines = append(lines, cut("no grant is in force; jit request asks for one", m.width))
	}
	for len(lines) < m.height-2 {
		lines = append(lines, "")
	}
	lines = append(lines, foreign(m.footnote(), m.width), m.paint.quiet(cut(m.keys(), m.width)))
	return strings.Join(lines[:min(len(lines), max(m.height, 0))], "\n")
}

func (m *watch) footnote() string {
	if m.asking {
		g := m.target.Grant
		return fmt.Sprintf("%s %s for %s? (y/N)", m.chosen.Word, g.Entitlement, g.Ticket)
	}
	return m.note
}

// soon is when the time left is told with a mark.
const soon = 5 * time.Minute

func (m *watch) row(h credential.Held) string {
	g, mark := h.Grant, "  "
	if g.ID == m.on {
		mark = m.paint.strong("▸ ")
	}
	left := max(g.ExpiresAt.Sub(m.o.Now()).Round(time.Second), 0)
	rest := fit(left.String(), 10)
	if left <= soon {
		rest = m.paint.bad(fit(left.String()+" !", 10))
	}
	return mark + rest + cut(fmt.Sprintf("%-4s %-12s %s", g.Kind, g.Ticket, g.Entitlement), max(m.width-12, 0))
}

func (m *watch) keys() string {
	if !m.help {
		return "? help · q quit"
	}
	words := []string{"↑↓ move", "c copy the export command"}
	for _, a := range m.o.Actions {
		words = append(words, a.Key+" "+a.Word)
	}
	return strings.Join(append(words, "q quit"), " · ")
}

// Outcome words what an action came to, for the next screen's Note.
func Outcome(a Action, h credential.Held, err error) string {
	what := fmt.Sprintf("%s %s for %s", a.Word, h.Grant.Entitlement, h.Grant.Ticket)
	if err == nil {
		return what + ": done"
	}
	if hint := fault.HintOf(err); hint != "" {
		return what + ": " + err.Error() + " (" + hint + ")"
	}
	return what + ": " + err.Error()
}
