package awssts

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
)

var (
	_ access.Issuer  = (*Issuer)(nil)
	_ access.Callers = (*Issuer)(nil)
	_ access.Warmer  = (*Issuer)(nil)
)

func TestIssuerKeepsTheContract(t *testing.T) {
	for name, arn := range map[string]string{"user": userARN, "chained": chainedARN} {
		t.Run(name, func(t *testing.T) {
			accesstest.IssuerContract(t, accesstest.IssuerHarness{Kind: grant.AWS, New: func(t *testing.T) accesstest.IssuerRig {
				f := newFakeSTS(t)
				f.arn = arn
				return accesstest.IssuerRig{
					Issuer: f.issuer(),
					Now:    fixedNow,
					Order: func() credential.Order {
						order := accesstest.IssuerOrder(grant.AWS, epoch)
						order.Grant.Lease = grant.NewLease(epoch, 2*time.Hour)
						return order
					},
					Refuse: func() { f.set(func() { f.onAssume = deny }) },
					Lose: func() {
						f.set(func() {
							f.minted++
							f.onAssume = hangUp
						})
					},
					Minted: f.created,
				}
			}})
		})
	}
}

func deny(w http.ResponseWriter, _ *http.Request) {
	writeError(w, http.StatusForbidden, "AccessDenied", "User: "+userARN+" is not authorized to perform: sts:AssumeRole on resource: x")
}

// fullOrder has everything that an entitlement can say.
func fullOrder() credential.Order {
	order := accesstest.IssuerOrder(grant.AWS, epoch)
	order.Entitlement.AWS = &policy.AWS{
		RoleARN:       "arn:aws:iam::111122223333:role/jit-ro",
		SessionPolicy: `{"Version":"2012-10-17","Statement":[]}`,
		PolicyARNs:    []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/job-function/Billing"},
		Tags:          map[string]string{"team": "sre", "cost": "42"},
		ExternalID:    "acme-7",
		MFASerial:     "arn:aws:iam::111122223333:mfa/ada",
		Region:        "us-east-2",
	}
	order.MFACode = "123 456"
	return order
}

func mint(t *testing.T, i *Issuer, order credential.Order) (credential.Credential, error) {
	t.Helper()
	m, err := i.Prepare(t.Context(), order)
	if err != nil {
		t.Fatalf("Prepare: %v", err)
	}
	return m.Mint(t.Context())
}

func TestAssumeRoleSendsEverything(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	cred, err := mint(t, f.issuer(), fullOrder())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Action":                  "AssumeRole",
		"Version":                 "2011-06-15",
		"RoleArn":                 "arn:aws:iam::111122223333:role/jit-ro",
		"RoleSessionName":         "OPS-7.abcdefghijklmnopqrstuvwx23",
		"SourceIdentity":          "712020=3Aada",
		"DurationSeconds":         "3600",
		"ExternalId":              "acme-7",
		"SerialNumber":            "arn:aws:iam::111122223333:mfa/ada",
		"TokenCode":               "123456",
		"Policy":                  `{"Version":"2012-10-17","Statement":[]}`,
		"PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
		"PolicyArns.member.2.arn": "arn:aws:iam::aws:policy/job-function/Billing",
		"Tags.member.1.Key":       "jit:ticket",
		"Tags.member.1.Value":     "OPS-7",
		"Tags.member.2.Key":       "jit:grant",
		"Tags.member.2.Value":     "abcdefghijklmnopqrstuvwx23",
		"Tags.member.3.Key":       "jit:entitlement",
		"Tags.member.3.Value":     "prod-readonly",
		"Tags.member.4.Key":       "jit:policy",
		"Tags.member.4.Value":     strings.Repeat("ab", 32),
		"Tags.member.5.Key":       "jit:principal",
		"Tags.member.5.Value":     "Ada Lovelace",
		"Tags.member.6.Key":       "cost",
		"Tags.member.6.Value":     "42",
		"Tags.member.7.Key":       "team",
		"Tags.member.7.Value":     "sre",
	}
	got := map[string]string{}
	for key, values := range f.last() {
		got[key] = strings.Join(values, "|")
	}
	if !maps.Equal(got, want) {
		t.Errorf("sent\n%v\nwant\n%v", got, want)
	}
	if cred.AWS.Region != "us-east-2" {
		t.Errorf("region %q, want the entitlement's", cred.AWS.Region)
	}
	if want := "arn:aws:sts::111122223333:assumed-role/jit-ro/OPS-7.abcdefghijklmnopqrstuvwx23"; cred.AWS.AssumedRoleARN != want {
		t.Errorf("assumed role %q, want %q", cred.AWS.AssumedRoleARN, want)
	}
	if !cred.AWS.ExpiresAt.Equal(epoch.Add(time.Hour)) {
		t.Errorf("expires at %s", cred.AWS.ExpiresAt)
	}
}

