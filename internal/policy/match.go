package policy

import (
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/ticket"
)

func (j *judgement) project() {
	want, found := j.c.Ticket.Projects, j.in.Ticket.Project
	hint := "cite a ticket of project " + or(want)
	switch {
	case found == "":
		j.fails(codeProject, "", "the ticket came without its project")
	case isAny(want):
		j.holds(codeProject, "the project is %s, and any will do", shown(found))
	case slices.Contains(want, found):
		j.holds(codeProject, "the project is %s", shown(found))
	default:
		j.fails(codeProject, hint, "the project is %s, not %s", shown(found), or(want))
	}
}

func (j *judgement) issueType() {
	want, t := j.c.Ticket.Types, j.in.Ticket
	if len(want) == 0 || !j.answered(ticket.FieldType) {
		return
	}
	switch {
	case t.Type == "" && t.TypeID == "":
		j.fails(codeType, "", "the ticket came without its type")
	case t.TypeID != "" && slices.Contains(want, t.TypeID), t.Type != "" && slices.Contains(want, t.Type):
		j.holds(codeType, "the type is %s", shown(t.Type))
	default:
		j.fails(codeType, "cite a ticket of type "+or(want), "the type is %s (id %s), not %s", shown(t.Type), shown(t.TypeID), or(want))
	}
}

// status compares ids, and names in the one form that does not depend on the
// language of whoever asks.
func (j *judgement) status() {
	want, s := j.c.Ticket.Statuses, j.in.Ticket.Status
	if len(want) == 0 {
		return
	}
	if isAny(want) {
		j.holds(codeStatus, "the status is %s, and any will do", statusText(s))
		return
	}
	if s.ID == "" {
		j.fails(codeStatus, "", "the ticket came without the id of its status")
		return
	}
	var unclear []string
	for _, w := range want {
		match, doubt := j.statusIs(w)
		if match {
			j.holds(codeStatus, "the status is %s", statusText(s))
			return
		}
		if doubt != "" {
			unclear = append(unclear, doubt)
		}
	}
	if len(unclear) > 0 {
		j.fails(codeStatus, "name the status in the policy by its id", "the status is %s; %s", statusText(s), strings.Join(unclear, "; "))
		return
	}
	j.fails(codeStatus, "move the ticket to "+or(want), "the status is %s, not %s", statusText(s), or(want))
}

// statusIs compares with one status of the policy. Doubt says why a name cannot
// be compared.
func (j *judgement) statusIs(want string) (match bool, doubt string) {
	s := j.in.Ticket.Status
	switch {
	case isStatusID(want):
		return s.ID == want, ""
	case s.Untranslated != "":
		return s.Untranslated == want, ""
	}
	switch ids := j.in.StatusIDs[want]; len(ids) {
	case 0:
		return false, "no status " + want + " is known there"
	case 1:
		return ids[0] == s.ID, ""
	default:
		return false, want + " can be any of the statuses " + shown(strings.Join(ids, ", "))
	}
}

func (j *judgement) category() {
	want, found := j.c.Ticket.StatusCategories, j.in.Ticket.Status.Category
	switch {
	case len(want) == 0:
	case isAny(want):
		j.holds(codeCategory, "the status category is %s, and any will do", shown(found))
	case found == "":
		j.fails(codeCategory, "", "the ticket came without the category of its status")
	case slices.Contains(want, found):
		j.holds(codeCategory, "the status category is %s", shown(found))
	default:
		j.fails(codeCategory, "move the ticket to a status of category "+or(want), "the status category is %s, not %s", shown(found), or(want))
	}
}

// anyOf wants one value of several among those that the ticket has.
func (j *judgement) anyOf(code string, f ticket.Field, want, found []string) {
	if len(want) == 0 || !j.answered(f) {
		return
	}
	for _, w := range want {
		if slices.Contains(found, w) {
			j.holds(code, "the %s have %s", code, w)
			return
		}
	}
	have := "none"
	if len(found) > 0 {
		have = shown(strings.Join(found, ", "))
	}
	j.fails(code, "have "+or(want)+" added to the ticket's "+code, "the %s are %s, without %s", code, have, or(want))
}

// assignee compares ids that are not empty: two people without an id are not
// the same person.
func (j *judgement) assignee() {
	if !j.c.Ticket.Assigned || !j.answered(ticket.FieldAssignee) {
		return
	}
	const hint = "have the ticket assigned to yourself"
	switch a := j.in.Ticket.Assignee; {
	case a == nil:
		j.fails(codeAssignee, hint, "the ticket is assigned to nobody, not to you")
	case a.ID == "":
		j.fails(codeAssignee, "", "the assignee came without an id")
	case a.ID != j.in.Principal.ID:
		j.fails(codeAssignee, hint, "the ticket is assigned to %s, not to you", person(*a))
	default:
		j.holds(codeAssignee, "the ticket is assigned to you")
	}
}

func isAny(want []string) bool { return len(want) == 1 && want[0] == Any }
