package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/access"
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
	Note    string          // what the last action came to
	Last    credential.Held // what it was done to, which is selected again
	Colour  bool
	Mouse   bool // whether the wheel and clicks move the selection
	In      io.Reader
	Out     io.Writer
}

// Watch shows the grants in force until an action is chosen, which it returns
// with the grant, or the user quits, when its Key is empty. An action is done
// by the caller while nothing is drawn, since it may ask something itself. The
// error is of class Cancelled after Ctrl-C.
func Watch(ctx context.Context, o WatchOptions) (Action, credential.Held, error) {
	m := newWatch(ctx, o)
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
	return m.chosen, m.target, nil
}

type (
	tickMsg struct{}
	listMsg struct {
		held []credential.Held
		err  error
	}
)

type watch struct {
	ctx   context.Context //nolint:containedctx // commands of Bubble Tea take none
	o     WatchOptions
	paint paint
	ruler
	size
	seen seen

	held    []credential.Held
	read    bool     // the list, at least once
	reading bool     // it is being read
	on      grant.ID // the selected grant, whatever comes and goes around it
	unread  error    // why the last reading failed; what is held is from before
	note    string
	help    bool
	stops   bool // on Ctrl-Z
	asking  bool // whether chosen is to be done to target
	chosen  Action
	target  credential.Held
}

func newWatch(ctx context.Context, o WatchOptions) *watch {
	return &watch{ctx: ctx, o: o, paint: paint(o.Colour), note: o.Note, on: o.Last.Grant.ID, size: size{80, 24}, stops: resumable()}
}

// Init reads the list and starts the clock.
func (m *watch) Init() tea.Cmd { return tea.Batch(m.refresh(), m.tick()) }

func (m *watch) tick() tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return tickMsg{} })
}

// refresh reads the list aside: where the disk is slow, keys are taken and the
// clock goes on meanwhile. One reading at a time is enough.
func (m *watch) refresh() tea.Cmd {
	if m.reading {
		return nil
	}
	m.reading = true
	return func() tea.Msg {
		held, err := m.o.List(m.ctx)
		return listMsg{held, err}
	}
}

// take shows the list that was read; what has expired is not in it. Where it
// could not be read, what is left of the list before stays: those grants can be
// known to expire, and no more.
func (m *watch) take(msg listMsg) {
	m.reading, m.unread = false, msg.err
	if msg.err == nil {
		m.held, m.read = msg.held, true
	} else {
		m.held = slices.DeleteFunc(m.held, func(h credential.Held) bool { return !h.Grant.InForce(m.o.Now()) })
	}
	m.dropQuestion()
	if m.cursor() < 0 && len(m.held) > 0 {
		m.on = m.held[max(m.like(m.o.Last.Grant), 0)].Grant.ID
	}
}

// dropQuestion takes a question back whose grant has ended meanwhile: a yes to it
// would do something to nothing.
func (m *watch) dropQuestion() {
	g := m.target.Grant
	if !m.asking || slices.ContainsFunc(m.held, func(h credential.Held) bool { return h.Grant.ID == g.ID }) {
		return
	}
	m.asking, m.chosen, m.target = false, Action{}, credential.Held{}
	m.note = fmt.Sprintf("%s for %s is no longer in force", g.Entitlement, g.Ticket)
}

// like is a grant for the same as another, such as that which renewed it.
func (m *watch) like(g grant.Grant) int {
	return slices.IndexFunc(m.held, func(h credential.Held) bool {
		return h.Grant.Ticket == g.Ticket && h.Grant.Entitlement == g.Entitlement
	})
}

