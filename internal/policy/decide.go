package policy

import (
	"fmt"
	"time"

	"github.com/jitaccess/jit/internal/policy/expr"
	"github.com/jitaccess/jit/internal/ticket"
)

// The codes of reasons, which scripts and the audit log read.
const (
	codeEntitlement = "entitlement"     // there is no such entitlement
	codePrincipal   = "principal"       // who asks
	codeTicket      = "ticket"          // the ticket as such: its id, archived or not
	codeField       = "field"           // Jira did not answer a field that the policy needs
	codeProject     = "project"         // and so on: the condition of this name
	codeType        = "type"            //
	codeStatus      = "status"          //
	codeCategory    = "status_category" //
	codeLabels      = "labels"          //
	codeComponents  = "components"      //
	codeAssignee    = "assignee"        //
	codeReporter    = "reporter"        // who filed it
	codeAssigner    = "assigner"        // who assigned it
	codeStatusBy    = "status_by"       // who moved it
	codeFields      = "fields"          // who set whatever else is read
	codeApprovals   = "approvals"       // who approved it
	codeLinked      = "linked"          // the ticket that it is linked to
	codeWindow      = "window"          // the time that it is for
	codeWhen        = "when"            // the expression
	codeLimits      = "limits"          // how often
	codeLease       = "lease"           // how long
)

// botAccount is Cloud's account type of an app. In local mode a bot cannot
// stand for an engineer.
const botAccount = "app"

// Decide says whether an entitlement is unlocked, with every reason: it does not
// stop at the first condition that fails. It is pure. What is not known, or
// cannot be told, is a denial.
func (p *Policy) Decide(name string, in Input) Decision {
	c := p.find(name)
	if c == nil {
		return Decision{Entitlement: name, Reasons: []Reason{{
			Code: codeEntitlement,
			Text: fmt.Sprintf("the policy has no entitlement %q", shown(name)),
			Hint: "jit policy check --json lists those it has",
		}}}
	}
	return c.decide(in)
}

// DecideAll decides for every entitlement, sorted by name.
func (p *Policy) DecideAll(in Input) []Decision {
	if p == nil {
		return nil
	}
	decisions := make([]Decision, len(p.entitlements))
	for i, c := range p.entitlements {
		decisions[i] = c.decide(in)
	}
	return decisions
}

func (c *compiled) decide(in Input) Decision {
	j := &judgement{in: in, c: c, ttl: in.TTL}
	if j.ttl == 0 {
		j.ttl = c.Lease.Default
	}
	j.principal()
	j.ticket()
	j.project()
	j.issueType()
	j.status()
	j.category()
	j.anyOf(codeLabels, ticket.FieldLabels, c.Ticket.Labels, in.Ticket.Labels)
	j.anyOf(codeComponents, ticket.FieldComponents, c.Ticket.Components, in.Ticket.Components)
	j.assignee()
	j.provenance()
	j.approved()
	j.linked()
	j.window()
	j.when()
	j.limits()
	j.lease()
	d := Decision{Entitlement: c.Name, Allowed: len(j.reasons) > 0, Reasons: j.reasons}
	for _, r := range j.reasons {
		d.Allowed = d.Allowed && r.OK
	}
	if d.Allowed {
		d.TTL, d.NotAfter = j.ttl, j.until
		if left := j.until.Sub(in.At); !j.until.IsZero() && left < d.TTL {
			d.TTL = left.Truncate(time.Second)
		}
	}
	return d
}

// judgement collects the reasons of one decision.
type judgement struct {
	in      Input
	c       *compiled
	ttl     time.Duration
	until   time.Time // when the window ends
	reasons []Reason
	absent  map[ticket.Field]bool // told already
}

func (j *judgement) holds(code, format string, args ...any) {
	j.reasons = append(j.reasons, Reason{Code: code, OK: true, Text: fmt.Sprintf(format, args...)})
}

func (j *judgement) fails(code, hint, format string, args ...any) {
	j.reasons = append(j.reasons, Reason{Code: code, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// answered reports whether Jira answered a field, and refuses where not.
func (j *judgement) answered(f ticket.Field) bool {
	if j.in.Ticket.Has(f) {
		return true
	}
	if !j.absent[f] {
		j.fails(codeField, "ask a Jira administrator whether you may see the field, and whether it is on the ticket's screen",
			"Jira did not answer the field %s, which the policy needs", f)
	}
	if j.absent == nil {
		j.absent = map[ticket.Field]bool{}
	}
	j.absent[f] = true
	return false
}

func (j *judgement) principal() {
	who := j.in.Principal
	switch {
	case who.ID == "":
		j.fails(codePrincipal, "run jit login", "Jira did not say who you are")
	case who.Type == botAccount:
		j.fails(codePrincipal, "log in with a token of your own account",
			"%s is an app, and an app cannot ask for access", person(who.Person))
	default:
		j.holds(codePrincipal, "you are %s", person(who.Person))
	}
}

func (j *judgement) ticket() {
	t := j.in.Ticket
	switch {
	case t.ID == "" || t.Key == "":
		j.fails(codeTicket, "", "the ticket came without its id or key")
	case t.Archived:
		j.fails(codeTicket, "cite a ticket that is not archived", "%s is archived", shown(string(t.Key)))
	}
}

func (j *judgement) when() {
	program := j.c.when
	if program == nil {
		if j.c.When != "" {
			j.fails(codeWhen, "", "the expression was not compiled")
		}
		return
	}
	known := true
	for _, f := range program.Missing(j.in.Ticket) {
		known = j.answered(f) && known
	}
	if program.Groups && j.in.Principal.Groups == nil {
		j.fails(codeField, "", "your groups are not known, and the policy needs them")
		known = false
	}
	if !known {
		return
	}
	values := &expr.Values{
		Ticket: j.in.Ticket, Principal: j.in.Principal, Entitlement: j.c.Name,
		TTL: j.ttl, Reason: j.in.Reason, At: j.in.At,
	}
	yes, err := program.Eval(values)
	found := program.Found(values)
	if found != "" {
		found = ": " + found
	}
	switch {
	case err != nil:
		j.fails(codeWhen, "the policy asks for "+shown(j.c.When), "the expression has no answer, %s%s", shown(err.Error()), found)
	case !yes:
		j.fails(codeWhen, "the policy asks for "+shown(j.c.When), "the expression is false%s", found)
	default:
		j.holds(codeWhen, "the expression is true%s", found)
	}
}

func (j *judgement) lease() {
	limits, hint := j.c.Lease, "ask for --for "+Short(j.c.Lease.Max)+" or less"
	switch {
	case j.ttl <= 0 || j.ttl%time.Second != 0:
		j.fails(codeLease, hint, "%s is not a positive number of whole seconds", j.ttl)
	case j.ttl > limits.Max:
		j.fails(codeLease, hint, "%s is longer than the %s that is allowed", Short(j.ttl), Short(limits.Max))
	case j.c.AWS != nil && j.ttl < minAWSLease:
		j.fails(codeLease, "ask for --for "+Short(minAWSLease)+" or more",
			"%s is shorter than the %s that an AWS session lasts at least", Short(j.ttl), Short(minAWSLease))
	default:
		j.holds(codeLease, "%s is within the %s that is allowed", Short(j.ttl), Short(limits.Max))
	}
}
