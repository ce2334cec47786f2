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
	app  *app
	key  ticket.Key
	mu   sync.Mutex
	done []string
	live bool // a line is drawn and not yet ended
}

func (a *app) startProgress(key ticket.Key) *progress { return &progress{app: a, key: key} }

// step is told each step as it begins; minting and recording overlap.
func (p *progress) step(s access.Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = append(p.done, string(s))
	if !p.app.io.ErrTTY {
		return
	}
	fmt.Fprintf(p.app.io.Err, "\rjit: %s: %s …", p.key, strings.Join(p.done, ", "))
	p.live = true
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
		p.live = false
	}
}
