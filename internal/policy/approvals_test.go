package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/ticket"
)

func person(id string) string {
	return `{"accountId":"` + id + `","displayName":"` + id + `","accountType":"atlassian"}`
}

// approval is one approval as Jira Service Management sends it.
func approval(id, decision string, answers ...string) string {
	var approvers []string
	for _, a := range answers {
		who, said, _ := strings.Cut(a, "=")
		approvers = append(approvers, `{"approver":`+person(who)+`,"approverDecision":"`+said+`"}`)
	}
	return `{"id":"` + id + `","finalDecision":"` + decision + `","approvers":[` + strings.Join(approvers, ",") + `]}`
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	const (
		one     = "approvals: {field: customfield_1}"
		two     = "approvals: {field: customfield_1, count: 2}"
		grouped = "approvals: {field: customfield_1, group: cab}"
	)
	for name, tc := range map[string]struct {
		condition, value string
		want             string // of the failing reason; "" is allowed
	}{
		"approved":                  {one, `[` + approval("1", "approved", "bob=approved") + `]`, ""},
		"declined":                  {one, `[` + approval("1", "declined", "bob=declined") + `]`, "the field customfield_1 has a latest approval that is declined"},
		"pending":                   {one, `[` + approval("1", "pending", "bob=approved") + `]`, "a latest approval that is pending"},
		"an older one does not do":  {one, `[` + approval("9", "approved", "bob=approved") + `,` + approval("10", "pending") + `]`, "that is pending"},
		"in any order":              {one, `[` + approval("10", "approved", "bob=approved") + `,` + approval("9", "declined") + `]`, ""},
		"by oneself":                {one, `[` + approval("1", "approved", "712020:ada=approved") + `]`, "it was approved by nobody, and 1 must have; your own approval does not count"},
		"one of two":                {two, `[` + approval("1", "approved", "bob=approved", "carol=pending") + `]`, "it was approved by bob (bob), and 2 must have"},
		"two":                       {two, `[` + approval("1", "approved", "bob=approved", "carol=approved") + `]`, ""},
		"one of them oneself":       {two, `[` + approval("1", "approved", "bob=approved", "712020:ada=approved") + `]`, "and 2 must have"},
		"the same twice":            {two, `[` + approval("1", "approved", "bob=approved", "bob=approved") + `]`, "and 2 must have"},
		"of the group":              {grouped, `[` + approval("1", "approved", "bob=approved") + `]`, ""},
		"not of the group":          {grouped, `[` + approval("1", "approved", "carol=approved") + `]`, "approved by nobody"},
		"an approver field":         {one, `[` + person("bob") + `]`, ""},
		"one person":                {one, person("bob"), ""},
		"oneself in the field":      {one, person("712020:ada"), "approved by nobody"},
		"Data Center":               {one, `{"key":"JIRAUSER1","name":"bob"}`, ""},
		"an app":                    {one, `{"accountId":"bot","accountType":"app"}`, "approved by nobody"},
		"null":                      {one, `null`, "is empty"},
		"empty":                     {one, `[]`, "is empty"},
		"text":                      {one, `"bob"`, "holds something else"},
		"somebody without an id":    {one, `[{"displayName":"Bob"}]`, "holds something else"},
		"an approval without an id": {one, `[{"finalDecision":"approved"}]`, "an approval without a number"},
		"an approver without an id": {one, `[{"id":"1","finalDecision":"approved","approvers":[{"approverDecision":"approved","approver":{}}]}]`, "an approver without an id"},
	} {
		var value any
		if err := json.Unmarshal([]byte(tc.value), &value); err != nil {
			t.Fatal(name, err)
		}
		p := compile(t, conditioned(tc.condition))
		in := custom(map[ticket.Field]any{"customfield_1": value})
		in.AuthorGroups = map[string][]string{}
		for _, who := range p.Authors(in.Ticket) {
			in.AuthorGroups[who.ID] = map[string][]string{"bob": {"cab"}}[who.ID]
		}
		d := p.Decide("change", in)
		if got := strings.Join(failing(d), "\n"); d.Allowed != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: allowed %t, %q, want %q", name, d.Allowed, got, tc.want)
		}
	}
}

func TestLinked(t *testing.T) {
	t.Parallel()
	const done = "linked: {projects: [CHG], types: [Change], status_categories: [done], links: [implements]}"
	good := ticket.Link{
		Type: "Implementation", Phrase: "implements", Key: "CHG-1", IssueType: "Change", IssueTypeID: "7",
		Status: ticket.Status{ID: "10001", Name: "Genehmigt", Category: "done"},
	}
	but := func(change func(*ticket.Link)) ticket.Link {
		l := good
		change(&l)
		return l
	}
	for name, tc := range map[string]struct {
		condition string
		link      ticket.Link
		want      string
	}{
		"as asked for":    {done, good, ""},
		"by its name":     {strings.Replace(done, "implements", "Implementation", 1), good, ""},
		"by ids":          {"linked: {projects: ['*'], types: ['7'], statuses: ['10001']}", good, ""},
		"another link":    {done, but(func(l *ticket.Link) { l.Type, l.Phrase = "Blocks", "blocks" }), "; blocks CHG-1, which is another kind of link"},
		"another project": {done, but(func(l *ticket.Link) { l.Key = "OPS-1" }), "which is of another project"},
		"another type":    {done, but(func(l *ticket.Link) { l.IssueType, l.IssueTypeID = "Task", "8" }), "whose type is Task"},
		"no type":         {done, but(func(l *ticket.Link) { l.IssueType, l.IssueTypeID = "", "" }), "whose type is "},
		"another status":  {done, but(func(l *ticket.Link) { l.Status.Category = "new" }), "whose status is Genehmigt (id 10001) of category new"},
		"another id":      {"linked: {projects: ['*'], statuses: ['10002']}", good, "of category done"},
		"no status":       {done, but(func(l *ticket.Link) { l.Status = ticket.Status{} }), "whose status Jira did not tell"},
	} {
		in := custom(nil)
		in.Ticket.Present["issuelinks"] = true
		in.Ticket.Links = []ticket.Link{{Type: "Relates", Phrase: "relates to", Key: "CHG-9"}, tc.link}
		d := compile(t, conditioned(tc.condition)).Decide("change", in)
		if got := strings.Join(failing(d), "\n"); d.Allowed != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: allowed %t, %q, want %q", name, d.Allowed, got, tc.want)
		}
	}
	in := custom(nil)
	p := compile(t, conditioned(done))
	if got := failing(p.Decide("change", in)); len(got) != 1 || !strings.HasPrefix(got[0], "field: Jira did not answer the field issuelinks") {
		t.Errorf("%q", got)
	}
	in.Ticket.Present["issuelinks"] = true
	want := "linked: it is linked to nothing; it must be linked to a ticket of type Change of project CHG with a status of category done, by a link that is implements"
	if got := failing(p.Decide("change", in)); len(got) != 1 || got[0] != want {
		t.Errorf("%q", got)
	}
}
