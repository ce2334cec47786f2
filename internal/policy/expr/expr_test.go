package expr

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/ticket"
)

func compiler(t testing.TB) *Compiler {
	t.Helper()
	c, err := NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func compile(t testing.TB, src string) *Program {
	t.Helper()
	p, problems := compiler(t).Compile(src)
	if problems != nil {
		t.Fatalf("%s: %v", src, problems)
	}
	return p
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// everything is a request about a ticket with every field set.
func everything() *Values {
	v := &Values{
		Ticket: ticket.Ticket{
			ID: "10042", Key: "OPS-7", ProjectID: "10000", Project: "OPS", Type: "Incident", TypeID: "10001",
			Status:   ticket.Status{ID: "3", Name: "In Arbeit", Untranslated: "In Progress", Category: "indeterminate"},
			Priority: "P1", Labels: []string{"prod-access", "db"}, Components: []string{"payments"},
			Assignee: &ticket.Person{ID: "ada"}, Reporter: &ticket.Person{ID: "bob"},
			Created: noon.Add(-48 * time.Hour), Updated: noon.Add(-time.Hour), Due: noon.Truncate(24 * time.Hour),
			Custom: map[ticket.Field]any{
				"customfield_1": "yes", "customfield_2": 3.0, "customfield_3": nil, "customfield_4": json.Number("12"),
				"customfield_5": map[string]any{"value": "Gold", "n": []any{1.0, "two"}}, "customfield_6": []any{"a", "b"},
				"customfield_7": map[string]any{"gone": nil},
			},
			Present: map[ticket.Field]bool{},
		},
		Principal:   ticket.Principal{Person: ticket.Person{ID: "ada", Name: "Ada", Email: "ada@acme.com"}, Groups: []string{"sre", "dev"}},
		Entitlement: "prod-readonly", TTL: 30 * time.Minute, Reason: "disk full", At: noon,
	}
	for _, f := range ticketFields() {
		v.Ticket.Present[f.needs] = true
	}
	for f := range v.Ticket.Custom {
		v.Ticket.Present[f] = true
	}
	return v
}

func TestEvalSeesEveryField(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		src  string
		want bool
	}{
		{`ticket.priority == "P1" || principal.groups.exists(g, g == "sre")`, true},
		{`ticket.id == "10042" && ticket.key == "OPS-7" && ticket.project == "OPS" && ticket.type == "Incident"`, true},
		{`ticket.status == "In Progress" && ticket.status_id == "3" && ticket.status_category == "indeterminate"`, true},
		{`"db" in ticket.labels && ticket.components == ["payments"] && ticket.labels.size() == 2`, true},
		{`ticket.assignee == principal.id && ticket.reporter != principal.id`, true},
		{`ticket.created < ticket.updated && ticket.due < request.at`, true},
		{`request.at - ticket.updated <= duration("1h") && request.ttl < duration("1h")`, true},
		{`request.entitlement.startsWith("prod-") && request.reason.contains("disk")`, true},
		{`principal.name == "Ada" && principal.email.endsWith("@acme.com") && principal.groups.size() > 1`, true},
		{`ticket.fields["customfield_1"] == "yes"`, true},
		{`ticket.fields.customfield_1 == "yes"`, true},
		{`ticket.fields["customfield_2"] == 3 && ticket.fields["customfield_2"] > 2`, true},
		{`!has(ticket.fields.customfield_3) && has(ticket.fields.customfield_1)`, true},
		{`ticket.fields["customfield_7"].gone == null`, true},
		{`ticket.fields["customfield_4"] == 12`, true},
		{`ticket.fields["customfield_5"].value == "Gold" && ticket.fields["customfield_5"]["n"][1] == "two"`, true},
		{`ticket.fields["customfield_6"].exists_one(x, x == "a")`, true},
		{`"b" in ticket.fields["customfield_6"]`, true},
		{`ticket.labels.all(l, l.matches("^[a-z-]+$"))`, true},
		{`has(ticket.due) && has(ticket.priority)`, true},
		{`request.at.getHours() == 12 && request.at.getDayOfWeek() == 1`, true},
		{`ticket.key in ["OPS-7", "OPS-8"] ? true : false`, true},
		{`[ticket.key].map(k, k + "!").exists(k, k == "OPS-7!")`, true},
		{`ticket.priority == "P2"`, false},
		{`false`, false},
	} {
		got, err := compile(t, tc.src).Eval(everything())
		if err != nil || got != tc.want {
			t.Errorf("%s = %t, %v, want %t", tc.src, got, err, tc.want)
		}
	}
}

func TestEvalHasNoAnswerWithoutAValue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		src    string
		change func(*Values)
		want   string // in the error
	}{
		{`ticket.reporter != principal.id`, func(v *Values) { v.Ticket.Reporter = nil }, "ticket.reporter is not set"},
		{`ticket.assignee != "x"`, func(v *Values) { v.Ticket.Assignee.ID = "" }, "ticket.assignee is not set"},
		{`ticket.priority != "P1"`, func(v *Values) { v.Ticket.Priority = "" }, "ticket.priority is not set"},
		{`ticket.due < request.at`, func(v *Values) { v.Ticket.Due = time.Time{} }, "ticket.due is not set"},
		{`ticket.status != "Done"`, func(v *Values) { v.Ticket.Status.Untranslated = "" }, "untranslated name"},
		{`!("x" in ticket.labels)`, func(v *Values) { delete(v.Ticket.Present, ticket.FieldLabels) }, "did not answer the field labels"},
		{`ticket.fields["customfield_9"] != "x"`, func(*Values) {}, `ticket.fields["customfield_9"] is not set`},
		{`ticket.fields["customfield_3"] != "freeze"`, func(*Values) {}, `ticket.fields["customfield_3"] is not set`},
		{`ticket.fields["customfield_1"] != "x"`, func(v *Values) { v.Ticket.Custom["customfield_1"] = struct{}{} }, "no JSON value"},
		{`principal.groups.size() == 0`, func(v *Values) { v.Principal.Groups = nil }, "were not asked for"},
		{`principal.email != "x"`, func(v *Values) { v.Principal.Email = "" }, "principal.email is not set"},
		{`ticket.fields["customfield_1"] > 3`, func(*Values) {}, "no such overload"},
		{`ticket.fields["customfield_5"].nope == 1`, func(*Values) {}, "nope"},
		{`ticket.labels[7] == "x"`, func(*Values) {}, "index"},
		{`int(ticket.priority) > 1`, func(*Values) {}, "conversion"},
		{`1 / (ticket.labels.size() - 2) > 0`, func(*Values) {}, "division by zero"},
	} {
		v := everything()
		tc.change(v)
		got, err := compile(t, tc.src).Eval(v)
		if err == nil || got || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s = %t, %v, want an error with %q", tc.src, got, err, tc.want)
		}
	}
}

