package cmd

import (
	"fmt"
	"strings"
	"sync"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/ticket"
)

// progress shows the steps of a request on one line of a terminal, and nothing
// elsewhere. Notices go above it.
type progress struct {
	app   *app
	key   ticket.Key
	mu    sync.Mutex
	done  []string
	live  bool // a line is drawn and not yet ended
	drawn int  // how long that line is
	held  int  // questions that are on the screen
}

func (a *app) startProgress(key ticket.Key) *progress {
	a.progress = &progress{app: a, key: key}
	return a.progress
}

// forQuestion gives the screen to a question, on a line of its own, until the
// function that it returns is called.
func (a *app) forQuestion() (answered func()) {
	p := a.progress
	if p == nil {
		return func() {}
	}
	p.hold(1)
	return func() { p.hold(-1) }
}

func (p *progress) hold(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
	p.held += n
}

// step is told each step as it begins; minting and recording overlap.
func (p *progress) step(s access.Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.done); n == 0 || p.done[n-1] != string(s) {
		p.done = append(p.done, string(s))
	}
	if !p.app.io.ErrTTY || p.held > 0 {
		return
	}
	line := fmt.Sprintf("jit: %s: %s …", p.key, strings.Join(p.done, ", "))
	if most := p.app.io.Width() - 1; len(line) > most { // a line that wraps cannot be written over
		line = fmt.Sprintf("jit: %s …", s)
	}
	fmt.Fprint(p.app.io.Err, "\r", line, strings.Repeat(" ", max(p.drawn-len(line), 0)))
	p.live, p.drawn = true, len(line)
}

func (p *progress) notice(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
	p.app.io.Note("%s", text)
}

// stop ends the line, so that what follows stands on its own.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

func (p *progress) end() {
	if p.live {
		fmt.Fprintln(p.app.io.Err)
		p.live, p.drawn = false, 0
	}
}
