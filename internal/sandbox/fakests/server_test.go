package fakests_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/jitaccess/jit/internal/sandbox/fakests"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

const (
	accountID = "111122223333"
	roleARN   = "arn:aws:iam::111122223333:role/jit-demo"
)

type world struct {
	server *fakests.Server
	client *sts.Client
	url    string
	user   sigv4.Key
}

func newWorld(t *testing.T, now func() time.Time, roles ...fakests.Role) world {
	t.Helper()
	keys := sigv4.NewKeyring()
	user := keys.NewUserKey(accountID, "ada")
	server := fakests.New(keys, now)
	for _, r := range roles {
		server.AddRole(r)
	}
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	w := world{server: server, url: web.URL, user: user}
	w.client = w.as(user)
	return w
}

// as returns the SDK's client for another key.
func (w world) as(key sigv4.Key) *sts.Client {
	return sts.New(sts.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(w.url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key.ID, key.Secret, key.Token),
	})
}

// input is a request that nothing is wrong with, for a test to edit.
func input(edit func(*sts.AssumeRoleInput)) *sts.AssumeRoleInput {
	in := &sts.AssumeRoleInput{
		RoleArn: aws.String(roleARN), RoleSessionName: aws.String("DEMO-1.abcdefghijklmnopqrstuvwxyz"),
		DurationSeconds: aws.Int32(900), SourceIdentity: aws.String("712020=3Aada"),
		Tags: []types.Tag{{Key: aws.String("jit:ticket"), Value: aws.String("DEMO-1")}},
	}
	if edit != nil {
		edit(in)
	}
	return in
}

func apiError(err error) smithy.APIError {
	e, _ := errors.AsType[smithy.APIError](err)
	if e == nil {
		return &smithy.GenericAPIError{Code: "none", Message: fmt.Sprint(err)}
	}
	return e
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Now, fakests.Role{ARN: roleARN})
	before := time.Now()
	out, err := w.client.AssumeRole(context.Background(), input(func(in *sts.AssumeRoleInput) {
		in.Policy = aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	}))
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:sts::111122223333:assumed-role/jit-demo/DEMO-1.abcdefghijklmnopqrstuvwxyz"
	if *out.AssumedRoleUser.Arn != arn || *out.SourceIdentity != "712020=3Aada" || *out.PackedPolicySize == 0 {
		t.Errorf("assumed %s as %s, packed %d", *out.AssumedRoleUser.Arn, *out.SourceIdentity, *out.PackedPolicySize)
	}
	if ttl := out.Credentials.Expiration.Sub(before); ttl < 899*time.Second || ttl > 901*time.Second {
		t.Errorf("lasts %s", ttl)
	}
	key := sigv4.Key{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Token: *out.Credentials.SessionToken}
	who, err := w.as(key).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != arn || *who.Account != accountID || *who.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Errorf("is %s %s %s", *who.Arn, *who.UserId, *who.Account)
	}
	sessions := w.server.Sessions()
	if len(sessions) != 1 || sessions[0].Chained || !maps.Equal(sessions[0].Tags, map[string]string{"jit:ticket": "DEMO-1"}) {
		t.Errorf("minted %+v", sessions)
	}
}

func TestCallerIsUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Now)
	who, err := w.client.GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != "arn:aws:iam::111122223333:user/ada" || !strings.HasPrefix(*who.UserId, "AIDA") {
		t.Errorf("is %s %s", *who.Arn, *who.UserId)
	}
}

func tags(n int, value string) []types.Tag {
	var out []types.Tag
	for i := range n {
		out = append(out, types.Tag{Key: aws.String(fmt.Sprintf("k%d", i)), Value: aws.String(value)})
	}
	return out
}

func TestParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Now, fakests.Role{ARN: roleARN, MaxSession: 12 * time.Hour})
	tests := []struct {
		name          string
		edit          func(*sts.AssumeRoleInput)
		code, message string // message is a part
	}{
		{"slash in name", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a/b") }, "ValidationError", "roleSessionName"},
		{"one-character name", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a") }, "ValidationError", "greater than or equal to 2"},
		{"long name", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String(strings.Repeat("a", 65)) }, "ValidationError", "less than or equal to 64"},
		{"colon in source identity", func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("712020:ada") }, "ValidationError", "sourceIdentity"},
		{"aws: source identity", func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("aws:ada") }, "ValidationError", "aws:"},
		{"899 s", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(899) }, "ValidationError", "greater than or equal to 900"},
		{"over 12 h", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(43201) }, "ValidationError", "less than or equal to 43200"},
		{"role that is no ARN", func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("jit-demo") }, "ValidationError", "jit-demo is invalid"},
		{"51 tags", func(in *sts.AssumeRoleInput) { in.Tags = tags(51, "v") }, "ValidationError", "less than or equal to 50"},
		{"long tag", func(in *sts.AssumeRoleInput) { in.Tags = tags(1, strings.Repeat("v", 257)) }, "ValidationError", "less than or equal to 256"},
		{"tag with a star", func(in *sts.AssumeRoleInput) { in.Tags = tags(1, "*") }, "ValidationError", "regular expression"},
		{"tags that differ in case", func(in *sts.AssumeRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}, {Key: aws.String("Team"), Value: aws.String("b")}}
		}, "InvalidParameterValue", "Duplicate tag keys"},
		{"tag of AWS", func(in *sts.AssumeRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("a")}}
		}, "InvalidParameterValue", "aws:"},
		{"policy that is no JSON", func(in *sts.AssumeRoleInput) { in.Policy = aws.String("{") }, "MalformedPolicyDocument", "invalid Json"},
		{"policy without statements", func(in *sts.AssumeRoleInput) { in.Policy = aws.String(`{"Version":"2012-10-17"}`) }, "MalformedPolicyDocument", "Syntax"},
		{"policy with an odd effect", func(in *sts.AssumeRoleInput) { in.Policy = aws.String(`{"Statement":[{"Effect":"Maybe"}]}`) }, "MalformedPolicyDocument", "Syntax"},
		{"long policy", func(in *sts.AssumeRoleInput) { in.Policy = aws.String(strings.Repeat(" ", 2049)) }, "ValidationError", "policy"},
		{"11 policy ARNs", func(in *sts.AssumeRoleInput) {
			for range 11 {
				in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")})
			}
		}, "ValidationError", "policyArns"},
		{"packed too large", func(in *sts.AssumeRoleInput) { in.Tags = tags(40, strings.Repeat("v", 200)) }, "PackedPolicyTooLarge", "of allotted space"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.client.AssumeRole(context.Background(), input(tc.edit))
			e := apiError(err)
			if e.ErrorCode() != tc.code || !strings.Contains(e.ErrorMessage(), tc.message) {
				t.Errorf("got %s: %s", e.ErrorCode(), e.ErrorMessage())
			}
		})
	}
	if n := len(w.server.Sessions()); n != 0 {
		t.Errorf("%d sessions were minted", n)
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	mfa := "arn:aws:iam::111122223333:mfa/ada"
	withMFA := func(code string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.SerialNumber, in.TokenCode = aws.String(mfa), aws.String(code) }
	}
	tests := []struct {
		name          string
		role          fakests.Role
		edit          func(*sts.AssumeRoleInput)
		code, message string
	}{
		{name: "trusted by name", role: fakests.Role{Trusted: []string{"arn:aws:iam::111122223333:user/ada"}}},
		{name: "not trusted", role: fakests.Role{Trusted: []string{"arn:aws:iam::111122223333:user/bob"}}, code: "AccessDenied", message: "sts:AssumeRole"},
		{name: "no such role", role: fakests.Role{ARN: "arn:aws:iam::111122223333:role/other"}, code: "AccessDenied", message: "sts:AssumeRole"},
		{name: "tags not allowed", role: fakests.Role{DenyTags: true}, code: "AccessDenied", message: "sts:TagSession"},
		{name: "no tags, none allowed", role: fakests.Role{DenyTags: true}, edit: func(in *sts.AssumeRoleInput) { in.Tags = nil }},
		{name: "source identity not allowed", role: fakests.Role{DenySourceIdentity: true}, code: "AccessDenied", message: "sts:SetSourceIdentity"},
		{name: "external id missing", role: fakests.Role{ExternalID: "x1"}, code: "AccessDenied", message: "sts:AssumeRole"},
		{name: "external id", role: fakests.Role{ExternalID: "x1"}, edit: func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("x1") }},
		{name: "MFA missing", role: fakests.Role{MFASerial: mfa, MFACode: "123456"}, code: "AccessDenied", message: "sts:AssumeRole"},
		{name: "MFA wrong", role: fakests.Role{MFASerial: mfa, MFACode: "123456"}, edit: withMFA("000000"), code: "AccessDenied", message: "MultiFactorAuthentication failed"},
		{name: "MFA", role: fakests.Role{MFASerial: mfa, MFACode: "123456"}, edit: withMFA("123456")},
		{name: "over the role's maximum", edit: func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }, code: "ValidationError", message: "MaxSessionDuration"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if tc.role.ARN == "" {
				tc.role.ARN = roleARN
			}
			w := newWorld(t, time.Now, tc.role)
			_, err := w.client.AssumeRole(context.Background(), input(tc.edit))
			if tc.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e := apiError(err)
			if e.ErrorCode() != tc.code || !strings.Contains(e.ErrorMessage(), tc.message) {
				t.Errorf("got %s: %s", e.ErrorCode(), e.ErrorMessage())
			}
		})
	}
}

