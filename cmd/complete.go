package cmd

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/recent"
	"github.com/jitaccess/jit/internal/ticket"
)

// Completion runs while somebody waits for a key to answer. It asks nothing,
// prints nothing but what completes, and where something is missing or slow it
// completes nothing rather than complain.

// completeWait bounds how long Jira is waited for; then older tickets do.
const completeWait = 1500 * time.Millisecond

type completion = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective)

// quietly gives a completion an app that asks and says nothing.
func (a *app) quietly(find func(ctx context.Context, quiet *app) []cobra.Completion) completion {
	return func(c *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		streams := *a.io
		streams.Err, streams.InTTY, streams.ErrTTY = io.Discard, false, false
		quiet := *a
		quiet.io, quiet.unattended = &streams, true
		ctx := c.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		return fitting(find(ctx, &quiet), typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// fitting are those that begin with what was typed, each word once: bash puts
// what two lines have in common into the command, their description too. What a
// terminal obeys is taken out, wherever it is from.
func fitting(all []cobra.Completion, typed string) []cobra.Completion {
	var out []cobra.Completion
	told := map[string]bool{}
	for _, found := range all {
		word, why, _ := strings.Cut(found, "\t")
		if told[word] || len(word) < len(typed) || !strings.EqualFold(word[:len(typed)], typed) {
			continue
		}
		told[word] = true
		out = append(out, cobra.CompletionWithDesc(word, ticket.Clean(why)))
	}
	return out
}

// fixed completes to one of some words.
func fixed(words ...string) completion {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// onlyFirst completes the first argument and no other.
func onlyFirst(first completion) completion {
	return func(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return first(c, args, typed)
	}
}

// completeTickets are the engineer's own tickets, those that unlock something
// first.
func (a *app) completeTickets() completion {
	return a.quietly(func(ctx context.Context, quiet *app) []cobra.Completion {
		list := quiet.ownTickets(ctx, completeWait)
		slices.SortStableFunc(list.Tickets, func(x, y recent.Ticket) int {
			switch {
			case x.Unlocked == y.Unlocked:
				return 0
			case x.Unlocked:
				return -1
			}
			return 1
		})
		var out []cobra.Completion
		for _, t := range list.Tickets {
			out = append(out, cobra.CompletionWithDesc(string(t.Key), t.Summary))
		}
		return out
	})
}

// completeEntitlements are those of the policy.
func (a *app) completeEntitlements() completion {
	return a.quietly(func(_ context.Context, quiet *app) []cobra.Completion {
		w, err := quiet.wire()
		if err != nil {
			return nil
		}
		var out []cobra.Completion
		for _, e := range w.policy.Entitlements() {
			out = append(out, cobra.CompletionWithDesc(e.Name, e.Description))
		}
		return out
	})
}

// completeInForce are the entitlements in force of a kind; "" takes any.
func (a *app) completeInForce(kind grant.Kind) completion {
	return a.quietly(func(ctx context.Context, quiet *app) []cobra.Completion {
		var out []cobra.Completion
		for _, h := range quiet.inForce(ctx) {
			done := cobra.CompletionWithDesc(h.Grant.Entitlement, string(h.Grant.Ticket)+", "+left(h.Grant.ExpiresAt.Sub(quiet.now()))+" left")
			if kind == "" || h.Grant.Kind == kind {
				out = append(out, done)
			}
		}
		return out
	})
}

// completeGrants are the grants in force and their tickets.
func (a *app) completeGrants() completion {
	return a.quietly(func(ctx context.Context, quiet *app) []cobra.Completion {
		var tickets, grants []cobra.Completion
		for _, h := range quiet.inForce(ctx) {
			g := h.Grant
			if t := cobra.CompletionWithDesc(string(g.Ticket), "all that was given for it"); !slices.Contains(tickets, t) {
				tickets = append(tickets, t)
			}
			grants = append(grants, cobra.CompletionWithDesc(string(g.ID), string(g.Ticket)+" "+g.Entitlement))
		}
		return append(tickets, grants...)
	})
}

func (a *app) inForce(ctx context.Context) []credential.Held {
	_, held, err := a.listHeld(ctx)
	if err != nil {
		return nil
	}
	return held
}

// completeWith makes a flag complete so, and a flag that the command does not
// have is a mistake in the program.
func completeWith(c *cobra.Command, flag string, f completion) {
	if err := c.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}

// ownTickets are those of the cache where it is young, and else what Jira says
// within the wait. Whatever came goes into the cache.
func (a *app) ownTickets(ctx context.Context, wait time.Duration) recent.List {
	w, err := a.wire()
	if err != nil {
		return recent.List{}
	}
	known := w.knownTickets()
	if age := a.now().Sub(known.At); age >= 0 && age < freshTickets {
		return known
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	svc, err := w.deciding(ctx)
	if err != nil {
		return known
	}
	var found []access.Candidate
	_, err = svc.Candidates(ctx, nil, func(page []access.Candidate) error {
		found = append(found, page...)
		return nil
	})
	if err != nil && len(known.Tickets) >= len(found) {
		return known // the whole of a while ago rather than the beginning of now
	}
	// A list that cannot be kept is asked for again next time.
	list, _ := w.keepTickets(found)
	return list
}
