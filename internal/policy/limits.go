package policy

import (
	"slices"
	"time"

	"github.com/jitaccess/jit/internal/ticket"
)

// Limits bound how often an entitlement is given to one principal. A zero limit is
// none.
type Limits struct {
	InForce   int           // grants at the same time
	PerTicket int           // grants for one ticket, ever
	PerDay    int           // grants within 24 hours
	Cooldown  time.Duration // from the end of a revoked grant to the next one
}

// The bounds of limits are our own choice: beyond them a limit limits nothing.
const (
	maxGrants   = 1000
	maxCooldown = 30 * 24 * time.Hour
)

// Earlier is a grant that the principal was given before.
type Earlier struct {
	ID          string
	Entitlement string
	TicketID    string
	NotBefore   time.Time
	ExpiresAt   time.Time
	Revoked     time.Time // zero where it was not
}

func (e Earlier) inForce(at time.Time) bool {
	return at.Before(e.ExpiresAt) && (e.Revoked.IsZero() || at.Before(e.Revoked))
}

// limits reads limits.
func (f *file) limits(e entry) Limits {
	var l Limits
	o := f.Object(e.Value, e.Key, "limits", "in_force", "per_ticket", "per_day", "cooldown")
	if !o.OK {
		return l
	}
	if len(o.Entries) == 0 {
		f.Problem(o.At, "limits is empty")
	}
	for key, limit := range map[string]*int{"in_force": &l.InForce, "per_ticket": &l.PerTicket, "per_day": &l.PerDay} {
		if n := o.Get(key); n != nil {
			*limit = f.Count(n, "limits."+key, maxGrants)
		}
	}
	if n := o.Get("cooldown"); n != nil {
		d, ok := f.Duration(n, "limits.cooldown")
		if ok && d > maxCooldown {
			f.Problem(n, "limits.cooldown %s is longer than the %s that is the most", Short(d), Short(maxCooldown))
		}
		l.Cooldown = d
	}
	return l
}

func (l Limits) asked() bool { return l != Limits{} }

// Since is from when on the principal's earlier grants must be known to decide
// about these entitlements, or about all where none is named, at a time; the zero
// time where no limit asks for any.
func (p *Policy) Since(t ticket.Ticket, at time.Time, names ...string) time.Time {
	var since time.Time
	for _, c := range p.among(names) {
		if !c.Limits.asked() {
			continue
		}
		if from := c.since(t, at); since.IsZero() || from.Before(since) {
			since = from
		}
	}
	return since
}

func (c *compiled) since(t ticket.Ticket, at time.Time) time.Time {
	back := c.Lease.Max // what is older is not in force
	if c.Limits.PerDay > 0 {
		back = max(back, 24*time.Hour)
	}
	if c.Limits.Cooldown > 0 {
		back = max(back, c.Lease.Max+c.Limits.Cooldown)
	}
	from := at.Add(-back)
	if c.Limits.PerTicket > 0 && t.Created.Before(from) {
		from = t.Created
	}
	return from
}

// limits holds what was granted before against the limits.
func (j *judgement) limits() {
	l := j.c.Limits
	if !l.asked() {
		return
	}
	if l.PerTicket > 0 && !j.answered(ticket.FieldCreated) {
		return
	}
	if j.in.Earlier == nil {
		j.fails(codeLimits, "", "what you were given before is not known")
		return
	}
	mine := slices.DeleteFunc(slices.Clone(j.in.Earlier), func(e Earlier) bool { return e.Entitlement != j.c.Name })
	count := func(counts func(Earlier) bool) (n int) {
		for _, e := range mine {
			if counts(e) {
				n++
			}
		}
		return n
	}
	at, before := j.in.At, len(j.reasons)
	if n := count(func(e Earlier) bool { return e.inForce(at) && e.ID != j.in.Renewing }); l.InForce > 0 && n >= l.InForce {
		j.fails(codeLimits, "use the grant in force, or revoke it first", "%d of %s are in force, and %d is the most", n, j.c.Name, l.InForce)
	}
	if n := count(func(e Earlier) bool { return e.TicketID == j.in.Ticket.ID }); l.PerTicket > 0 && n >= l.PerTicket {
		j.fails(codeLimits, "cite another ticket", "%s was given %d times for this ticket, and %d is the most", j.c.Name, n, l.PerTicket)
	}
	if n := count(func(e Earlier) bool { return at.Sub(e.NotBefore) < 24*time.Hour }); l.PerDay > 0 && n >= l.PerDay {
		j.fails(codeLimits, "ask again tomorrow", "%s was given %d times within a day, and %d is the most", j.c.Name, n, l.PerDay)
	}
	if until := cooled(mine, l.Cooldown); l.Cooldown > 0 && at.Before(until) {
		j.fails(codeLimits, "ask again at "+moment(until), "a grant of %s was revoked, and there is none for %s after that", j.c.Name, Short(l.Cooldown))
	}
	if len(j.reasons) == before {
		j.holds(codeLimits, "no limit is reached")
	}
}

// cooled is when the cool-down after the last revocation ends. A grant that was
// revoked while another one for its ticket was in force was renewed.
func cooled(grants []Earlier, cooldown time.Duration) time.Time {
	var last time.Time
	for _, e := range grants {
		renewed := slices.ContainsFunc(grants, func(o Earlier) bool {
			return o.ID != e.ID && o.TicketID == e.TicketID && !o.NotBefore.After(e.Revoked) && o.inForce(e.Revoked)
		})
		if !e.Revoked.IsZero() && !renewed && e.Revoked.After(last) {
			last = e.Revoked
		}
	}
	if last.IsZero() {
		return last
	}
	return last.Add(cooldown)
}
