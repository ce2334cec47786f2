package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// good is an input that unlocks both entitlements of the example.
func good() policy.Input {
	return policy.Input{
		Ticket: ticket.Ticket{
			ID: "10042", Key: "OPS-7", ProjectID: "10000", Project: "OPS", Type: "Incident", TypeID: "10001",
			Status:   ticket.Status{ID: "3", Name: "In Arbeit", Untranslated: "In Progress", Category: "indeterminate"},
			Priority: "P1", Labels: []string{"db", "prod-access"}, Components: []string{"payments"},
			Assignee: &ticket.Person{ID: "712020:ada", Name: "Ada"}, Reporter: &ticket.Person{ID: "bob"},
			Present: map[ticket.Field]bool{
				"assignee": true, "components": true, "issuetype": true, "labels": true,
				"priority": true, "project": true, "status": true, "summary": true,
			},
		},
		Principal: ticket.Principal{Person: ticket.Person{ID: "712020:ada", Name: "Ada", Type: "atlassian"}, Groups: []string{}},
		At:        noon,
	}
}

// failing lists CODE: TEXT of the reasons that are not OK.
func failing(d policy.Decision) []string {
	var out []string
	for _, r := range d.Reasons {
		if !r.OK {
			out = append(out, r.Code+": "+r.Text)
		}
	}
	return out
}

func TestDecideAllows(t *testing.T) {
	t.Parallel()
	p := compile(t, example)
	d := p.Decide("prod-readonly", good())
	if !d.Allowed || d.TTL != 30*time.Minute || len(failing(d)) != 0 {
		t.Fatalf("%+v", d)
	}
	var codes []string
	for _, r := range d.Reasons {
		codes = append(codes, r.Code)
		if r.Text == "" || strings.HasSuffix(r.Text, ".") {
			t.Errorf("%+v", r)
		}
	}
	want := []string{"principal", "project", "type", "status", "status_category", "labels", "components", "assignee", "when", "lease"}
	if !slices.Equal(codes, want) {
		t.Errorf("reasons %v", codes)
	}
	all := p.DecideAll(good())
	if len(all) != 2 || all[0].Entitlement != "bastion" || !all[0].Allowed || all[0].TTL != 15*time.Minute || !all[1].Allowed {
		t.Errorf("%+v", all)
	}
}

