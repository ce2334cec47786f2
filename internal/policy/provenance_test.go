package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

const fourEyes = `version: 1
entitlements:
  prod:
    ticket:
      projects: [OPS]
      status_categories: [indeterminate]
      labels: [prod-access]
      provenance: {PROVENANCE}
    when: ticket.priority == "P1"
    lease: {default: 15m, max: 1h}
    ssh: {logins: [ops]}
`

func demanding(provenance string) string {
	return strings.Replace(fourEyes, "PROVENANCE", provenance, 1)
}

const all = "reporter: other, assigner: other, status_by: other, fields: other"

var (
	ada   = &ticket.Person{ID: "712020:ada", Name: "Ada", Type: "atlassian"}
	bob   = &ticket.Person{ID: "bob", Name: "Bob", Type: "atlassian"}
	carol = &ticket.Person{ID: "carol", Name: "Carol", Type: "atlassian"}
	robot = &ticket.Person{ID: "557058:robot", Name: "Automation", Type: "app"}
)

func change(f ticket.Field, by *ticket.Person, from, to string) ticket.Change {
	return ticket.Change{Field: f, From: from, To: to, By: by, At: noon.Add(-time.Hour)}
}

// filedByOthers is a ticket that carol filed, bob assigned to ada and moved.
func filedByOthers() policy.Input {
	in := good()
	t := &in.Ticket
	t.ProjectID, t.PriorityID = "10000", "1"
	t.Reporter, t.Creator, t.Created = carol, carol, noon.Add(-2*time.Hour)
	t.Labels = []string{"prod-access"}
	for _, f := range []ticket.Field{"reporter", "creator", "created", "changelog"} {
		t.Present[f] = true
	}
	t.History = &ticket.History{Changes: []ticket.Change{
		change("assignee", bob, "", ada.ID), change("status", bob, "1", "3"), change("labels", bob, "", "prod-access"),
	}}
	return in
}

func (h historyOf) add(changes ...ticket.Change) {
	h.in.Ticket.History.Changes = append(h.in.Ticket.History.Changes, changes...)
}

type historyOf struct{ in *policy.Input }

