package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/ticket"
)

// personAccount is Cloud's account type of a person. Data Center has no types.
const personAccount = "atlassian"

// provenance holds who filed, assigned, moved and edited the ticket against what
// the policy demands of them.
func (j *judgement) provenance() {
	p := j.c.Ticket.Provenance
	if !p.asked() {
		return
	}
	if !j.answered(ticket.FieldHistory) || !j.answered(ticket.FieldCreator) || !j.answered(ticket.FieldCreated) {
		return
	}
	if j.in.Ticket.History == nil {
		j.fails(codeField, "", "the ticket came without its history")
		return
	}
	j.reportedBy(p.Reporter)
	j.assignedBy(p.Assigner)
	j.movedBy(p.StatusBy)
	j.fieldsBy(p.Fields)
}

func (p Provenance) asked() bool {
	return p.Reporter.Asked() || p.Assigner.Asked() || p.StatusBy.Asked() || p.Fields.Asked()
}

func (j *judgement) reportedBy(want Author) {
	if !want.Asked() || !j.answered(ticket.FieldReporter) {
		return
	}
	t := j.in.Ticket
	if t.Reporter == nil {
		j.fails(codeReporter, "have the ticket filed by "+want.who(), "the ticket has no reporter")
		return
	}
	if last, ok := t.History.Last(ticket.FieldReporter); ok && last.To != t.Reporter.ID {
		j.disagrees(codeReporter, "reporter")
		return
	}
	for _, d := range reporters(t) {
		what := j.doer(d.By) + " filed it" + d.when()
		if !d.created {
			what = j.doer(d.By) + " set its reporter" + d.when()
		}
		if doubt := j.doubt(d.By, want); doubt != "" {
			j.fails(codeReporter, "cite a ticket that was filed by "+want.who(), "%s; %s", what, doubt)
			return
		}
	}
	if doubt := j.doubt(t.Reporter, want); doubt != "" {
		j.fails(codeReporter, "cite a ticket that was filed by "+want.who(), "its reporter is %s; %s", j.doer(t.Reporter), doubt)
		return
	}
	j.holds(codeReporter, "%s filed it%s, and its reporter is %s", j.doer(t.Creator), creation(t).when(), j.doer(t.Reporter))
}

func (j *judgement) assignedBy(want Author) {
	if !want.Asked() || !j.answered(ticket.FieldAssignee) {
		return
	}
	t, hint := j.in.Ticket, "have the ticket assigned by "+want.who()
	if t.Assignee == nil {
		j.fails(codeAssigner, hint, "nobody assigned the ticket")
		return
	}
	d := latest(t, ticket.FieldAssignee)
	if !d.created && d.To != t.Assignee.ID {
		j.disagrees(codeAssigner, "assignee")
		return
	}
	j.done(codeAssigner, hint, "assigned it to "+person(*t.Assignee), d, want)
}

func (j *judgement) movedBy(want Author) {
	if !want.Asked() || !j.answered(ticket.FieldStatus) {
		return
	}
	t := j.in.Ticket
	d := latest(t, ticket.FieldStatus)
	if !d.created && d.To != t.Status.ID {
		j.disagrees(codeStatusBy, "status")
		return
	}
	j.done(codeStatusBy, "have the ticket moved to its status by "+want.who(), "moved it to "+statusText(t.Status), d, want)
}

// done tells one deed, and whether it is by whom it must be.
func (j *judgement) done(code, hint, what string, d deed, want Author) {
	how := ""
	if d.created {
		how = " when filing it"
	}
	if doubt := j.doubt(d.By, want); doubt != "" {
		j.fails(code, hint, "%s %s%s%s; %s", j.doer(d.By), what, how, d.when(), doubt)
		return
	}
	j.holds(code, "%s %s%s%s", j.doer(d.By), what, how, d.when())
}

func (j *judgement) fieldsBy(want Author) {
	if !want.Asked() {
		return
	}
	t, fields := j.in.Ticket, j.c.others()
	var names, people []string
	for _, f := range fields {
		if slices.Contains(t.History.Unclear, f) {
			j.fails(codeFields, "give the two fields of one name different names in Jira",
				"it cannot be told who set the field %s, since another one has the same name", f)
			return
		}
		deeds, agrees := setters(t, f)
		if !agrees {
			j.disagrees(codeFields, string(f))
			return
		}
		for _, d := range deeds {
			what := "set the field " + string(f)
			if d.created {
				what += " when filing it"
			}
			if doubt := j.doubt(d.By, want); doubt != "" {
				j.fails(codeFields, "cite a ticket whose "+string(f)+" was set by "+want.who()+" alone", "%s %s%s; %s", j.doer(d.By), what, d.when(), doubt)
				return
			}
			if who := j.doer(d.By); !slices.Contains(people, who) {
				people = append(people, who)
			}
		}
		names = append(names, string(f))
	}
	j.holds(codeFields, "%s set the fields %s", strings.Join(people, ", "), strings.Join(names, ", "))
}

// disagrees refuses a history that does not end where the ticket is.
func (j *judgement) disagrees(code, field string) {
	j.fails(code, "try again in a moment, in case the ticket has just been changed",
		"the history does not end with the %s that the ticket has, so it cannot be told who set it", field)
}

// doubt says why somebody is not whom the policy demands, and "" where they are.
func (j *judgement) doubt(who *ticket.Person, want Author) string {
	demand := want.who() + " must have"
	switch {
	case who == nil || who.ID == "":
		return "that is not known, and " + demand
	case who.ID == j.in.Principal.ID:
		return demand
	case who.Gone:
		return "that account is gone and no longer tells who it was, and " + demand
	case who.Type != "" && who.Type != personAccount && !slices.Contains(j.c.Ticket.Provenance.Automation, who.ID):
		return "that account is not a person's but of type " + shown(who.Type) + ", which the policy does not list under automation"
	case want.Group == "":
		return ""
	}
	groups, known := j.in.AuthorGroups[who.ID]
	switch {
	case !known:
		return "the groups of that account are not known, and " + demand
	case !slices.Contains(groups, want.Group):
		return "that account is not in the group " + shown(want.Group)
	}
	return ""
}

// who is the demand in words.
func (a Author) who() string {
	if a.Group != "" {
		return "another member of " + shown(a.Group)
	}
	return "somebody else"
}

// doer names whoever did something.
func (j *judgement) doer(p *ticket.Person) string {
	switch {
	case p == nil || p.ID == "":
		return "somebody"
	case p.ID == j.in.Principal.ID:
		return "you"
	}
	return person(*p)
}

// when is the time of a deed, with a blank before it.
func (d deed) when() string {
	if d.At.IsZero() {
		return ""
	}
	return fmt.Sprintf(" at %s", d.At.UTC().Format("2006-01-02 15:04 UTC"))
}
