package cmd

import (
	"context"
	"slices"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/recent"
)

// freshTickets is how long a list of tickets serves completion without asking.
const freshTickets = 5 * time.Minute

// account says whose tickets a list has, as far as that is known without asking
// anybody: of which site, and with which token. What the keyring has changes by
// login and logout, which forget the list.
func (n *network) account() credential.Secret {
	token := "keyring"
	switch env := n.app.env.JiraToken; {
	case !env.Empty():
		token = "token " + env.Reveal()
	case n.cfg.Jira.TokenCommand != "":
		token = "command " + n.cfg.Jira.TokenCommand
	}
	return credential.NewSecret(tokenAccount(n.cfg) + "\n" + token)
}

// forgetTickets is for when another account may ask from now on.
func (a *app) forgetTickets() error {
	state, err := a.env.State()
	if err != nil {
		return err
	}
	return recent.Forget(state)
}

func (n *network) knownTickets() recent.List { return recent.Load(n.state, n.account()) }

// searchKept searches as Candidates does, and remembers what was found for
// completion, which offers what any entitlement may be unlocked by: a search for
// some entitlements, or one that was left, is not kept.
func (n *network) searchKept(ctx context.Context, svc *access.Service, among func(policy.Entitlement) bool, page func([]access.Candidate) error) (more bool, err error) {
	var found []access.Candidate
	more, err = svc.Candidates(ctx, among, func(next []access.Candidate) error {
		found = append(found, next[:min(len(next), recent.MaxTickets-len(found))]...)
		return page(next)
	})
	if err == nil && !slices.ContainsFunc(svc.Policy.Entitlements(), func(e policy.Entitlement) bool { return !among(e) }) {
		_, _ = n.keepTickets(found) // it costs completion a question to Jira, and the picker nothing
	}
	return more, err
}

// keepTickets remembers what a search found, and returns it as it may be shown.
func (n *network) keepTickets(found []access.Candidate) (recent.List, error) {
	list := recent.List{Account: n.account(), At: n.app.now().UTC()}
	for _, c := range found {
		list.Tickets = append(list.Tickets, recent.Ticket{Key: c.Ticket.Key, Summary: c.Ticket.Summary, Unlocked: c.Unlocks()})
	}
	list = list.Harmless()
	return list, recent.Save(n.state, list)
}