func TestProvenanceOfOthersUnlocks(t *testing.T) {
	t.Parallel()
	d := compile(t, demanding(all)).Decide("prod", filedByOthers())
	if !d.Allowed {
		t.Fatalf("%q", failing(d))
	}
	var told []string
	for _, r := range d.Reasons {
		switch r.Code {
		case "reporter", "assigner", "status_by", "fields":
			told = append(told, r.Text)
		}
	}
	want := []string{
		"Carol (carol) filed it at 2026-03-02 10:00 UTC, and its reporter is Carol (carol)",
		"Bob (bob) assigned it to Ada (712020:ada) at 2026-03-02 11:00 UTC",
		"Bob (bob) moved it to In Progress (id 3) at 2026-03-02 11:00 UTC",
		"Bob (bob), Carol (carol) set the fields labels, priority, project",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
}

// Each way in which somebody could have unlocked the ticket alone, and each gap
// in what Jira tells.
func TestProvenanceDeniesEachWayAlone(t *testing.T) {
	t.Parallel()
	gone := &ticket.Person{ID: "x", Name: "Former user", Type: "atlassian", Gone: true}
	for name, tc := range map[string]struct {
		change func(policy.Input, historyOf)
		want   string // CODE: and a part of TEXT
	}{
		"filed it":            {func(in policy.Input, _ historyOf) { in.Ticket.Creator.ID = ada.ID }, "reporter: you filed it"},
		"is the reporter":     {func(in policy.Input, _ historyOf) { in.Ticket.Reporter.ID = ada.ID }, "reporter: its reporter is you"},
		"edited the reporter": {func(_ policy.Input, h historyOf) { h.add(change("reporter", ada, ada.ID, "carol")) }, "reporter: you set its reporter"},
		"edited it once": {func(_ policy.Input, h historyOf) {
			h.add(change("reporter", ada, "x", "y"), change("reporter", bob, "y", "carol"))
		}, "reporter: you set its reporter"},
		"reporter disagrees": {func(_ policy.Input, h historyOf) { h.add(change("reporter", bob, "x", "dave")) }, "reporter: the history does not end with the reporter"},
		"creator unknown":    {func(in policy.Input, _ historyOf) { in.Ticket.Creator.ID = "" }, "reporter: somebody filed it"},
		"assigned it":        {func(_ policy.Input, h historyOf) { h.add(change("assignee", ada, "", ada.ID)) }, "assigner: you assigned it to"},
		"took it back": {func(_ policy.Input, h historyOf) {
			h.add(change("assignee", ada, ada.ID, ""), change("assignee", ada, "", ada.ID))
		}, "assigner: you assigned it to"},
		"assignee disagrees":     {func(_ policy.Input, h historyOf) { h.add(change("assignee", bob, ada.ID, "dave")) }, "assigner: the history does not end with the assignee"},
		"assigned by nobody":     {func(_ policy.Input, h historyOf) { h.add(change("assignee", nil, "", ada.ID)) }, "assigner: somebody assigned it to Ada (712020:ada) at 2026-03-02 11:00 UTC; that is not known"},
		"assigned by one gone":   {func(_ policy.Input, h historyOf) { h.add(change("assignee", gone, "", ada.ID)) }, "that account is gone"},
		"assigned by automation": {func(_ policy.Input, h historyOf) { h.add(change("assignee", robot, "", ada.ID)) }, "that account is not a person's but of type app"},
		"moved it": {func(_ policy.Input, h historyOf) {
			h.add(change("status", bob, "3", "1"), change("status", ada, "1", "3"))
		}, "status_by: you moved it to"},
		"status disagrees": {func(_ policy.Input, h historyOf) { h.add(change("status", bob, "3", "1")) }, "status_by: the history does not end with the status"},
		"set the label":    {func(_ policy.Input, h historyOf) { h.add(change("labels", ada, "prod-access", "prod-access x")) }, "fields: you set the field labels"},
		"set a label before": {func(in policy.Input, h historyOf) {
			in.Ticket.History.Changes[2].By = ada
			h.add(change("labels", bob, "prod-access", "prod-access x"))
		}, "fields: you set the field labels"},
		"set the priority":   {func(_ policy.Input, h historyOf) { h.add(change("priority", ada, "3", "1")) }, "fields: you set the field priority"},
		"priority disagrees": {func(_ policy.Input, h historyOf) { h.add(change("priority", bob, "1", "3")) }, "fields: the history does not end with the priority"},
		"moved it into OPS":  {func(_ policy.Input, h historyOf) { h.add(change("project", ada, "1", "10000")) }, "fields: you set the field project"},
		"unclear field":      {func(in policy.Input, _ historyOf) { in.Ticket.History.Unclear = []ticket.Field{"labels"} }, "fields: it cannot be told who set the field labels"},
		"no history":         {func(in policy.Input, _ historyOf) { in.Ticket.History.Changes = nil }, "assigner: Carol"},
	} {
		in := filedByOthers()
		// What is pointed to is shared, and is changed here.
		reporter, creator := *in.Ticket.Reporter, *in.Ticket.Creator
		in.Ticket.Reporter, in.Ticket.Creator = &reporter, &creator
		tc.change(in, historyOf{&in})
		d := compile(t, demanding(all)).Decide("prod", in)
		got := strings.Join(failing(d), "\n")
		if name == "no history" { // then the creator did it all, who is other
			if !d.Allowed {
				t.Errorf("%s: %s", name, got)
			}
			continue
		}
		if d.Allowed || !strings.Contains(got, tc.want) {
			t.Errorf("%s: allowed %t, %q, want %q", name, d.Allowed, got, tc.want)
		}
	}
}

func TestProvenanceThatIsNotAnsweredRefuses(t *testing.T) {
	t.Parallel()
	p := compile(t, demanding(all))
	in := filedByOthers()
	in.Ticket.History = nil
	if got := failing(p.Decide("prod", in)); len(got) != 1 || got[0] != "field: the ticket came without its history" {
		t.Errorf("%q", got)
	}
	for _, f := range []ticket.Field{"creator", "created", "reporter", "changelog"} {
		in := filedByOthers()
		delete(in.Ticket.Present, f)
		if got := failing(p.Decide("prod", in)); len(got) != 1 || !strings.HasPrefix(got[0], "field: Jira did not answer the field "+string(f)) {
			t.Errorf("%s: %q", f, got)
		}
	}
}

// What has no entry was done when the ticket was made.
func TestProvenanceOfACreationIsTheCreators(t *testing.T) {
	t.Parallel()
	p := compile(t, demanding("assigner: other, status_by: other, fields: other"))
	in := filedByOthers()
	in.Ticket.History.Changes = nil
	if d := p.Decide("prod", in); !d.Allowed {
		t.Errorf("made by carol: %q", failing(d))
	}
	in.Ticket.Creator = ada
	got := failing(p.Decide("prod", in))
	want := []string{"assigner: you assigned it to Ada (712020:ada) when filing it", "status_by: you moved it to In Progress (id 3) when filing it", "fields: you set the field labels when filing it"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i, w := range want {
		if !strings.HasPrefix(got[i], w) {
			t.Errorf("%q, want %q", got[i], w)
		}
	}
	// A label on a ticket that had none is not the creator's.
	in = filedByOthers()
	in.Ticket.Creator = ada
	p = compile(t, demanding("fields: other"))
	if got := failing(p.Decide("prod", in)); len(got) != 1 || !strings.Contains(got[0], "you set the field priority") {
		t.Errorf("%q", got)
	}
	in.Ticket.History.Changes = append(in.Ticket.History.Changes, change("priority", bob, "3", "1"), change("project", bob, "9", "10000"))
	if d := p.Decide("prod", in); !d.Allowed {
		t.Errorf("%q", failing(d))
	}
}

func TestProvenanceOfAGroup(t *testing.T) {
	t.Parallel()
	p := compile(t, demanding("assigner: {group: leads}"))
	in := filedByOthers()
	if needs := p.Needs(); !slices.Contains(needs.Fields, ticket.FieldHistory) {
		t.Error("the history is not asked for")
	}
	if who := p.Authors(in.Ticket); len(who) != 1 || who[0].ID != "bob" {
		t.Errorf("the groups of %v are asked for", who)
	}
	for _, tc := range []struct {
		groups map[string][]string
		want   string
	}{
		{nil, "the groups of that account are not known"},
		{map[string][]string{"carol": {"leads"}}, "the groups of that account are not known"},
		{map[string][]string{"bob": {"Leads"}}, "that account is not in the group leads"},
		{map[string][]string{"bob": {"x", "leads"}}, ""},
	} {
		in.AuthorGroups = tc.groups
		if got := strings.Join(failing(p.Decide("prod", in)), "\n"); !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
			t.Errorf("%v: %q, want %q", tc.groups, got, tc.want)
		}
	}
	// Being of the group oneself is not enough.
	in.Ticket.History.Changes = append(in.Ticket.History.Changes, change("assignee", ada, "", ada.ID))
	in.AuthorGroups = map[string][]string{ada.ID: {"leads"}}
	if got := failing(p.Decide("prod", in)); len(got) != 1 || !strings.Contains(got[0], "another member of leads must have") {
		t.Errorf("%q", got)
	}
}

func TestAutomationThatIsListedIsOther(t *testing.T) {
	t.Parallel()
	in := filedByOthers()
	in.Ticket.History.Changes = append(in.Ticket.History.Changes, change("status", robot, "1", "3"))
	for _, tc := range []struct {
		provenance string
		allowed    bool
	}{
		{"status_by: other", false},
		{`status_by: other, automation: ["557058:other"]`, false},
		{`status_by: other, automation: ["557058:robot"]`, true},
	} {
		if d := compile(t, demanding(tc.provenance)).Decide("prod", in); d.Allowed != tc.allowed {
			t.Errorf("%s: allowed %t, %q", tc.provenance, d.Allowed, failing(d))
		}
	}
	// Data Center knows no types of accounts.
	in = filedByOthers()
	in.Ticket.History.Changes[0].By = &ticket.Person{ID: "JIRAUSER10100", Name: "Bob"}
	if d := compile(t, demanding("assigner: other")).Decide("prod", in); !d.Allowed {
		t.Errorf("%q", failing(d))
	}
}

func TestProvenanceMistakes(t *testing.T) {
	t.Parallel()
	for provenance, want := range map[string]string{
		"":                                   "provenance asks for nothing",
		"automation: [x]":                    "provenance asks for nothing",
		"reporter: me":                       `provenance.reporter must be other, or {group: NAME}, not "me"`,
		"assigner: {}":                       "provenance.assigner must be other, or have group",
		"assigner: {groups: [x]}":            `unknown key "groups" in provenance.assigner`,
		"status_by: {group: ' x'}":           `" x" cannot be a group`,
		"status_by: [other]":                 "provenance.status_by must be text, not a list",
		"reporter: other, automation: ['*']": `"*" means nothing in automation`,
		"approver: other":                    `unknown key "approver" in provenance`,
	} {
		_, err := policy.Compile(source(demanding(provenance)), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", provenance, err, want)
		}
	}
}
