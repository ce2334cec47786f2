package cmd

import (
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/recent"
)

// freshTickets is how long a list of tickets serves completion without asking.
const freshTickets = 5 * time.Minute

// account says whose tickets a list has: of which site, and who asks there.
func (n *network) account() string { return n.cfg.Jira.URL + " " + n.cfg.Jira.Email }

func (n *network) knownTickets() recent.List { return recent.Load(n.state, n.account()) }

// keepTickets remembers what a search found, and returns it as it may be shown.
func (n *network) keepTickets(found []access.Candidate) (recent.List, error) {
	list := recent.List{Account: n.account(), At: n.app.now().UTC()}
	for _, c := range found {
		list.Tickets = append(list.Tickets, recent.Ticket{Key: c.Ticket.Key, Summary: c.Ticket.Summary, Unlocked: c.Unlocks()})
	}
	list = list.Harmless()
	return list, recent.Save(n.state, list)
}
