package tui

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// stage is the question on the screen.
type stage int

const (
	stageTicket stage = iota
	stageLookup       // a ticket that was named is being read
	stageEntitlement
	stageDuration
	stageReason
	stageSummary
	stageDone
)

type (
	pageMsg []access.Candidate
	readMsg struct {
		more bool
		err  error
	}
	noticeMsg string
	foundMsg  struct {
		key   ticket.Key
		found access.Candidate
		err   error
	}
)

// picker is the model. It is used through a pointer: five thousand tickets are
// not copied with each key.
type picker struct {
	ctx   context.Context //nolint:containedctx // commands of Bubble Tea take none
	o     Options
	paint paint
	ruler
	size
	seen seen

	stage   stage
	past    []stage // questions that were answered on the screen
	list    list
	filter  line
	pages   chan tea.Msg // of a reading that has begun
	read    bool         // everything there is
	more    bool
	err     error // of reading the tickets, or of the lookup
	note    string
	stops   bool // a shell waits that can have us go on
	passing bool // the note is about a reading, and over once that goes on

	readers      sync.WaitGroup
	cancelLookUp context.CancelFunc // of the ticket that is being read

	ticket   access.Candidate
	cursor   int             // among the decisions
	judged   policy.Decision // on what is typed
	duration line
	reason   line
	choice   Choice
}

func newPicker(ctx context.Context, o Options) *picker {
	m := &picker{
		ctx: ctx, o: o, paint: paint(o.Colour), size: size{80, 24}, choice: o.Known, stops: resumable(),
		filter: line{max: 200}, duration: line{max: 20}, reason: line{max: access.MaxReason},
	}
	m.reason.set(o.Known.Reason)
	if o.Known.Key != "" {
		m.stage = stageLookup
	}
	return m
}

// Init begins to read the ticket that was named, or else the list.
func (m *picker) Init() tea.Cmd {
	if m.stage == stageLookup {
		return m.lookUp(m.choice.Key)
	}
	return m.readList()
}

// Update takes one message.
func (m *picker) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.size = size{msg.Width, msg.Height}
	case tea.ModeReportMsg:
		m.ruler = m.heard(msg)
	case pageMsg:
		m.over()
		m.addPage(msg)
		return m, m.nextPage()
	case readMsg:
		m.over()
		m.read, m.more, m.err = true, msg.more, msg.err
	case foundMsg:
		m.over()
		return m, m.found(msg)
	case noticeMsg:
		m.note, m.passing = string(msg), true
	case tea.PasteMsg:
		if l := m.typing(); l != nil && !m.small() {
			m.typedOn(l, l.insert(msg.Content))
		}
	case tea.MouseWheelMsg:
		m.move(notch(msg))
	case tea.MouseClickMsg:
		if row, ok := m.seen.clicked(msg); ok {
			m.move(row - m.cursorOf())
		}
	case tea.KeyPressMsg:
		return m, m.press(msg)
	}
	return m, nil
}

// over takes a note away that was about a reading which has gone on since.
func (m *picker) over() {
	if m.passing {
		m.note, m.passing = "", false
	}
}

func (m *picker) addPage(found []access.Candidate) {
	for i := range found {
		found[i] = m.ofKnown(found[i])
	}
	m.list.add(found)
}

// typedOn follows what was typed into a line, which may have had no room for it.
func (m *picker) typedOn(l *line, fitted bool) {
	m.note = ""
	if !fitted {
		m.note = l.full()
	}
	m.list.narrow(m.filter.String())
	m.judge()
}

// typing is the line that keys go to, or nil.
func (m *picker) typing() *line {
	switch m.stage {
	case stageTicket:
		return &m.filter
	case stageDuration:
		return &m.duration
	case stageReason:
		return &m.reason
	}
	return nil
}

func (m *picker) press(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case k.String() == "ctrl+c":
		return tea.Interrupt
	case m.small():
		return nil // nobody confirms what cannot be seen
	}
	m.note, m.passing = "", false
	switch k.String() {
	case "ctrl+z":
		return m.stop()
	case "esc":
		return m.back()
	case "enter":
		return m.enter()
	case "ctrl+o":
		if m.stage == stageTicket {
			return m.readTyped()
		}
	case "up", "ctrl+p":
		m.move(-1)
	case "down", "ctrl+n":
		m.move(1)
	case "pgup":
		m.move(-10)
	case "pgdown":
		m.move(10)
	default:
		if l := m.typing(); l != nil {
			m.typedOn(l, l.press(k))
		}
	}
	return nil
}

// stop gives the terminal back to the shell until that has us go on.
func (m *picker) stop() tea.Cmd {
	if m.stops {
		return tea.Suspend
	}
	m.note = "no shell is here to go back to; ctrl+c leaves"
	return nil
}

func (m *picker) move(by int) {
	switch m.stage {
	case stageTicket:
		m.list.move(by)
	case stageEntitlement:
		m.cursor = max(0, min(m.cursor+by, len(m.ticket.Decisions)-1))
	}
}

// cursorOf is the selected row of the list on the screen.
func (m *picker) cursorOf() int {
	if m.stage == stageTicket {
		return m.list.cursor
	}
	return m.cursor
}

// back asks the question before again, and leaves at the first.
func (m *picker) back() tea.Cmd {
	switch {
	case m.stage == stageLookup:
		m.cancelLookUp()
		m.stage, m.choice.Key, m.o.Known.Key = stageTicket, "", ""
		return m.readList()
	case m.stage == stageTicket && m.filter.String() != "":
		m.filter.set("")
		m.list.narrow("")
		return nil
	case len(m.past) == 0:
		return tea.Interrupt
	}
	m.stage, m.past = m.past[len(m.past)-1], m.past[:len(m.past)-1]
	m.judge()
	return nil
}

// enter takes what is on the screen for the answer.
func (m *picker) enter() tea.Cmd {
	switch m.stage {
	case stageTicket:
		return m.enterTicket()
	case stageEntitlement:
		m.enterEntitlement()
	case stageDuration:
		m.enterDuration()
	case stageReason:
		m.enterReason()
	case stageSummary:
		m.stage = stageDone
		return tea.Quit
	}
	return nil
}

// entitlement is the chosen one.
func (m *picker) entitlement() policy.Entitlement {
	e, _ := m.o.Policy.Entitlement(m.choice.Entitlement)
	return e
}

// shortest is the shortest duration that can be given.
func shortest(e policy.Entitlement) time.Duration {
	if e.AWS != nil {
		return access.MinAWS
	}
	return time.Second
}