func TestHasTellsAGapFromAValue(t *testing.T) {
	t.Parallel()
	v := everything()
	v.Ticket.Due, v.Ticket.Assignee = time.Time{}, nil
	got, err := compile(t, `!has(ticket.due) && !has(ticket.assignee) && has(ticket.reporter)`).Eval(v)
	if !got || err != nil {
		t.Errorf("%t, %v", got, err)
	}
}

func TestCompileListsWhatIsRead(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		src    string
		fields []ticket.Field
		groups bool
	}{
		{`true`, nil, false},
		{`ticket.key == "A-1" && principal.id != ""`, nil, false},
		{`ticket.priority == "P1" && ticket.priority != "P2"`, []ticket.Field{"priority"}, false},
		{`has(ticket.due) || ticket.status_id == "3"`, []ticket.Field{"duedate", "status"}, false},
		{`ticket.labels.exists(l, l in principal.groups)`, []ticket.Field{"labels"}, true},
		{`ticket.fields["customfield_2"] == ticket.fields.customfield_1`, []ticket.Field{"customfield_1", "customfield_2"}, false},
		{`has(ticket.fields.customfield_1)`, []ticket.Field{"customfield_1"}, false},
		{`[1].exists(x, ticket.reporter == "bob")`, []ticket.Field{"reporter"}, false},
		{`.ticket.project == "OPS" && (ticket).type == ""`, []ticket.Field{"issuetype", "project"}, false},
	} {
		p := compile(t, tc.src)
		if !slices.Equal(p.Fields, tc.fields) || p.Groups != tc.groups {
			t.Errorf("%s reads %v, groups %t", tc.src, p.Fields, p.Groups)
		}
	}
}