func TestChaining(t *testing.T) {
	t.Parallel()
	const base = "arn:aws:iam::111122223333:role/base"
	w := newWorld(t, time.Now, fakests.Role{ARN: base}, fakests.Role{ARN: roleARN, MaxSession: 12 * time.Hour, Trusted: []string{base}})
	ctx := context.Background()
	out, err := w.client.AssumeRole(ctx, input(func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String(base) }))
	if err != nil {
		t.Fatal(err)
	}
	chained := w.as(sigv4.Key{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Token: *out.Credentials.SessionToken})
	_, err = chained.AssumeRole(ctx, input(func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }))
	if e := apiError(err); !strings.Contains(e.ErrorMessage(), "1 hour session limit for roles assumed by role chaining") {
		t.Errorf("an hour and a second: %v", err)
	}
	_, err = chained.AssumeRole(ctx, input(func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("bob") }))
	if e := apiError(err); !strings.Contains(e.ErrorMessage(), "sts:SetSourceIdentity") {
		t.Errorf("another source identity: %v", err)
	}
	got, err := chained.AssumeRole(ctx, input(func(in *sts.AssumeRoleInput) {
		in.SourceIdentity = nil
		in.DurationSeconds = aws.Int32(3600)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if *got.SourceIdentity != "712020=3Aada" {
		t.Errorf("the source identity became %s", *got.SourceIdentity)
	}
	if s := w.server.Sessions(); len(s) != 2 || !s[1].Chained {
		t.Errorf("sessions are %+v", s)
	}
	if _, err := w.client.AssumeRole(ctx, input(nil)); apiError(err).ErrorCode() != "AccessDenied" {
		t.Errorf("the user, who is not trusted: %v", err)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, func() time.Time { return now }, fakests.Role{ARN: roleARN})
	out, err := w.client.AssumeRole(context.Background(), input(nil))
	if err != nil {
		t.Fatal(err)
	}
	client := w.as(sigv4.Key{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Token: *out.Credentials.SessionToken})
	now = *out.Credentials.Expiration
	_, err = client.GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if e := apiError(err); e.ErrorCode() != "ExpiredToken" {
		t.Errorf("after the end: %v", err)
	}
}

func TestClockSkew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func() time.Time { return time.Now().Add(time.Hour) })
	_, err := w.client.GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if e := apiError(err); e.ErrorCode() != "SignatureDoesNotMatch" || !strings.Contains(e.ErrorMessage(), "is now earlier than") {
		t.Errorf("an hour off: %v", err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Now, fakests.Role{ARN: roleARN})
	ctx := context.Background()
	w.server.Inject(&fakests.Fault{Action: "AssumeRole", Times: 1, Code: "RegionDisabledException", Status: 403, Message: "no"})
	if _, err := w.client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil {
		t.Errorf("another action: %v", err)
	}
	if _, err := w.client.AssumeRole(ctx, input(nil)); apiError(err).ErrorCode() != "RegionDisabledException" {
		t.Errorf("a code: %v", err)
	}
	if len(w.server.Sessions()) != 0 {
		t.Error("a session was minted beside the error")
	}
	w.server.Inject(&fakests.Fault{Drop: true})
	if _, err := w.client.AssumeRole(ctx, input(nil)); err == nil || apiError(err).ErrorCode() != "none" {
		t.Errorf("a dropped reply: %v", err)
	}
	if len(w.server.Sessions()) != 1 {
		t.Error("a dropped reply minted nothing")
	}
	w.server.Inject(&fakests.Fault{Delay: time.Hour})
	late, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := w.client.AssumeRole(late, input(nil)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a delay: %v", err)
	}
	w.server.Inject(nil)
	if _, err := w.client.AssumeRole(ctx, input(nil)); err != nil {
		t.Errorf("after the faults: %v", err)
	}
	want := []string{"GetCallerIdentity", "AssumeRole", "AssumeRole", "AssumeRole", "AssumeRole"}
	if got := w.server.Calls(); !slices.Equal(got, want) {
		t.Errorf("calls are %v", got)
	}
}

func TestUnknownAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Now)
	_, err := w.client.GetSessionToken(context.Background(), &sts.GetSessionTokenInput{})
	if apiError(err).ErrorCode() != "InvalidAction" {
		t.Errorf("got %v", err)
	}
}