func (m *watch) cursor() int {
	return slices.IndexFunc(m.held, func(h credential.Held) bool { return h.Grant.ID == m.on })
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
		m.size = size{msg.Width, msg.Height}
	case tea.ModeReportMsg:
		m.ruler = m.heard(msg)
	case tickMsg:
		return m, tea.Batch(m.refresh(), m.tick())
	case tea.ResumeMsg:
		return m, m.refresh() // much may have ended while we were stopped
	case listMsg:
		m.take(msg)
	case tea.MouseWheelMsg:
		m.move(notch(msg))
	case tea.MouseClickMsg:
		if row, ok := m.seen.clicked(msg); ok {
			m.move(row - m.cursor())
		}
	case tea.KeyPressMsg:
		return m, m.press(msg.String())
	}
	return m, nil
}

func (m *watch) press(key string) tea.Cmd {
	switch {
	case key == "ctrl+c":
		return tea.Interrupt
	case key == "ctrl+z":
		return m.stop()
	case m.small():
		return nil // nobody confirms what cannot be seen
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
	case "pgup":
		m.move(-m.page())
	case "pgdown":
		m.move(m.page())
	case "home":
		m.move(-len(m.held))
	case "end":
		m.move(len(m.held))
	default:
		return m.act(key)
	}
	return nil
}

// stop gives the terminal back to the shell until that has us go on. What was
// asked stays asked.
func (m *watch) stop() tea.Cmd {
	if m.stops {
		return tea.Suspend
	}
	m.note = "no shell is here to go back to; q quits"
	return nil
}

func (m *watch) move(by int) {
	if len(m.held) > 0 {
		m.on = m.held[max(0, min(m.cursor()+by, len(m.held)-1))].Grant.ID
	}
}

// page is how many rows are drawn, of which one stays to go on from.
func (m *watch) page() int { return max(m.seen.to-m.seen.from-1, 1) }

// act does what a key stands for to the selected grant.
func (m *watch) act(key string) tea.Cmd {
	i := slices.IndexFunc(m.o.Actions, func(a Action) bool { return a.Key == key })
	if i < 0 && key != "c" {
		return nil
	}
	h, ok := m.selected()
	switch {
	case !ok:
		m.note = m.nothing()
		return nil
	case key == "c":
		return m.export(h.Grant)
	}
	a := m.o.Actions[i]
	m.chosen, m.target, m.asking = a, h, a.Confirm
	if a.Confirm {
		return nil
	}
	return tea.Quit
}

// nothing says why a key does nothing.
func (m *watch) nothing() string {
	switch {
	case m.unread != nil:
		return "no grant is known that this could be done to"
	case !m.read:
		return "the wallet is still being read"
	}
	return "no grant is in force that this could be done to"
}

// export gives the terminal's clipboard (OSC 52) the command that exports the
// grant's keys. The keys themselves are never copied: every program sees the
// clipboard, and many keep what was in it.
func (m *watch) export(g grant.Grant) tea.Cmd {
	if g.Kind != grant.AWS {
		m.note = "an SSH grant has nothing to export"
		return nil
	}
	// The command names an entitlement, and not which of its grants.
	if taken, err := access.Choose(m.held, "", g.Entitlement); err == nil && taken.Grant.ID != g.ID {
		m.note = fmt.Sprintf("not copied: jit env -e %s takes the grant for %s that expires last; select that one, or revoke it first",
			g.Entitlement, taken.Grant.Ticket)
		return nil
	}
	command := `eval "$(jit env -e ` + g.Entitlement + `)"`
	m.note = "copied, where the terminal allows it: " + command
	return tea.SetClipboard(command)
}

// Outcome words what an action came to, for the next screen's Note: with what
// stands in the way where it was denied, which is no longer to be seen elsewhere.
func Outcome(a Action, h credential.Held, err error) string {
	what := fmt.Sprintf("%s %s for %s: ", a.Word, h.Grant.Entitlement, h.Grant.Ticket)
	if err == nil {
		return what + "done"
	}
	what += err.Error()
	if denied, ok := errors.AsType[*access.DeniedError](err); ok {
		for _, d := range denied.Decisions {
			fails, _ := reasons(d)
			for _, r := range fails {
				what += "; " + r.Text
			}
		}
	}
	if hint := fault.HintOf(err); hint != "" {
		what += " (" + hint + ")"
	}
	return what
}