func TestCompileTellsWhereAndWhat(t *testing.T) {
	t.Parallel()
	c := compiler(t)
	for _, tc := range []struct{ src, want string }{
		{`ticket.priorty == "P1"`, `1:7: ticket has no field "priorty"; it has assignee, components, created`},
		{`true && principal . grops.size() > 0`, `1:20: principal has no field "grops"; it has email, groups, id, name`},
		{`tickt.key == "A-1"`, `1:0: unknown name "tickt": expressions see ticket, principal and request`},
		{"true &&\n  ticket.statu == \"x\"", `2:9: ticket has no field "statu"`},
		{`ticket.fields["customfield_1"].x.y == ticket.priority.z`, `1:53: `},
		{`ticket.key == 3`, `1:11: == does not take (string, int)`},
		{`ticket.labels == "x"`, `1:14: == does not take (list(string), string)`},
		{`ticket.key`, `1:0: the expression gives string, not bool`},
		{`ticket.fields["customfield_1"]`, `1:0: the expression gives dyn, not bool`},
		{`ticket.key ==`, `1:13: syntax error: mismatched input '<EOF>'`},
		{``, `1:0: syntax error`},
		{`ticket.key.shout() == "X"`, `1:16: unknown name "shout"`},
		{`ticket.fields["customfield_" + "1"] == 1`, `1:6: ticket.fields takes the name of a field in quotes`},
		{`ticket.fields[ticket.key] == 1`, `1:6: ticket.fields takes the name of a field in quotes`},
		{`"customfield_1" in ticket.fields`, `1:25: ticket.fields takes the name`},
		{`ticket.fields.size() == 1`, `1:6: ticket.fields takes the name`},
		{`ticket.fields.all(f, f == "")`, `1:6: ticket.fields takes the name`},
		{`ticket.fields == {}`, `1:6: ticket.fields takes the name`},
		{`has(ticket.fields)`, `1:3: ticket.fields takes the name`},
		{`ticket.fields["priority"] == "P1"`, `1:15: "priority" is not the name of a custom field`},
		{`ticket.fields.labels == "P1"`, `1:14: "labels" is not the name of a custom field`},
		{`[ticket].exists(t, t.key == "")`, `1:1: ticket can only be used with a field, such as ticket.assignee`},
		{`ticket == ticket`, `1:0: ticket can only`},
		{`dyn(principal).groups.size() > 0`, `1:4: principal can only be used with a field, such as principal.email`},
		{`type(request) == int`, `1:5: request can only`},
		{`jit.Ticket{key: "A-1"}.key == "A-1"`, `1:10: jit.Ticket cannot be made`},
		{`google.protobuf.BoolValue{value: true}`, `1:25: google.protobuf.BoolValue cannot be made`},
		{`ticket.key.matches("(")`, `1:19: matches does not take "("`},
		{`request.ttl < duration("1x")`, `1:23: duration does not take "1x"`},
		{`request.at < timestamp("soon")`, `1:23: timestamp does not take "soon"`},
		{`"x" in ["a", 1]`, `1:13: the list has int beside string`},
		{`now() > request.at`, `1:3: unknown name "now"`},
		{`ticket.labels.exists(a, principal.groups.exists(b, principal.groups.exists(c, a == b && b == c)))`, `1:0: the expression can cost`},
		{strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300), `recursion`},
		{strings.Repeat("true && ", 1000) + "true", `1:0: `},
	} {
		_, problems := c.Compile(tc.src)
		if len(problems) == 0 {
			t.Errorf("%.80s: accepted", tc.src)
			continue
		}
		p := problems[0]
		got := fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Msg)
		if !strings.HasPrefix(got, tc.want) && !strings.Contains(p.Msg, tc.want) {
			t.Errorf("%.80s\n got %s\nwant %s", tc.src, got, tc.want)
		}
		if strings.ContainsAny(got, "\n\t") || len(got) > 400 {
			t.Errorf("%.80s: not one line: %q", tc.src, got)
		}
	}
}

func TestCompileTellsAllProblems(t *testing.T) {
	t.Parallel()
	_, problems := compiler(t).Compile(`ticket.a == 1 && tickt.b && principal.c == 2`)
	if len(problems) != 3 {
		t.Errorf("%v", problems)
	}
}

// What the estimate lets through must still be stopped when the input is larger
// than it assumed.
func TestCostIsLimitedAtRunTime(t *testing.T) {
	t.Parallel()
	p := compile(t, `principal.groups.exists(g, g.contains("never"))`)
	v := everything()
	v.Principal.Groups = slices.Repeat([]string{strings.Repeat("x", 20_000)}, 5000)
	if got, err := p.Eval(v); got || err == nil || !strings.Contains(err.Error(), "more than the limit") {
		t.Errorf("%t, %v", got, err)
	}
	v.Principal.Groups = slices.Repeat([]string{strings.Repeat("x", maxShort)}, maxGroups)
	if _, err := p.Eval(v); err != nil {
		t.Errorf("the largest input that the estimate assumes: %v", err)
	}
}

