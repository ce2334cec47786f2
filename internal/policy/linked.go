package policy

import (
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/ticket"
)

// Linked asks for a link to another ticket for which all of this holds.
type Linked struct {
	Links            []string // names or phrases of the link; nil is any
	Projects         []string // keys, or ["*"]
	Types            []string // issue type ids or names; nil is any
	Statuses         []string // ids
	StatusCategories []string // category keys
}

// linked reads ticket.linked.
func (f *file) linked(e entry) *Linked {
	l := &Linked{}
	o := f.Object(e.Value, e.Key, "linked", "links", "projects", "types", "statuses", "status_categories")
	if !o.OK {
		return l
	}
	if n := o.Get("projects"); n != nil {
		l.Projects = f.listed(n, "projects", f.project)
	} else {
		f.Problem(o.At, `linked must name the projects of the other ticket; ["*"] is any`)
	}
	if o.Get("statuses") == nil && o.Get("status_categories") == nil {
		f.Problem(o.At, "linked must name a state of the other ticket, as statuses or status_categories")
	}
	l.Links = f.concrete(o, "links", f.trimmed("a link"))
	l.Types = f.concrete(o, "types", f.trimmed("an issue type"))
	l.StatusCategories = f.concrete(o, "status_categories", f.category)
	l.Statuses = f.concrete(o, "statuses", func(it item) {
		if !isStatusID(it.Value) {
			f.Problem(it.Node, "%.80q is not the id of a status; in linked a status is named by its id, since Jira sends another ticket's only translated", it.Value)
		}
	})
	return l
}

// linked looks for a link that is as asked for.
func (j *judgement) linked() {
	want := j.c.Ticket.Linked
	if want == nil || !j.answered(ticket.FieldLinks) {
		return
	}
	var others []string
	for _, l := range j.in.Ticket.Links {
		short := want.lacks(l)
		if short == "" {
			j.holds(codeLinked, "it %s %s, whose status is %s", shown(l.Phrase), l.Key, statusText(l.Status))
			return
		}
		others = append(others, shown(l.Phrase)+" "+string(l.Key)+", "+short)
	}
	found := "it is linked to nothing"
	if len(others) > 0 {
		found = "it " + strings.Join(others, "; ")
	}
	j.fails(codeLinked, "link the ticket to "+want.text(), "%s; it must be linked to %s", found, want.text())
}

// lacks says what a link lacks, and "" where it is as asked for.
func (l *Linked) lacks(link ticket.Link) string {
	switch {
	case len(l.Links) > 0 && !slices.Contains(l.Links, link.Type) && !slices.Contains(l.Links, link.Phrase):
		return "which is another kind of link"
	case !isAny(l.Projects) && !slices.Contains(l.Projects, link.Key.Project()):
		return "which is of another project"
	case len(l.Types) > 0 && !(link.IssueType != "" && slices.Contains(l.Types, link.IssueType)) && !(link.IssueTypeID != "" && slices.Contains(l.Types, link.IssueTypeID)):
		return "whose type is " + shown(link.IssueType)
	case link.Status.ID == "" || link.Status.Category == "":
		return "whose status Jira did not tell"
	case len(l.Statuses) > 0 && !slices.Contains(l.Statuses, link.Status.ID),
		len(l.StatusCategories) > 0 && !slices.Contains(l.StatusCategories, link.Status.Category):
		return "whose status is " + statusText(link.Status) + " of category " + shown(link.Status.Category)
	}
	return ""
}

// text is what is asked for, in words.
func (l *Linked) text() string {
	what := "a ticket"
	if len(l.Types) > 0 {
		what = "a ticket of type " + or(l.Types)
	}
	if !isAny(l.Projects) {
		what += " of project " + or(l.Projects)
	}
	if len(l.Statuses) > 0 {
		what += " with a status of id " + or(l.Statuses)
	}
	if len(l.StatusCategories) > 0 {
		what += " with a status of category " + or(l.StatusCategories)
	}
	if len(l.Links) > 0 {
		what += ", by a link that is " + or(l.Links)
	}
	return what
}