func TestDecideDeniesEachGap(t *testing.T) {
	t.Parallel()
	p := compile(t, example)
	for name, tc := range map[string]struct {
		change func(*policy.Input)
		want   string // CODE: beginning of TEXT
	}{
		"project":         {func(in *policy.Input) { in.Ticket.Project = "DEV" }, "project: the project is DEV, not OPS or SRE"},
		"no project":      {func(in *policy.Input) { in.Ticket.Project = "" }, "project: the ticket came without"},
		"project in case": {func(in *policy.Input) { in.Ticket.Project = "ops" }, "project: the project is ops"},
		"type":            {func(in *policy.Input) { in.Ticket.Type, in.Ticket.TypeID = "Task", "7" }, "type: the type is Task (id 7), not Incident or Change"},
		"no type":         {func(in *policy.Input) { in.Ticket.Type, in.Ticket.TypeID = "", "" }, "type: the ticket came without"},
		"status":          {func(in *policy.Input) { in.Ticket.Status.ID, in.Ticket.Status.Untranslated = "5", "Open" }, "status: the status is Open (id 5), not In Progress or 10042"},
		"translated name": {func(in *policy.Input) { in.Ticket.Status.Name, in.Ticket.Status.Untranslated = "In Progress", "" }, "status: the status is In Progress (id 3); no status In Progress is known"},
		"status in case":  {func(in *policy.Input) { in.Ticket.Status.Untranslated = "in progress" }, "status: "},
		"no status id":    {func(in *policy.Input) { in.Ticket.Status.ID = "" }, "status: the ticket came without the id"},
		"category":        {func(in *policy.Input) { in.Ticket.Status.Category = "done" }, "status_category: the status category is done, not indeterminate"},
		"no category":     {func(in *policy.Input) { in.Ticket.Status.Category = "" }, "status_category: the ticket came without"},
		"labels":          {func(in *policy.Input) { in.Ticket.Labels = []string{"db"} }, "labels: the labels are db, without prod-access"},
		"no labels":       {func(in *policy.Input) { in.Ticket.Labels = nil }, "labels: the labels are none"},
		"components":      {func(in *policy.Input) { in.Ticket.Components = []string{"Payments"} }, "components: the components are Payments"},
		"unassigned":      {func(in *policy.Input) { in.Ticket.Assignee = nil }, "assignee: the ticket is assigned to nobody"},
		"somebody else":   {func(in *policy.Input) { in.Ticket.Assignee = &ticket.Person{ID: "bob", Name: "Bob"} }, "assignee: the ticket is assigned to Bob (bob), not to you"},
		"empty assignee":  {func(in *policy.Input) { in.Ticket.Assignee.ID = "" }, "assignee: the assignee came without"},
		"same name only": {func(in *policy.Input) {
			in.Ticket.Assignee = &ticket.Person{ID: "x", Name: "Ada", Email: "ada@acme.com"}
		}, "assignee: "},
		"bot":            {func(in *policy.Input) { in.Principal.Type = "app" }, "principal: Ada (712020:ada) is an app"},
		"archived":       {func(in *policy.Input) { in.Ticket.Archived = true }, "ticket: OPS-7 is archived"},
		"no id":          {func(in *policy.Input) { in.Ticket.ID = "" }, "ticket: the ticket came without"},
		"no key":         {func(in *policy.Input) { in.Ticket.Key = "" }, "ticket: the ticket came without"},
		"expression":     {func(in *policy.Input) { in.Ticket.Priority = "P2" }, `when: the expression is false: ticket.priority is "P2", principal.groups is []`},
		"no priority":    {func(in *policy.Input) { in.Ticket.Priority = "" }, "when: the expression has no answer, ticket.priority is not set"},
		"too long":       {func(in *policy.Input) { in.TTL = 3 * time.Hour }, "lease: 3h is longer than the 2h that is allowed"},
		"too short":      {func(in *policy.Input) { in.TTL = 14 * time.Minute }, "lease: 14m is shorter than the 15m"},
		"negative":       {func(in *policy.Input) { in.TTL = -time.Minute }, "lease: -1m0s is not a positive"},
		"not whole":      {func(in *policy.Input) { in.TTL = time.Hour + 1 }, "lease: 1h0m0.000000001s is not a positive"},
		"groups unknown": {func(in *policy.Input) { in.Principal.Groups = nil }, "field: your groups are not known"},
	} {
		in := good()
		tc.change(&in)
		d := p.Decide("prod-readonly", in)
		got := failing(d)
		if d.Allowed || d.TTL != 0 || len(got) != 1 || !strings.HasPrefix(got[0], tc.want) {
			t.Errorf("%s: allowed %t, %q, want %q", name, d.Allowed, got, tc.want)
		}
	}
}

func TestEmptyPrincipalMatchesNobody(t *testing.T) {
	t.Parallel()
	in := good()
	in.Principal.ID, in.Ticket.Assignee.ID = "", ""
	got := failing(compile(t, example).Decide("bastion", in))
	if len(got) != 2 || !strings.HasPrefix(got[0], "principal: ") || !strings.HasPrefix(got[1], "assignee: ") {
		t.Errorf("%q", got)
	}
}

func TestAbsentFieldRefuses(t *testing.T) {
	t.Parallel()
	p := compile(t, example)
	for _, f := range []ticket.Field{"assignee", "components", "issuetype", "labels", "priority"} {
		in := good()
		delete(in.Ticket.Present, f)
		got := failing(p.Decide("prod-readonly", in))
		if want := "field: Jira did not answer the field " + string(f); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s: %q", f, got)
		}
	}
}

// A field that an expression could do without is asked for all the same.
func TestAbsentFieldRefusesEvenWhereTheExpressionHolds(t *testing.T) {
	t.Parallel()
	p := compile(t, strings.Replace(example, `ticket.priority == "P1" ||`, `true || ticket.due < request.at ||`, 1))
	in := good()
	if got := failing(p.Decide("prod-readonly", in)); len(got) != 1 || !strings.HasPrefix(got[0], "field: Jira did not answer the field duedate") {
		t.Errorf("%q", got)
	}
	in.Ticket.Present["duedate"] = true
	if d := p.Decide("prod-readonly", in); !d.Allowed {
		t.Errorf("%q", failing(d))
	}
}

func TestDecideTellsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	d := compile(t, example).Decide("prod-readonly", policy.Input{TTL: time.Minute})
	codes := map[string]bool{}
	for _, r := range d.Reasons {
		codes[r.Code] = true
	}
	want := []string{"field", "lease", "principal", "project", "status", "status_category", "ticket"}
	if got := slices.Sorted(maps.Keys(codes)); d.Allowed || !slices.Equal(got, want) {
		t.Errorf("%v, %+v", got, d)
	}
}

