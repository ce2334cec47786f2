package policy

import (
	"fmt"
	"strings"

	"github.com/jitaccess/jit/internal/ticket"
)

// Warnings are what is right and still may not be meant, by place: entitlements
// that rely on what their own user can write in Jira.
func (p *Policy) Warnings() []Problem {
	var found []Problem
	for _, c := range p.entitlements {
		if fields := c.trusted(); len(fields) > 0 {
			found = append(found, Problem{File: c.at.file, Line: c.at.line, Col: c.at.col, Msg: fmt.Sprintf(
				"%s relies on %s, which whoever it is for may be able to set; ticket.provenance can ask that somebody else did",
				c.Name, strings.Join(fields, ", "))})
		}
	}
	return found
}

// trusted are the fields that an entitlement reads without asking who set them.
func (c *compiled) trusted() []string {
	var fields []string
	p := c.Ticket.Provenance
	if c.Ticket.Assigned && !p.Assigner.Asked() {
		fields = append(fields, "the assignee")
	}
	if !p.StatusBy.Asked() && !(isAny(c.Ticket.Statuses) && len(c.Ticket.StatusCategories) == 0) && !isAny(c.Ticket.StatusCategories) {
		fields = append(fields, "the status")
	}
	n := Needs{}
	c.reads(&n)
	for _, f := range n.Fields {
		if f == ticket.FieldReporter && !p.Reporter.Asked() {
			fields = append(fields, "the reporter")
		}
	}
	if !p.Fields.Asked() {
		for _, f := range c.others() {
			if f != ticket.FieldProject { // who may move tickets into a project is up to the project
				fields = append(fields, string(f))
			}
		}
	}
	return fields
}
