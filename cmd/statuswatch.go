package cmd

import (
	"context"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/tui"
)

// watchAction is a key of jit status --watch with what it does.
type watchAction struct {
	tui.Action
	do func(ctx context.Context, held credential.Held) error
}

func (a *app) watchActions() []watchAction {
	return []watchAction{
		{tui.Action{Key: "r", Word: "renew"}, a.renewHeld},
		{tui.Action{Key: "x", Word: "revoke", Confirm: true}, a.revokeHeld},
	}
}

// watchStatus shows the grants in force until the user quits. Actions run
// between two drawings, with the terminal to themselves.
func (a *app) watchStatus(ctx context.Context) error {
	if !a.io.Interactive() {
		return fault.New(fault.Usage, "--watch needs a terminal").WithHint("jit status --json prints what is in force")
	}
	w, err := a.openWallet()
	if err != nil {
		return err
	}
	a.warnProblems(ctx, w)
	actions := a.watchActions()
	o := tui.WatchOptions{
		List: func(ctx context.Context) ([]credential.Held, error) { return w.List(ctx, a.now()) },
		Now:  a.now, Colour: a.io.Colour, In: a.io.In, Out: a.io.Err,
	}
	for _, act := range actions {
		o.Actions = append(o.Actions, act.Action)
	}
	for {
		chosen, held, err := tui.Watch(ctx, o)
		if err != nil || chosen.Key == "" {
			return err
		}
		for _, act := range actions {
			if act.Key == chosen.Key {
				o.Note = tui.Outcome(chosen, held, act.do(ctx, held))
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// renewHeld asks for the same again: the ticket is read, and decided about, anew.
func (a *app) renewHeld(ctx context.Context, held credential.Held) error {
	w, err := a.wire()
	if err != nil {
		return err
	}
	svc, err := w.service(ctx)
	if err != nil {
		return err
	}
	progress := a.startProgress(held.Grant.Ticket)
	defer progress.stop()
	svc.Progress, svc.Notice = progress.step, progress.notice
	_, err = svc.Renew(ctx, held, access.Ask{Reason: held.Grant.Reason})
	return err
}

func (a *app) revokeHeld(ctx context.Context, held credential.Held) error {
	svc, err := a.revoking(ctx)
	if err != nil {
		return err
	}
	_, err = svc.Revoke(ctx, held, "")
	return err
}
