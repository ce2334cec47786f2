package cmd

import (
	"context"
	"runtime"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/internal/tui"
)

// pick makes a request whose ticket, entitlement, duration and reason are
// chosen on the terminal; what ask names already is not asked for. It offers
// the entitlements for which among holds, nil being all. Without a terminal it
// refuses as a request without a key does.
//
// The picker has ended before the request begins: an issuer may ask for a
// one-time code or a passphrase, which wants the terminal for itself, and what
// the request says stays on the screen.
func (a *app) pick(ctx context.Context, ask access.Ask, among func(policy.Entitlement) bool) (*access.Service, access.Outcome, error) {
	return a.pickBy(ctx, ask, among, pickHow{})
}

// pickHow is how the picker asks.
type pickHow struct {
	plain bool // by numbered questions, as where the terminal cannot draw
	mouse bool // by the mouse too
}

// pickBy is pick in a way of its own.
func (a *app) pickBy(ctx context.Context, ask access.Ask, among func(policy.Entitlement) bool, how pickHow) (*access.Service, access.Outcome, error) {
	if !a.io.Interactive() {
		return nil, access.Outcome{}, a.withoutKey()
	}
	w, err := a.wire()
	if err != nil {
		return nil, access.Outcome{}, err
	}
	svc, err := w.deciding(ctx)
	if err != nil {
		return nil, access.Outcome{}, err
	}
	offered, err := offers(svc, ask, among)
	if err != nil {
		return nil, access.Outcome{}, err
	}
	o := tui.Options{
		Source: func(ctx context.Context, page func([]access.Candidate) error) (bool, error) {
			return w.searchKept(ctx, svc, offered, page)
		},
		Lookup: func(ctx context.Context, key ticket.Key) (access.Candidate, error) {
			return svc.Candidate(ctx, key, offered)
		},
		Decide: svc.Again, Divert: a.divertNotices,
		Policy: svc.Policy, Colour: a.io.Colour, Mouse: how.mouse, In: a.io.In, Out: a.io.Err,
		Known: tui.Choice{Key: ask.Key, Entitlement: ask.Entitlement, TTL: ask.TTL, Reason: ask.Reason},
	}
	choice, err := a.choose(ctx, o, how.plain || a.dumb())
	if err != nil {
		return nil, access.Outcome{}, err
	}
	ask.Key, ask.Entitlement, ask.TTL, ask.Reason = choice.Key, choice.Entitlement, choice.TTL, choice.Reason
	return a.askOf(ctx, w, ask)
}

func (a *app) choose(ctx context.Context, o tui.Options, plain bool) (tui.Choice, error) {
	if plain {
		return tui.Plain(ctx, a.io, o)
	}
	return tui.Pick(ctx, o)
}

// offers narrows what is offered to a kind and to an entitlement, where one is
// named. One that would not do is refused before anybody chooses a ticket for it.
func offers(svc *access.Service, ask access.Ask, among func(policy.Entitlement) bool) (func(policy.Entitlement) bool, error) {
	fits := func(e policy.Entitlement) bool {
		return (ask.Kind == "" || (e.SSH != nil) == (ask.Kind == grant.SSH)) && (among == nil || among(e))
	}
	if ask.Entitlement == "" {
		return fits, nil
	}
	if err := svc.CheckAsk(ask); err != nil {
		return nil, err
	}
	if e, _ := svc.Policy.Entitlement(ask.Entitlement); !fits(e) {
		return nil, fault.New(fault.Usage, "%s cannot be used for this", e.Name).WithHint("leave it out to choose among those that can")
	}
	return func(e policy.Entitlement) bool { return e.Name == ask.Entitlement }, nil
}

// dumb reports a terminal that cannot be drawn on. On Unix one that does not say
// what it is counts as such; Windows sets no TERM.
func (a *app) dumb() bool {
	return a.env.Term == "dumb" || a.env.Term == "" && runtime.GOOS != "windows"
}
