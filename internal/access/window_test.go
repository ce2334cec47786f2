package access_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

const carefulPolicy = `version: 1
entitlements:
  change:
    ticket:
      projects: [OPS]
      status_categories: [indeterminate]
      window: {start: customfield_1, end: customfield_2}
    lease: {default: 30m, max: 2h}
    aws: {role_arn: "arn:aws:iam::111122223333:role/jit-ro"}
  watched:
    ticket:
      projects: [OPS]
      status_categories: [indeterminate]
      provenance: {status_by: {group: leads}}
    lease: {default: 15m, max: 1h}
    ssh: {logins: [ops]}
`

func carefulWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	p, err := policy.Compile([]policy.Source{{Name: "policy.yaml", Data: []byte(carefulPolicy)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Policy = p
	return w
}

// open is a ticket whose window is open for so long.
func (w *world) open(left time.Duration) ticket.Ticket {
	const jira = "2006-01-02T15:04:05.000-0700"
	tk := working("OPS-7")
	tk.Present["customfield_1"], tk.Present["customfield_2"] = true, true
	tk.Custom = map[ticket.Field]any{
		"customfield_1": w.now.Add(-time.Hour).Format(jira), "customfield_2": w.now.Add(left).Format(jira),
	}
	return tk
}

func TestLeaseEndsWithTheWindow(t *testing.T) {
	w := carefulWorld(t)
	w.tickets.Put(w.open(20 * time.Minute))
	out, err := w.request(access.Ask{Entitlement: "change"})
	if err != nil || out.Held.Grant.TTL() != 20*time.Minute {
		t.Fatalf("%s, %v", out.Held.Grant.TTL(), err)
	}
	if e := w.journal.records[0].event; !e.ExpiresAt.Equal(w.now.Add(20 * time.Minute)) {
		t.Errorf("recorded until %s", e.ExpiresAt)
	}
	if !slices.ContainsFunc(w.notices, func(n string) bool { return strings.HasPrefix(n, "the lease ends with the ticket's window, at ") }) {
		t.Errorf("notices %q", w.notices)
	}
	if order := w.aws.Minted(); len(order) != 1 || !order[0].NotAfter.Equal(w.now.Add(20*time.Minute)) {
		t.Errorf("ordered %+v", order)
	}
	w.tickets.Put(w.open(-time.Minute))
	if _, err := w.request(access.Ask{Entitlement: "change"}); fault.ClassOf(err) != fault.Denied {
		t.Errorf("after the window: %v", err)
	}
}

// A window that was moved while a prompt waited has the request begin anew.
func TestWindowThatWasShortenedWhileAsked(t *testing.T) {
	w := carefulWorld(t)
	w.tickets.Put(w.open(time.Hour))
	w.Issuers["aws"] = slowIssuer{w.aws, func() {
		w.now = w.now.Add(5 * time.Minute)
		w.tickets.Put(w.open(10 * time.Minute))
	}}
	_, err := w.request(access.Ask{Entitlement: "change"})
	if fault.ClassOf(err) != fault.Ticket || len(w.aws.Minted()) != 0 || slices.Contains(w.journal.kinds(), audit.Issued) {
		t.Errorf("%v, minted %d, %v", err, len(w.aws.Minted()), w.journal.kinds())
	}
}

func TestGroupsOfWhoDidItAreAsked(t *testing.T) {
	w := carefulWorld(t)
	tk := working("OPS-7")
	for _, f := range []ticket.Field{ticket.FieldHistory, ticket.FieldCreator, ticket.FieldCreated} {
		tk.Present[f] = true
	}
	tk.History = &ticket.History{Changes: []ticket.Change{
		{Field: ticket.FieldStatus, To: tk.Status.ID, By: &ticket.Person{ID: "712020:carol", Name: "Carol", Type: "atlassian"}, At: w.now},
	}}
	w.tickets.Put(tk)
	if _, err := w.request(access.Ask{Entitlement: "watched"}); fault.ClassOf(err) != fault.Denied {
		t.Errorf("not a member: %v", err)
	}
	w.tickets.SetGroups("712020:carol", "leads")
	if out, err := w.request(access.Ask{Entitlement: "watched"}); err != nil || out.Held.Grant.Entitlement != "watched" {
		t.Errorf("a member: %v", err)
	}
	var found []access.Candidate
	_, err := w.Candidates(t.Context(), nil, func(page []access.Candidate) error { found = append(found, page...); return nil })
	if err != nil || len(found) != 1 || !slices.ContainsFunc(found[0].Decisions, func(d policy.Decision) bool { return d.Entitlement == "watched" && d.Allowed }) {
		t.Errorf("in a list: %+v, %v", found, err)
	}
}
