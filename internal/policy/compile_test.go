package policy_test

import (
	"errors"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

const roJSON = `{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]
}
`

// example is the policy of the design, less what a later version brings.
const example = `version: 1
entitlements:
  prod-readonly:
    description: Read-only in the production account
    ticket:
      projects: [OPS, SRE]
      types: [Incident, Change]
      statuses: ["In Progress", "10042"]
      status_categories: [indeterminate]
      labels: [prod-access]
      components: [payments]
      assigned: true
    when: ticket.priority == "P1" || principal.groups.exists(g, g == "sre")
    lease: {default: 30m, max: 2h}
    aws: {role_arn: "arn:aws:iam::111122223333:role/jit-ro", session_policy_file: ro.json, tags: {team: sre}}
  bastion:
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 15m, max: 1h}
    ssh: {logins: [ops], extensions: [permit-pty], source_addresses: [10.0.0.0/8], hosts: ["bastion-*"]}
`

func source(data string) []policy.Source {
	return []policy.Source{{Name: "p.yaml", Data: []byte(data)}}
}

func files(m map[string]string) policy.Files {
	return func(path string) ([]byte, error) {
		if data, ok := m[path]; ok {
			return []byte(data), nil
		}
		return nil, fault.New(fault.Config, "cannot read %s", path).WithHint("make it")
	}
}

func compile(t testing.TB, data string) *policy.Policy {
	t.Helper()
	p, err := policy.Compile(source(data), files(map[string]string{"ro.json": roJSON}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCompileReadsTheExampleOfTheDesign(t *testing.T) {
	t.Parallel()
	p := compile(t, example)
	want := []policy.Entitlement{{
		Name:   "bastion",
		Ticket: policy.Conditions{Projects: []string{"OPS"}, StatusCategories: []string{"indeterminate"}, Assigned: true},
		Lease:  policy.Lease{Default: 15 * time.Minute, Max: time.Hour},
		SSH: &policy.SSH{
			Logins: []string{"ops"}, Extensions: []string{"permit-pty"},
			SourceAddresses: []string{"10.0.0.0/8"}, Hosts: []string{"bastion-*"},
		},
	}, {
		Name: "prod-readonly", Description: "Read-only in the production account",
		Ticket: policy.Conditions{
			Projects: []string{"OPS", "SRE"}, Types: []string{"Incident", "Change"},
			Statuses: []string{"In Progress", "10042"}, StatusCategories: []string{"indeterminate"},
			Labels: []string{"prod-access"}, Components: []string{"payments"}, Assigned: true,
		},
		When:  `ticket.priority == "P1" || principal.groups.exists(g, g == "sre")`,
		Lease: policy.Lease{Default: 30 * time.Minute, Max: 2 * time.Hour},
		AWS: &policy.AWS{
			RoleARN:       "arn:aws:iam::111122223333:role/jit-ro",
			SessionPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}`,
			Tags:          map[string]string{"team": "sre"},
		},
	}}
	if got := p.Entitlements(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !slices.Equal(p.Files, []string{"p.yaml", "ro.json"}) || len(p.Hash) != 64 {
		t.Errorf("files %v, hash %q", p.Files, p.Hash)
	}
}

func TestCompileReadsEveryOtherKey(t *testing.T) {
	t.Parallel()
	p := compile(t, `
version: 1
entitlements:
  a.b_c-1:
    ticket: {projects: ["*"], statuses: ["*"], assigned: false}
    lease: {default: 1h, max: 12h}
    aws:
      role_arn: arn:aws-us-gov:iam::111122223333:role/team/x/jit
      session_policy: '{"Statement": []}'
      policy_arns: ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/x/y"]
      tags: {team: "", "größe 1": "a=b"}
      external_id: "abc:def/1"
      mfa_serial: arn:aws:iam::111122223333:mfa/ada
      source_identity: inherit
      region: us-gov-west-1
  z:
    ticket: {projects: [A_1], status_categories: [new, done, undefined]}
    when: |
      ticket.key != ""
      && true
    lease: {default: 1m, max: 24h}
    ssh:
      logins: [root, "ada@ACME.COM"]
      extensions: [permit-X11-forwarding, "login@github.com"]
      source_addresses: ["2001:db8::/32", 192.0.2.1/32]
      force_command: /usr/bin/uptime
      hosts: ["*", db-?.acme.internal]
      principals: scoped
`)
	a, _ := p.Entitlement("a.b_c-1")
	z, _ := p.Entitlement("z")
	wantAWS := policy.AWS{
		RoleARN: "arn:aws-us-gov:iam::111122223333:role/team/x/jit", SessionPolicy: `{"Statement":[]}`,
		PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/x/y"},
		Tags:       map[string]string{"team": "", "größe 1": "a=b"}, ExternalID: "abc:def/1",
		MFASerial: "arn:aws:iam::111122223333:mfa/ada", SourceIdentity: policy.SourceIdentityInherit, Region: "us-gov-west-1",
	}
	wantSSH := policy.SSH{
		Logins: []string{"root", "ada@ACME.COM"}, Extensions: []string{"permit-X11-forwarding", "login@github.com"},
		SourceAddresses: []string{"2001:db8::/32", "192.0.2.1/32"}, ForceCommand: "/usr/bin/uptime",
		Hosts: []string{"*", "db-?.acme.internal"}, Principals: policy.PrincipalsScoped,
	}
	if !reflect.DeepEqual(*a.AWS, wantAWS) || a.Ticket.Assigned {
		t.Errorf("aws %+v", a.AWS)
	}
	if !reflect.DeepEqual(*z.SSH, wantSSH) || !z.Ticket.Assigned || !strings.Contains(z.When, "&& true") {
		t.Errorf("ssh %+v", z.SSH)
	}
}

func TestAnchorsAreRead(t *testing.T) {
	t.Parallel()
	p := compile(t, `
version: 1
entitlements:
  a:
    ticket: &t {projects: [OPS], statuses: &s ["3"]}
    lease: &l {default: 15m, max: 1h}
    ssh: {logins: [ops]}
  b:
    ticket: {projects: [SRE], statuses: *s}
    lease: *l
    ssh: {logins: [ops]}
`)
	b, _ := p.Entitlement("b")
	if !slices.Equal(b.Ticket.Statuses, []string{"3"}) || b.Lease.Max != time.Hour {
		t.Errorf("%+v", b)
	}
}

func TestSeveralFilesAreOnePolicy(t *testing.T) {
	t.Parallel()
	minimal := func(name string) []byte {
		return []byte("version: 1\nentitlements:\n  " + name + ": {ticket: {projects: [OPS], statuses: [\"3\"]}, lease: {default: 15m, max: 1h}, ssh: {logins: [ops]}}\n")
	}
	p, err := policy.Compile([]policy.Source{{Name: "d/b.yaml", Data: minimal("y")}, {Name: "d/a.yaml", Data: minimal("x")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Entitlements(); len(got) != 2 || got[0].Name != "x" || got[1].Name != "y" {
		t.Errorf("%+v", got)
	}
	_, err = policy.Compile([]policy.Source{{Name: "d/a.yaml", Data: minimal("x")}, {Name: "d/b.yaml", Data: minimal("x")}}, nil)
	if want := `d/b.yaml:3:3: entitlement "x" is defined already at d/a.yaml:3:3`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestNamedFilesAreRelativeToTheFileThatNamesThem(t *testing.T) {
	t.Parallel()
	ro := filepath.Join("etc", "jit", "ro.json")
	p, err := policy.Compile([]policy.Source{{Name: "etc/jit/p.yaml", Data: []byte(example)}}, files(map[string]string{ro: roJSON}))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(p.Files, ro) {
		t.Errorf("%v", p.Files)
	}
	if other := compile(t, example); other.Hash != p.Hash {
		t.Error("the hash depends on where the policy lies")
	}
}

func TestHashTellsPoliciesApart(t *testing.T) {
	t.Parallel()
	hash := func(name, data, ro string) string {
		p, err := policy.Compile([]policy.Source{{Name: name, Data: []byte(data)}}, files(map[string]string{"ro.json": ro}))
		if err != nil {
			t.Fatal(err)
		}
		return p.Hash
	}
	base := hash("p.yaml", example, roJSON)
	if hash("p.yaml", example, roJSON) != base {
		t.Error("not stable")
	}
	for what, h := range map[string]string{
		"a comment":      hash("p.yaml", example+"# x\n", roJSON),
		"a name":         hash("q.yaml", example, roJSON),
		"the named file": hash("p.yaml", example, roJSON+" "),
	} {
		if h == base {
			t.Errorf("%s does not change the hash", what)
		}
	}
}

func TestCallersCannotChangeThePolicy(t *testing.T) {
	t.Parallel()
	p := compile(t, example)
	e, _ := p.Entitlement("prod-readonly")
	e.Ticket.Projects[0], e.AWS.RoleARN = "X", "changed"
	e.AWS.Tags["team"] = "changed"
	b, _ := p.Entitlement("bastion")
	b.SSH.Logins[0] = "root"
	for _, again := range p.Entitlements() {
		if again.Ticket.Projects[0] == "X" || again.SSH != nil && again.SSH.Logins[0] == "root" {
			t.Errorf("%+v", again)
		}
		if again.AWS != nil && (again.AWS.RoleARN == "changed" || again.AWS.Tags["team"] == "changed") {
			t.Errorf("%+v", again.AWS)
		}
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	p := compile(t, example)
	basics := []ticket.Field{"assignee", "project", "status", "summary"}
	all := []ticket.Field{"assignee", "components", "issuetype", "labels", "priority", "project", "status", "summary"}
	for _, tc := range []struct {
		names []string
		want  policy.Needs
	}{
		{nil, policy.Needs{Fields: all, Groups: true, StatusNames: []string{"In Progress"}}},
		{[]string{"prod-readonly", "bastion"}, policy.Needs{Fields: all, Groups: true, StatusNames: []string{"In Progress"}}},
		{[]string{"bastion"}, policy.Needs{Fields: basics}},
		{[]string{"unknown"}, policy.Needs{Fields: basics}},
	} {
		if got := p.Needs(tc.names...); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%v: got %+v, want %+v", tc.names, got, tc.want)
		}
	}
	if got := (*policy.Policy)(nil).Needs(); !slices.Equal(got.Fields, basics) {
		t.Errorf("nil policy: %+v", got)
	}
}

func TestErrorsCanBeHad(t *testing.T) {
	t.Parallel()
	_, err := policy.Compile(source("version: 2\nentitlements: 3\n"), nil)
	list, ok := errors.AsType[policy.Errors](err)
	if !ok || len(list) != 2 || fault.ClassOf(err) != fault.Config || fault.HintOf(err) == "" {
		t.Fatalf("%v, %v", list, err)
	}
	want := policy.Problem{File: "p.yaml", Line: 1, Col: 10, Msg: "version 2 is not supported by this version of jit, which reads version 1"}
	if list[0] != want || err.Error() != list[0].String()+"\n"+list[1].String() {
		t.Errorf("%+v\n%v", list[0], err)
	}
}

func TestTheHintOfANamedFileIsKept(t *testing.T) {
	t.Parallel()
	_, err := policy.Compile(source(example), files(nil))
	if fault.HintOf(err) != "make it" || !strings.HasPrefix(err.Error(), `p.yaml:15:83: session_policy_file "ro.json": cannot read ro.json`) {
		t.Errorf("%v, hint %q", err, fault.HintOf(err))
	}
}

func TestNothingToCompileIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := policy.Compile(nil, nil); fault.ClassOf(err) != fault.Config || err == nil {
		t.Errorf("%v", err)
	}
}

// What Compile accepts must keep every promise that others build on.
func FuzzCompile(f *testing.F) {
	f.Add(example)
	f.Add("version: 1\nentitlements:\n  a: &a\n    ticket: {projects: ['*'], statuses: ['*']}\n    when: 'true'\n    lease: {default: 1m, max: 1h}\n    ssh: {logins: [a]}\n  b: *a\n")
	f.Add("version: 1\nentitlements: {a: {ticket: {provenance: {}, window: 1}, when: \"ticket.x\", aws: {session_policy: '{'}}}")
	f.Add("a: &a [*a]\n--- \n")
	f.Fuzz(func(t *testing.T, data string) {
		p, err := policy.Compile(source(data), files(map[string]string{"ro.json": roJSON}))
		if err != nil {
			checkErrors(t, err)
			return
		}
		if len(p.Entitlements()) == 0 {
			t.Fatal("an empty policy")
		}
		for _, e := range p.Entitlements() {
			checkInvariants(t, e)
		}
		for _, d := range p.DecideAll(policy.Input{}) {
			if d.Allowed {
				t.Fatalf("%s is open to nobody with nothing", d.Entitlement)
			}
		}
	})
}

func checkErrors(t *testing.T, err error) {
	t.Helper()
	if fault.ClassOf(err) != fault.Config {
		t.Fatalf("class of %v", err)
	}
	list, _ := errors.AsType[policy.Errors](err)
	for _, p := range list {
		if p.Line < 1 || p.Col < 1 || p.File == "" || p.Msg == "" || strings.ContainsRune(p.Msg, '\n') {
			t.Fatalf("%+v", p)
		}
	}
}

func checkInvariants(t *testing.T, e policy.Entitlement) {
	t.Helper()
	if e.Name == "" || len(e.Name) > 64 || strings.ContainsAny(e.Name, "/: \n\x00") {
		t.Fatalf("name %q", e.Name)
	}
	if len(e.Ticket.Projects) == 0 || len(e.Ticket.Statuses)+len(e.Ticket.StatusCategories) == 0 {
		t.Fatalf("conditions %+v", e.Ticket)
	}
	if (e.AWS == nil) == (e.SSH == nil) {
		t.Fatal("not exactly one of aws and ssh")
	}
	if e.Lease.Default <= 0 || e.Lease.Default > e.Lease.Max || e.Lease.Max > 24*time.Hour {
		t.Fatalf("lease %+v", e.Lease)
	}
	if e.SSH != nil && len(e.SSH.Logins) == 0 {
		t.Fatal("no logins")
	}
	if e.AWS == nil {
		return
	}
	if e.Lease.Default < 15*time.Minute || e.Lease.Max > 12*time.Hour || !strings.HasPrefix(e.AWS.RoleARN, "arn:") {
		t.Fatalf("aws %+v %+v", e.Lease, e.AWS)
	}
	for k := range maps.Keys(e.AWS.Tags) {
		if strings.HasPrefix(strings.ToLower(k), "jit:") {
			t.Fatalf("tag %q", k)
		}
	}
	if len([]rune(e.AWS.SessionPolicy)) > 2048 || len(e.AWS.PolicyARNs) > 10 || len(e.AWS.Tags) > 45 {
		t.Fatal("over STS's limits")
	}
}
