package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jitaccess/jit/internal/ticket"
)

// Approvals asks that people approved the ticket: in a field of approvals, as Jira
// Service Management keeps them, or in one that holds people.
type Approvals struct {
	Field ticket.Field
	Count int    // how many people other than the principal
	Group string // which all who count must be members of; "" is no group
}

// maxApprovals is more people than any ticket is approved by.
const maxApprovals = 20

// approvals reads ticket.approvals.
func (f *file) approvals(e entry) *Approvals {
	a := &Approvals{Count: 1}
	o := f.Object(e.Value, e.Key, "approvals", "field", "count", "group")
	if !o.OK {
		return a
	}
	if o.Get("field") == nil {
		f.Problem(o.At, "approvals must have field, such as customfield_10050")
	}
	a.Field = f.field(o, "field", "approvals.field")
	if n := o.Get("count"); n != nil {
		a.Count = f.Count(n, "approvals.count", maxApprovals)
	}
	if n := o.Get("group"); n != nil {
		if it, ok := f.Text(n, "approvals.group"); ok {
			f.trimmed("a group")(it)
			a.Group = it.Value
		}
	}
	return a
}

// approved holds the approvals of the ticket against those asked for.
func (j *judgement) approved() {
	want := j.c.Ticket.Approvals
	if want == nil || !j.answered(want.Field) {
		return
	}
	hint := "have the ticket approved by " + Author{Other: true, Group: want.Group}.who()
	people, problem := approvers(j.in.Ticket.Custom[want.Field])
	if problem != "" {
		j.fails(codeApprovals, hint, "the field %s %s", want.Field, problem)
		return
	}
	var counted, doubts []string
	for _, p := range people {
		doubt := j.doubt(&p, Author{Other: true, Group: want.Group})
		switch who := j.doer(&p); {
		case p.ID == j.in.Principal.ID:
			doubts = append(doubts, "your own approval does not count")
		case doubt != "":
			doubts = append(doubts, "that of "+who+" does not count: "+doubt)
		case !slices.Contains(counted, who):
			counted = append(counted, who)
		}
	}
	told := ""
	if len(doubts) > 0 {
		told = "; " + strings.Join(doubts, ", ")
	}
	switch {
	case len(counted) < want.Count:
		have := "nobody"
		if len(counted) > 0 {
			have = strings.Join(counted, ", ")
		}
		j.fails(codeApprovals, hint, "it was approved by %s, and %d must have%s", have, want.Count, told)
	default:
		j.holds(codeApprovals, "it was approved by %s", strings.Join(counted, ", "))
	}
}

// approvers are the people who approved, as a field tells: those whose decision in
// the latest approval was yes, where that was decided so, or the people that the
// field holds. Problem says why it tells nothing.
func approvers(value any) (people []ticket.Person, problem string) {
	switch v := value.(type) {
	case nil:
		return nil, "is empty"
	case map[string]any:
		return approvers([]any{v})
	case []any:
		if len(v) == 0 {
			return nil, "is empty"
		}
		if last, ok := v[len(v)-1].(map[string]any); ok && last["finalDecision"] != nil {
			return decided(v)
		}
		for _, e := range v {
			p, ok := personOf(e)
			if !ok {
				return nil, "holds something else than people or approvals"
			}
			people = append(people, p)
		}
		return people, ""
	}
	return nil, "holds something else than people or approvals"
}

// decided reads approvals of Jira Service Management. The one with the highest
// number is the latest: an older one may have been about another change.
func decided(list []any) (people []ticket.Person, problem string) {
	var latest map[string]any
	newest := int64(-1)
	for _, e := range list {
		a, ok := e.(map[string]any)
		id, err := strconv.ParseInt(text(a["id"]), 10, 64)
		if !ok || err != nil {
			return nil, "has an approval without a number"
		}
		if id > newest {
			latest, newest = a, id
		}
	}
	if d := text(latest["finalDecision"]); d != "approved" {
		return nil, "has a latest approval that is " + shown(d)
	}
	answers, _ := latest["approvers"].([]any)
	for _, e := range answers {
		answer, _ := e.(map[string]any)
		if text(answer["approverDecision"]) != "approved" {
			continue
		}
		p, ok := personOf(answer["approver"])
		if !ok {
			return nil, "has an approver without an id"
		}
		people = append(people, p)
	}
	return people, ""
}

// personOf reads a user as Jira sends it: with an accountId on Cloud, a key on Data
// Center.
func personOf(value any) (ticket.Person, bool) {
	m, _ := value.(map[string]any)
	p := ticket.Person{ID: text(m["accountId"]), Name: text(m["displayName"]), Type: text(m["accountType"])}
	if p.ID == "" {
		p.ID = text(m["key"])
	}
	return p, p.ID != ""
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
