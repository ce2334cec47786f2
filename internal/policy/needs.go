package policy

import (
	"maps"
	"slices"

	"github.com/jitaccess/jit/internal/ticket"
)

// Entitlements returns copies of all entitlements, sorted by name.
func (p *Policy) Entitlements() []Entitlement {
	if p == nil {
		return nil
	}
	all := make([]Entitlement, len(p.entitlements))
	for i, c := range p.entitlements {
		all[i] = c.clone()
	}
	return all
}

// Entitlement returns a copy of the entitlement of this name.
func (p *Policy) Entitlement(name string) (Entitlement, bool) {
	c := p.find(name)
	if c == nil {
		return Entitlement{}, false
	}
	return c.clone(), true
}

func (p *Policy) find(name string) *compiled {
	if p == nil {
		return nil
	}
	for _, c := range p.entitlements {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// among are the entitlements of these names, or all where none is named.
func (p *Policy) among(names []string) []*compiled {
	switch {
	case p == nil:
		return nil
	case len(names) == 0:
		return p.entitlements
	}
	return slices.DeleteFunc(slices.Clone(p.entitlements), func(c *compiled) bool { return !slices.Contains(names, c.Name) })
}

// clone copies whatever a caller could change.
func (e Entitlement) clone() Entitlement {
	t := &e.Ticket
	for _, list := range []*[]string{&t.Projects, &t.Types, &t.Statuses, &t.StatusCategories, &t.Labels, &t.Components, &t.Provenance.Automation} {
		*list = slices.Clone(*list)
	}
	if t.Window != nil {
		window := *t.Window
		t.Window = &window
	}
	if t.Approvals != nil {
		approvals := *t.Approvals
		t.Approvals = &approvals
	}
	if t.Linked != nil {
		linked := *t.Linked
		for _, list := range []*[]string{&linked.Links, &linked.Projects, &linked.Types, &linked.Statuses, &linked.StatusCategories} {
			*list = slices.Clone(*list)
		}
		t.Linked = &linked
	}
	if e.AWS != nil {
		aws := *e.AWS
		aws.PolicyARNs, aws.Tags = slices.Clone(aws.PolicyARNs), maps.Clone(aws.Tags)
		e.AWS = &aws
	}
	if e.SSH != nil {
		ssh := *e.SSH
		for _, list := range []*[]string{&ssh.Logins, &ssh.Extensions, &ssh.SourceAddresses, &ssh.Hosts} {
			*list = slices.Clone(*list)
		}
		e.SSH = &ssh
	}
	return e
}

// Needs is what must be asked of Jira to decide about these entitlements, or
// about all of them where none is named. Names that the policy does not have
// need nothing.
func (p *Policy) Needs(names ...string) Needs {
	// The project, the status and the assignee bind every grant; the summary is
	// shown to the reader. The id and the key come without being asked for.
	need := Needs{Fields: []ticket.Field{ticket.FieldAssignee, ticket.FieldProject, ticket.FieldStatus, ticket.FieldSummary}}
	for _, c := range p.among(names) {
		c.needs(&need)
	}
	slices.Sort(need.Fields)
	need.Fields = slices.Compact(need.Fields)
	slices.Sort(need.StatusNames)
	need.StatusNames = slices.Compact(need.StatusNames)
	return need
}

func (c *compiled) needs(n *Needs) {
	c.reads(n)
	if c.Limits.PerTicket > 0 {
		n.Fields = append(n.Fields, ticket.FieldCreated)
	}
	if c.Ticket.Provenance.asked() {
		n.Fields = append(n.Fields, ticket.FieldHistory, ticket.FieldReporter, ticket.FieldCreator, ticket.FieldCreated)
	}
}

// reads adds what the conditions and the expression read.
func (c *compiled) reads(n *Needs) {
	t := c.Ticket
	if len(t.Types) > 0 {
		n.Fields = append(n.Fields, ticket.FieldType)
	}
	if len(t.Labels) > 0 {
		n.Fields = append(n.Fields, ticket.FieldLabels)
	}
	if len(t.Components) > 0 {
		n.Fields = append(n.Fields, ticket.FieldComponents)
	}
	for _, s := range t.Statuses {
		if s != Any && !isStatusID(s) {
			n.StatusNames = append(n.StatusNames, s)
		}
	}
	n.Fields = append(n.Fields, t.Window.fields()...)
	if t.Approvals != nil {
		n.Fields = append(n.Fields, t.Approvals.Field)
	}
	if t.Linked != nil {
		n.Fields = append(n.Fields, ticket.FieldLinks)
	}
	if c.when != nil {
		n.Fields = append(n.Fields, c.when.Fields...)
		n.Groups = n.Groups || c.when.Groups
	}
}

// ReadsReason reports whether an entitlement's expression reads the reason
// that the user gives, so that it may have to be asked for.
func (p *Policy) ReadsReason(name string) bool {
	c := p.find(name)
	return c != nil && c.when != nil && c.when.Reason
}

// ReadsDuration reports whether an entitlement's expression reads the duration
// that is asked for, so that another one may unlock it.
func (p *Policy) ReadsDuration(name string) bool {
	c := p.find(name)
	return c != nil && c.when != nil && c.when.TTL
}

// OnlyWhen reports whether nothing but the expression stands in the way of an
// entitlement: another reason or duration may unlock it.
func (d Decision) OnlyWhen() bool {
	for _, r := range d.Reasons {
		if !r.OK && r.Code != codeWhen {
			return false
		}
	}
	return !d.Allowed && len(d.Reasons) > 0
}
