package policydiff

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// part is one key of an entitlement, with how to tell which way a change goes.
type part struct {
	key    string
	values []string // none where the key is not there
	sense  sense
}

// parts are all keys of an entitlement.
func parts(e policy.Entitlement) []part {
	t := e.Ticket
	list := []part{
		{"description", text(e.Description), about},
		{"ticket.projects", t.Projects, anyOf},
		{"ticket.types", t.Types, anyOf},
		{"ticket.statuses", t.Statuses, anyOf},
		{"ticket.status_categories", t.StatusCategories, anyOf},
		{"ticket.labels", t.Labels, anyOf},
		{"ticket.components", t.Components, anyOf},
		{"ticket.assigned", yes(t.Assigned), demand},
	}
	list = append(list, provenanceParts(t.Provenance)...)
	list = append(list, ticketParts(t)...)
	return append(append(list,
		part{"when", text(e.When), demand},
		part{"lease.default", text(policy.Short(e.Lease.Default)), longest},
		part{"lease.max", text(policy.Short(e.Lease.Max)), longest},
		part{"limits.in_force", number(e.Limits.InForce), fewest},
		part{"limits.per_ticket", number(e.Limits.PerTicket), fewest},
		part{"limits.per_day", number(e.Limits.PerDay), fewest},
		part{"limits.cooldown", length(e.Limits.Cooldown), pause},
	), append(awsParts(e.AWS), sshParts(e.SSH)...)...)
}

func provenanceParts(p policy.Provenance) []part {
	var list []part
	for _, a := range []struct {
		key    string
		author policy.Author
	}{{"reporter", p.Reporter}, {"assigner", p.Assigner}, {"status_by", p.StatusBy}, {"fields", p.Fields}} {
		asked := text(a.author.Group)
		switch {
		case a.author.Group != "":
			asked[0] = "group " + asked[0]
		case a.author.Other:
			asked = []string{other}
		}
		list = append(list, part{"ticket.provenance." + a.key, asked, author})
	}
	return append(list, part{"ticket.provenance.automation", p.Automation, given})
}

func ticketParts(t policy.Conditions) []part {
	w, a, l := policy.Window{}, policy.Approvals{}, policy.Linked{}
	zone, count := "", ""
	if t.Window != nil {
		w = *t.Window
	}
	if w.Zone != nil {
		zone = w.Zone.String()
	}
	if t.Approvals != nil {
		a, count = *t.Approvals, strconv.Itoa(t.Approvals.Count)
	}
	if t.Linked != nil {
		l = *t.Linked
	}
	return []part{
		{"ticket.window.start", field(w.Start), demand},
		{"ticket.window.end", field(w.End), demand},
		{"ticket.window.zone", text(zone), opaque},
		{"ticket.approvals.field", field(a.Field), demand},
		{"ticket.approvals.count", text(count), most},
		{"ticket.approvals.group", text(a.Group), demand},
		{"ticket.linked", yes(t.Linked != nil), demand},
		{"ticket.linked.links", l.Links, anyOf},
		{"ticket.linked.projects", l.Projects, anyOf},
		{"ticket.linked.types", l.Types, anyOf},
		{"ticket.linked.statuses", l.Statuses, anyOf},
		{"ticket.linked.status_categories", l.StatusCategories, anyOf},
	}
}

func awsParts(a *policy.AWS) []part {
	if a == nil {
		a = &policy.AWS{}
	}
	tags := make([]string, 0, len(a.Tags))
	for key, value := range a.Tags {
		tags = append(tags, key+"="+value)
	}
	slices.Sort(tags)
	return []part{
		{"aws.role_arn", text(a.RoleARN), opaque},
		{"aws.session_policy", text(a.SessionPolicy), opaque},
		{"aws.policy_arns", a.PolicyARNs, opaque},
		{"aws.tags", tags, opaque},
		{"aws.external_id", text(a.ExternalID), opaque},
		{"aws.mfa_serial", text(a.MFASerial), demand},
		{"aws.source_identity", text(a.SourceIdentity), opaque},
		{"aws.region", text(a.Region), about},
	}
}

func sshParts(s *policy.SSH) []part {
	if s == nil {
		s = &policy.SSH{}
	}
	return []part{
		{"ssh.logins", s.Logins, given},
		{"ssh.extensions", s.Extensions, given},
		{"ssh.source_addresses", s.SourceAddresses, anyOf},
		{"ssh.force_command", text(s.ForceCommand), demand},
		{"ssh.hosts", s.Hosts, about},
		{"ssh.principals", text(s.Principals), demand},
	}
}

func text(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func number(n int) []string {
	if n == 0 {
		return nil
	}
	return []string{strconv.Itoa(n)}
}

func length(d time.Duration) []string {
	if d == 0 {
		return nil
	}
	return []string{policy.Short(d)}
}

func field(f ticket.Field) []string { return text(string(f)) }

func yes(b bool) []string {
	if b {
		return []string{"true"}
	}
	return nil
}

// compare tells the keys that differ, and false where none does. What becomes of
// the whole is the widest of its parts.
func compare(old, now policy.Entitlement) (Entitlement, bool) {
	e := Entitlement{Name: now.Name, What: Changed, Effect: Neither}
	before, after := parts(old), parts(now)
	for i, was := range before {
		is := after[i]
		if same(was, is) {
			continue
		}
		k := Key{Name: was.key, Old: join(was.values), New: join(is.values), Effect: was.sense(was.values, is.values)}
		e.Keys = append(e.Keys, k)
		if rank(k.Effect) > rank(e.Effect) {
			e.Effect = k.Effect
		}
	}
	return e, len(e.Keys) > 0
}

// same compares without order: no list of a policy has one.
func same(a, b part) bool {
	x, y := slices.Clone(a.values), slices.Clone(b.values)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func rank(e Effect) int {
	return slices.Index([]Effect{Neither, Narrower, Unclear, Wider}, e)
}

func join(values []string) string { return strings.Join(values, ", ") }
