package iam_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/jitaccess/jit/internal/awssts"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/iam"
	"github.com/jitaccess/jit/internal/policy"
)

const (
	ada     = "arn:aws:iam::111122223333:user/ada"
	writer  = "712020=3Aada"
	roPol   = "version: 1\nentitlements:\n"
	roleARN = "arn:aws:iam::111122223333:role/jit-ro"
)

func entitlements(t *testing.T, body string) []policy.Entitlement {
	t.Helper()
	p, err := policy.Compile([]policy.Source{{Name: "p.yaml", Data: []byte(roPol + body)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p.Entitlements()
}

const readOnly = `  prod-read.only:
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 30m, max: 2h}
    aws: {role_arn: "arn:aws:iam::111122223333:role/jit-ro", tags: {team: sre}}
`

// recorder is an STS that keeps what it is asked for.
type recorder struct{ input *sts.AssumeRoleInput }

func (r *recorder) GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{Arn: aws.String(ada), UserId: aws.String("AIDA"), Account: aws.String("111122223333")}, nil
}

func (r *recorder) AssumeRole(_ context.Context, in *sts.AssumeRoleInput, _ ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	r.input = in
	return nil, errors.New("enough")
}

// asked is what jit asks STS for, for an entitlement.
func asked(t *testing.T, e policy.Entitlement) map[string][]string {
	t.Helper()
	r, now := &recorder{}, time.Now()
	i := awssts.New(awssts.Options{Client: r, Now: func() time.Time { return now }})
	m, err := i.Prepare(t.Context(), credential.Order{Entitlement: e, MFACode: "123456", Grant: grant.Grant{
		ID: "abcdefghijklmnopqrstuvwx23", Kind: grant.AWS, Entitlement: e.Name, Ticket: "OPS-7", Principal: "712020:ada", PrincipalName: "Ada",
		Policy: strings.Repeat("ab", 32), Lease: grant.NewLease(now, e.Lease.Default),
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = m.Mint(t.Context())
	c := map[string][]string{"sts:RoleSessionName": {*r.input.RoleSessionName}, "aws:PrincipalTag/jit-writer": {writer}}
	if r.input.SourceIdentity != nil {
		c["sts:SourceIdentity"] = []string{*r.input.SourceIdentity}
	}
	if r.input.ExternalId != nil {
		c["sts:ExternalId"] = []string{*r.input.ExternalId}
	}
	if r.input.SerialNumber != nil {
		c["aws:MultiFactorAuthPresent"] = []string{"true"}
	}
	for _, tag := range r.input.Tags {
		c["aws:RequestTag/"+*tag.Key] = []string{*tag.Value}
		c["aws:TagKeys"] = append(c["aws:TagKeys"], *tag.Key)
	}
	return c
}

// assumes reports whether all three actions that one call of AssumeRole needs are
// allowed.
func assumes(d iam.Document, caller string, c map[string][]string) bool {
	actions := []string{"sts:AssumeRole", "sts:TagSession"}
	if c["sts:SourceIdentity"] != nil {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, action := range actions {
		if !allowed(d, request{action: action, caller: caller, context: c}) {
			return false
		}
	}
	return true
}

func TestTrustLetsJitInAndNobodyElse(t *testing.T) {
	t.Parallel()
	e := entitlements(t, readOnly)[0]
	for _, tag := range []string{"", "jit-writer"} {
		roles := iam.Roles([]policy.Entitlement{e}, iam.Callers{ARNs: []string{ada}, PrincipalTag: tag})
		if len(roles) != 1 || roles[0].ARN != roleARN || roles[0].MaxSessionDuration != 7200 {
			t.Fatalf("%+v", roles)
		}
		trust, good := roles[0].Trust, asked(t, e)
		if !assumes(trust, ada, good) {
			t.Errorf("tag %q: jit's own call is refused", tag)
		}
		if assumes(trust, "arn:aws:iam::111122223333:user/bob", good) {
			t.Errorf("tag %q: another caller gets in", tag)
		}
		for name, spoil := range map[string]func(map[string][]string){
			"no grant":            func(c map[string][]string) { delete(c, "aws:RequestTag/jit:grant") },
			"a short grant":       func(c map[string][]string) { c["aws:RequestTag/jit:grant"] = []string{"x"} },
			"no ticket":           func(c map[string][]string) { delete(c, "aws:RequestTag/jit:ticket") },
			"another entitlement": func(c map[string][]string) { c["aws:RequestTag/jit:entitlement"] = []string{"other"} },
			"another tag":         func(c map[string][]string) { c["aws:TagKeys"] = append(slices.Clone(c["aws:TagKeys"]), "admin") },
			"another value":       func(c map[string][]string) { c["aws:RequestTag/team"] = []string{"root"} },
			"a name of one's own": func(c map[string][]string) { c["sts:RoleSessionName"] = []string{"me"} },
			"no source identity":  func(c map[string][]string) { delete(c, "sts:SourceIdentity") },
			"no policy":           func(c map[string][]string) { delete(c, "aws:RequestTag/jit:policy") },
		} {
			bad := maps.Clone(good)
			spoil(bad)
			if assumes(trust, ada, bad) {
				t.Errorf("tag %q: %s gets in", tag, name)
			}
		}
		other := maps.Clone(good)
		other["sts:SourceIdentity"] = []string{"712020=3Abob"}
		if assumes(trust, ada, other) != (tag == "") {
			t.Errorf("tag %q: in the name of somebody else: %t", tag, tag != "")
		}
	}
}

func TestTrustOfEachKindOfRole(t *testing.T) {
	t.Parallel()
	for name, add := range map[string]string{
		"external id": `, external_id: "acme-7"`, "MFA": `, mfa_serial: "arn:aws:iam::111122223333:mfa/ada"`, "inherited identity": `, source_identity: inherit`,
	} {
		e := entitlements(t, strings.Replace(readOnly, ", tags", add+", tags", 1))[0]
		trust, good := iam.Roles([]policy.Entitlement{e}, iam.Callers{ARNs: []string{ada}})[0].Trust, asked(t, e)
		if !assumes(trust, ada, good) {
			t.Errorf("%s: jit's own call is refused", name)
		}
		for _, key := range []string{"sts:ExternalId", "aws:MultiFactorAuthPresent"} {
			bad := maps.Clone(good)
			if delete(bad, key); len(bad) < len(good) && assumes(trust, ada, bad) {
				t.Errorf("%s: without %s it gets in", name, key)
			}
		}
	}
}

// Two entitlements of one role are two ways in, and the longer lease counts.
func TestRolesAreMerged(t *testing.T) {
	t.Parallel()
	ents := entitlements(t, readOnly+strings.NewReplacer("prod-read.only", "other", "max: 2h", "max: 4h").Replace(readOnly))
	roles := iam.Roles(ents, iam.Callers{ARNs: []string{ada}})
	if len(roles) != 1 || !slices.Equal(roles[0].Entitlements, []string{"other", "prod-read.only"}) || roles[0].MaxSessionDuration != 4*3600 {
		t.Fatalf("%+v", roles)
	}
	sids := map[string]bool{}
	for _, s := range roles[0].Trust.Statement {
		if sids[s.Sid] || strings.ContainsAny(s.Sid, "-._") {
			t.Errorf("Sid %q", s.Sid)
		}
		sids[s.Sid] = true
	}
	for _, e := range ents {
		if !assumes(roles[0].Trust, ada, asked(t, e)) {
			t.Errorf("%s is refused", e.Name)
		}
	}
	if allowed(roles[0].NoChaining, request{action: "sts:AssumeRole", resource: "x"}) {
		t.Error("a session may assume another role")
	}
	text, err := json.Marshal(roles[0].Trust)
	if err != nil || strings.Contains(string(text), `"Resource"`) || !strings.Contains(string(text), `"Version":"2012-10-17"`) {
		t.Errorf("%s, %v", text, err)
	}
}
