// Package tui asks on a terminal what a request needs: which ticket, which
// entitlement, how long and why. It draws and decides nothing: what the
// tickets unlock comes from the use cases, and what was chosen goes back to
// whoever makes the request.
//
// Colours are the terminal's own sixteen, which its owner has made readable on
// a light or a dark ground. So the terminal need not be asked for its
// background, and one that never answers delays nothing.
package tui

import (
	"context"
	"errors"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// Choice is what was chosen, or what is known before anything is asked: an
// empty field is asked for.
type Choice struct {
	Key         ticket.Key
	Entitlement string
	TTL         time.Duration // zero in the answer takes the entitlement's default
	Reason      string
}

// Options are what the picker asks about.
type Options struct {
	// Source gives the principal's tickets a page at a time, and reports
	// whether there may be more than it gave.
	Source func(ctx context.Context, page func([]access.Candidate) error) (more bool, err error)
	// Lookup reads one ticket that was named by its key.
	Lookup func(ctx context.Context, key ticket.Key) (access.Candidate, error)
	// Decide decides for a ticket again, with another duration and reason, as a
	// request would but without asking anybody.
	Decide func(c access.Candidate, entitlement string, ttl time.Duration, reason string) policy.Decision
	// Divert has what there is to tell meanwhile, such as that Jira makes us
	// wait, told to a function until back is called; nil diverts nothing.
	Divert func(to func(text string)) (back func())
	Policy *policy.Policy
	Known  Choice
	Colour bool
	Mouse  bool // whether the wheel and clicks move the selection

	// In and Out are the terminal.
	In  io.Reader
	Out io.Writer
}

// cancelled is the error of a picker that was left.
func cancelled() error { return fault.New(fault.Cancelled, "nothing was chosen") }

// Pick draws the picker until something is chosen. The error is of class
// Cancelled where the user left, and the context's where that ended. The
// terminal is as it was when Pick returns.
func Pick(ctx context.Context, o Options) (Choice, error) {
	reading, stop := context.WithCancel(ctx)
	m := newPicker(reading, o)
	// Signals end the context, which ends the program: one way for all.
	program := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler())
	back := func() {}
	if o.Divert != nil {
		back = o.Divert(func(text string) { program.Send(noticeMsg(text)) })
	}
	_, err := program.Run()
	stop()
	m.readers.Wait()
	back()
	switch {
	case ctx.Err() != nil:
		return Choice{}, ctx.Err()
	case errors.Is(err, tea.ErrInterrupted), err == nil && m.stage != stageDone:
		return Choice{}, cancelled()
	case err != nil:
		return Choice{}, err
	}
	return m.choice, nil
}
