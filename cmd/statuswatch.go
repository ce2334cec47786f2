package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/awsconsole"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/terminal"
	"github.com/jitaccess/jit/internal/tui"
)

// watchAction is a key of jit status --watch with what it does.
type watchAction struct {
	tui.Action
	do func(ctx context.Context, held credential.Held) (told string, err error)
}

// untold is for an action whose outcome needs no more words than that it is done.
func untold(do func(context.Context, credential.Held) error) func(context.Context, credential.Held) (string, error) {
	return func(ctx context.Context, held credential.Held) (string, error) { return "", do(ctx, held) }
}

func (a *app) watchActions() []watchAction {
	return []watchAction{
		{tui.Action{Key: "r", Word: "renew"}, untold(a.renewHeld)},
		{tui.Action{Key: "x", Word: "revoke", Confirm: true}, a.revokeHeld},
		{tui.Action{Key: "o", Word: "open the console"}, untold(a.consoleHeld)},
		{tui.Action{Key: "s", Word: "ssh"}, untold(a.sshHeld)},
	}
}

// watchStatus shows the grants in force until the user quits. Actions run
// between two drawings, with the terminal to themselves.
func (a *app) watchStatus(ctx context.Context, mouse bool) error {
	if !a.io.Interactive() || a.dumb() {
		return fault.New(fault.Usage, "--watch needs a terminal that can draw").WithHint("jit status --json prints what is in force")
	}
	w, err := a.openWallet()
	if err != nil {
		return err
	}
	a.warnProblems(ctx, w)
	actions := a.watchActions()
	o := tui.WatchOptions{
		List: func(ctx context.Context) ([]credential.Held, error) { return w.List(ctx, a.now()) },
		Now:  a.now, Colour: a.io.Colour, Mouse: mouse, In: a.io.In, Out: a.io.Err,
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
			if act.Key != chosen.Key {
				continue
			}
			told, err := act.do(ctx, held)
			o.Note, o.Last = tui.Outcome(chosen, held, err), held
			if told != "" {
				o.Note += "; " + told
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
	defer a.follow(svc, held.Grant.Ticket)()
	_, err = svc.Renew(ctx, held, access.Ask{Reason: held.Grant.Reason})
	return err
}

// revokeHeld tells what lives on as jit revoke does, though in the next drawing:
// what is printed between two is covered by it.
func (a *app) revokeHeld(ctx context.Context, held credential.Held) (string, error) {
	svc, err := a.revoking(ctx)
	if err != nil {
		return "", err
	}
	if err := stillHeld(ctx, svc.Wallet, held, a.now()); err != nil {
		return "", err
	}
	ref, err := svc.Revoke(ctx, held, "")
	if !ended(ref, err) {
		return "", err
	}
	told := liveUntil(held.Grant)
	if a.unknownAgent(held.Grant) {
		told += "; " + agentKeeps
	}
	return told, err
}

// stillHeld refuses a grant that has ended since it was drawn, which would be
// recorded as revoked once more.
func stillHeld(ctx context.Context, w access.Wallet, held credential.Held, now time.Time) error {
	list, err := w.List(ctx, now)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(h credential.Held) bool { return h.Grant.ID == held.Grant.ID }) {
		return fault.New(fault.NoGrant, "%s is no longer in force", held.Grant.Entitlement)
	}
	return nil
}

func (a *app) consoleHeld(ctx context.Context, held credential.Held) error {
	if held.Grant.Kind != grant.AWS {
		return fault.New(fault.Usage, "%s is for SSH, and has no console", held.Grant.Entitlement).WithHint("press s to log in")
	}
	w, err := a.openWallet()
	if err != nil {
		return err
	}
	cred, err := w.Open(ctx, held.Grant.ID)
	if err != nil {
		return err
	}
	a.io.Note("opening the console as %s …", held.Grant.Entitlement)
	to, err := a.consoleURL(ctx, held, cred, awsconsole.Destination{})
	if err != nil {
		return err
	}
	return a.openConsole(ctx, held, to, false)
}

// sshHeld logs in to a host that is asked for, with this very grant.
func (a *app) sshHeld(ctx context.Context, held credential.Held) error {
	if held.Grant.Kind != grant.SSH {
		return fault.New(fault.Usage, "%s is for AWS, and logs in nowhere", held.Grant.Entitlement).WithHint("press o for the console")
	}
	question, only := "Host", ""
	if len(held.Hosts) > 0 {
		question += ", one of " + strings.Join(held.Hosts, ", ")
	}
	if len(held.Hosts) == 1 && !strings.ContainsAny(held.Hosts[0], `*?[\`) {
		only = held.Hosts[0]
	}
	asker := terminal.NewAsker(a.io)
	host, err := asker.Line(ctx, question, only)
	if err != nil {
		return err
	}
	if host == "" {
		return fault.New(fault.Usage, "no host was named")
	}
	err = a.ssh(ctx, &sshOptions{held: &held, args: []string{host}})
	// What ssh or the host said about it would be gone with the next drawing.
	if failed, ok := errors.AsType[*childExit](err); ok && ctx.Err() == nil {
		if _, err := asker.Line(ctx, failed.Error()+"; Enter goes back", ""); err != nil {
			return err
		}
	}
	return err
}