func TestAssumeRoleLeavesOut(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	order := accesstest.IssuerOrder(grant.AWS, epoch)
	order.Entitlement.AWS.SourceIdentity = policy.SourceIdentityInherit
	i := f.issuer()
	m, err := i.Prepare(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Facts().AWS.SourceIdentity; got != "" {
		t.Errorf("the record says source identity %q", got)
	}
	cred, err := m.Mint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys := slices.Collect(maps.Keys(f.last()))
	for _, key := range []string{"SourceIdentity", "ExternalId", "SerialNumber", "TokenCode", "Policy", "PolicyArns.member.1.arn"} {
		if slices.Contains(keys, key) {
			t.Errorf("sent %s, which the entitlement does not have", key)
		}
	}
	if cred.AWS.Region != "eu-west-1" {
		t.Errorf("region %q, want the config's", cred.AWS.Region)
	}
}

func TestMFA(t *testing.T) {
	t.Parallel()
	const serial = "arn:aws:iam::111122223333:mfa/ada"
	answer := func(code string, err error) MFAPrompt {
		return func(_ context.Context, got string) (string, error) {
			if got != serial {
				t.Errorf("asked about %q", got)
			}
			return code, err
		}
	}
	closed := fault.New(fault.Cancelled, "the prompt was closed")
	for name, tc := range map[string]struct {
		code   string
		prompt MFAPrompt
		class  fault.Class // of the error; Internal for none
		hint   string
	}{
		"given":                 {code: "123456"},
		"asked":                 {prompt: answer("123456\n", nil)},
		"given wins":            {code: "123456", prompt: answer("", errors.New("asked in vain"))},
		"nobody to ask":         {class: fault.Usage, hint: "--mfa-code"},
		"malformed":             {code: "12345", class: fault.Usage, hint: "shows now"},
		"letters":               {code: "abcdef", class: fault.Usage},
		"malformed at prompt":   {prompt: answer("", nil), class: fault.Usage},
		"prompt fails":          {prompt: answer("", errors.New("no tty")), class: fault.Usage, hint: "--mfa-code"},
		"prompt has its reason": {prompt: answer("", closed), class: fault.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeSTS(t)
			i := f.issuer()
			i.o.MFAPrompt = tc.prompt
			order := fullOrder()
			order.MFACode = tc.code
			m, err := i.Prepare(t.Context(), order)
			if tc.class == fault.Internal {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := m.Mint(t.Context()); err != nil || f.last().Get("TokenCode") != "123456" {
					t.Errorf("Mint: %v; sent code %q", err, f.last().Get("TokenCode"))
				}
				return
			}
			if fault.ClassOf(err) != tc.class || !strings.Contains(fault.HintOf(err), tc.hint) {
				t.Errorf("%v (class %d, hint %q)", err, fault.ClassOf(err), fault.HintOf(err))
			}
			if f.count("AssumeRole") != 0 {
				t.Error("STS was asked without a code")
			}
		})
	}
}

func TestTagsOfAnEntitlementCannotPassForOurs(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for n := range 46 {
		many[strings.Repeat("k", n+1)] = "v"
	}
	for name, tags := range map[string]map[string]string{
		"prefix": {"jit:ticket": "OPS-1"}, "prefix in another case": {"JIT:x": ""}, "too many": many,
	} {
		f := newFakeSTS(t)
		order := fullOrder()
		order.Entitlement.AWS.Tags = tags
		if _, err := f.issuer().Prepare(t.Context(), order); fault.ClassOf(err) != fault.Config {
			t.Errorf("%s: %v", name, err)
		}
	}
}