func TestStatusNamesAreResolved(t *testing.T) {
	t.Parallel()
	p := compile(t, example)
	for _, tc := range []struct {
		id      string
		ids     map[string][]string
		allowed bool
		text    string
	}{
		{"3", map[string][]string{"In Progress": {"3"}}, true, "the status is In Arbeit (id 3)"},
		{"4", map[string][]string{"In Progress": {"3"}}, false, "not In Progress or 10042"},
		{"3", map[string][]string{"In Progress": {"3", "10007"}}, false, "In Progress can be any of the statuses 3, 10007"},
		{"3", map[string][]string{"In Progress": {}}, false, "no status In Progress is known there"},
		{"3", nil, false, "no status In Progress is known there"},
		{"3", map[string][]string{"In Arbeit": {"3"}}, false, "no status In Progress is known there"},
		{"10042", nil, true, "the status is In Arbeit (id 10042)"},
	} {
		in := good()
		in.Ticket.Status.ID, in.Ticket.Status.Untranslated, in.StatusIDs = tc.id, "", tc.ids
		d := p.Decide("prod-readonly", in)
		i := slices.IndexFunc(d.Reasons, func(r policy.Reason) bool { return r.Code == "status" })
		if d.Allowed != tc.allowed || !strings.Contains(d.Reasons[i].Text, tc.text) {
			t.Errorf("id %s, %v: %+v", tc.id, tc.ids, d.Reasons[i])
		}
	}
}

func TestAnyStillWantsATicket(t *testing.T) {
	t.Parallel()
	p := compile(t, `
version: 1
entitlements:
  any:
    ticket: {projects: ["*"], statuses: ["*"], status_categories: ["*"], assigned: false}
    lease: {default: 15m, max: 1h}
    ssh: {logins: [ops]}
`)
	in := good()
	in.Ticket.Project, in.Ticket.Assignee, in.Ticket.Status.Category = "ZZ", nil, "done"
	if d := p.Decide("any", in); !d.Allowed {
		t.Errorf("%q", failing(d))
	}
	if d := p.Decide("any", policy.Input{}); d.Allowed {
		t.Error("nothing unlocks it")
	}
	in.TTL = 30 * time.Second // an SSH certificate has no least time but the policy's own
	if d := p.Decide("any", in); !d.Allowed || d.TTL != 30*time.Second {
		t.Errorf("%+v", d)
	}
}

func TestUnknownEntitlementIsDenied(t *testing.T) {
	t.Parallel()
	for _, p := range []*policy.Policy{nil, {}, compile(t, example)} {
		d := p.Decide("no\x1b[31mne", good())
		if d.Allowed || len(d.Reasons) != 1 || d.Reasons[0].Code != "entitlement" || strings.ContainsRune(d.Reasons[0].Text, '\x1b') {
			t.Errorf("%+v", d)
		}
	}
	var none *policy.Policy
	if none.DecideAll(good()) != nil || none.Entitlements() != nil {
		t.Error("a nil policy has entitlements")
	}
}

func TestReasonsAreHarmless(t *testing.T) {
	t.Parallel()
	p := compile(t, example)
	evil := "x\x1b]0;owned\x07\u202e" + strings.Repeat("y", 5000)
	in := good()
	in.Ticket.Project, in.Ticket.Type, in.Ticket.TypeID, in.Ticket.Priority = evil, evil, evil, evil
	in.Ticket.Status = ticket.Status{ID: evil, Name: evil, Untranslated: evil, Category: evil}
	in.Ticket.Labels, in.Ticket.Components = []string{evil}, []string{evil}
	in.Ticket.Assignee = &ticket.Person{ID: evil, Name: evil}
	in.Principal.Name, in.Principal.ID = evil, evil+"2"
	for _, d := range p.DecideAll(in) {
		for _, r := range d.Reasons {
			if all := r.Text + r.Hint; ticket.Clean(all) != all || len(all) > 1000 {
				t.Errorf("%s: %q", r.Code, all)
			}
		}
	}
}

func TestDecisionsHaveTheirShapeInJSON(t *testing.T) {
	t.Parallel()
	in := good()
	in.Ticket.Assignee = nil
	b, err := json.Marshal(compile(t, example).Decide("bastion", in))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"code":"assignee","ok":false,"text":"the ticket is assigned to nobody, not to you","hint":"have the ticket assigned to yourself"}`
	if !strings.HasPrefix(string(b), `{"entitlement":"bastion","allowed":false,"reasons":[`) || !strings.Contains(string(b), want) {
		t.Errorf("%s", b)
	}
}

func BenchmarkDecide(b *testing.B) {
	p := compile(b, example)
	in := good()
	b.ReportAllocs()
	for b.Loop() {
		if !p.Decide("prod-readonly", in).Allowed {
			b.Fatal("denied")
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		compile(b, example)
	}
}