func TestUsualExpressionsStayBelowTheLimit(t *testing.T) {
	t.Parallel()
	c := compiler(t)
	for _, src := range []string{
		`principal.groups.exists(g, g == "sre")`,
		`ticket.labels.exists(l, l.startsWith("prod-")) && ticket.components.all(x, x.matches("^[a-z]+$"))`,
		`ticket.labels.exists(l, principal.groups.exists(g, g == l))`,
		`ticket.labels.exists(l, l in principal.groups)`,
		`ticket.fields["customfield_1"].contains("approved")`,
		`request.reason.matches("^[A-Z].{20,}$")`,
	} {
		if _, problems := c.Compile(src); problems != nil {
			t.Errorf("%s: %v", src, problems)
		}
	}
}

func TestFoundShowsWhatWasRead(t *testing.T) {
	t.Parallel()
	v := everything()
	v.Ticket.Priority = "P3\x1b[31m" + strings.Repeat("x", 200)
	v.Ticket.Due = time.Time{}
	p := compile(t, `ticket.priority == "P1" && "a" in ticket.labels && ticket.due < request.at && request.ttl > duration("1m") && ticket.fields["customfield_2"] == 3`)
	got := p.Found(v)
	for _, want := range []string{
		`ticket.priority is "P3[31mxxx`, `ticket.labels is [prod-access, db]`, `ticket.due is not set`,
		`request.at is 2026-03-02T12:00:00Z`, `request.ttl is 30m0s`, `ticket.fields["customfield_2"] is 3`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	if strings.ContainsRune(got, '\x1b') || len(got) > 500 {
		t.Errorf("not harmless: %q", got)
	}
	if got := compile(t, "true").Found(v); got != "" {
		t.Errorf("nothing was read, but %q", got)
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	p := compile(t, `ticket.priority == "P1" && "a" in ticket.labels && has(ticket.fields.customfield_1)`)
	tk := ticket.Ticket{Present: map[ticket.Field]bool{"labels": true}}
	if got := p.Missing(tk); !slices.Equal(got, []ticket.Field{"customfield_1", "priority"}) {
		t.Errorf("%v", got)
	}
}

func TestProgramServesManyAtOnce(t *testing.T) {
	t.Parallel()
	p := compile(t, `principal.groups.exists(g, g == "sre") && ticket.priority == "P1"`)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			v := everything()
			if i%2 == 1 {
				v.Ticket.Priority = "P2"
			}
			for range 50 {
				if got, err := p.Eval(v); err != nil || got != (i%2 == 0) {
					t.Errorf("%t, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

// Compile must never panic, and what it accepts runs within its limits.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{`ticket.priority == "P1"`, `ticket.fields["customfield_1"] > 3`, `[ticket]`, "\xff", `a.b.c[1]{}`, `"` + "\u00fc" + `" == ticket.x`} {
		f.Add(s)
	}
	c := compiler(f)
	f.Fuzz(func(t *testing.T, src string) {
		p, problems := c.Compile(src)
		if (p == nil) == (len(problems) == 0) {
			t.Fatalf("%q: program %v, problems %v", src, p, problems)
		}
		for _, pr := range problems {
			if pr.Line < 1 || pr.Column < 0 || pr.Msg == "" || strings.ContainsRune(pr.Msg, '\n') {
				t.Fatalf("%q: %+v", src, pr)
			}
		}
		if p != nil {
			_, _ = p.Eval(everything())
			_, _ = p.Eval(&Values{})
			_ = p.Found(everything())
		}
	})
}

func BenchmarkNewCompiler(b *testing.B) {
	for b.Loop() {
		if _, err := NewCompiler(); err != nil {
			b.Fatal(err)
		}
	}
}

// What a unit of cost takes, which CostLimit's comment states.
func BenchmarkCost(b *testing.B) {
	p := compile(b, `principal.groups.all(g, g != "never")`)
	v := everything()
	v.Principal.Groups = slices.Repeat([]string{"some-group"}, maxGroups)
	const cost = 5003 // five units a group, and three
	for b.Loop() {
		if yes, err := p.Eval(v); !yes || err != nil {
			b.Fatal(yes, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/cost, "ns/unit")
}
