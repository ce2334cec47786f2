package awssts

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// answerSkew is how much later than its lease a session may end: STS counts
// from its own clock, and SigV4 would not have let a worse one pass.
const answerSkew = 5 * time.Minute

// minting is one AssumeRole that is about to happen.
type minting struct {
	issuer *Issuer
	caller audit.Caller
	input  *sts.AssumeRoleInput
	facts  credential.Facts
	region string
	// longer is how much later than its lease the session may end, since a window
	// denies it from then on.
	longer time.Duration
}

// String keeps the MFA code out of %v and %+v.
func (m *minting) String() string { return "AWS session " + m.facts.AWS.SessionName }

// GoString does the same for %#v.
func (m *minting) GoString() string { return m.String() }

// Facts are what the record tells.
func (m *minting) Facts() credential.Facts { return m.facts }

// Mint calls AssumeRole.
//
// The SDK may repeat the call when a connection breaks: the session has the
// same name, lease and tags each time, so a repeat adds nothing that the record
// does not tell. But once any attempt has left the machine and brought no
// answer with an error code, a later failure cannot say that nothing was
// minted, so the whole call then fails as unknown, whatever the last attempt
// brought. Definite are: an error before anything was sent (no credentials,
// DNS, dialling, TLS), and an answer with an error code that is not a server's
// own failure. An answer that lacks a part of the key, or whose expiry makes no
// sense, is unknown too: a session exists that nobody can use.
func (m *minting) Mint(ctx context.Context) (credential.Credential, error) {
	if ctx.Err() != nil {
		return credential.Credential{}, stopped(ctx)
	}
	w := &watch{limit: m.issuer.o.Timeout}
	out, err := m.issuer.o.Client.AssumeRole(ctx, m.input, w.install)
	if err != nil {
		return credential.Credential{}, m.failure(ctx, w, err)
	}
	cred, problem := m.read(out)
	if problem != "" {
		return credential.Credential{}, &credential.UnknownError{Err: fault.New(fault.Issuer, "STS answered %s", problem).
			WithHint("check this machine's clock, and that nothing on the way answers in the place of STS")}
	}
	return credential.Credential{AWS: cred}, nil
}

// failure sorts an error of AssumeRole into definite and unknown.
func (m *minting) failure(ctx context.Context, w *watch, err error) error {
	f := w.explain(ctx, err, subject{
		what: m.facts.AWS.RoleARN, caller: m.caller.ARN, profile: m.issuer.o.Profile,
		duration: time.Duration(aws.ToInt32(m.input.DurationSeconds)) * time.Second, now: m.issuer.o.Now(),
	})
	if w.lost() {
		return &credential.UnknownError{Err: f}
	}
	return f
}

// read checks an answer and returns the session, or what is wrong with it.
func (m *minting) read(out *sts.AssumeRoleOutput) (*credential.AWS, string) {
	c := out.Credentials
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" || aws.ToString(c.SessionToken) == "" {
		return nil, "without a complete key"
	}
	expires := aws.ToTime(c.Expiration).UTC()
	switch {
	case c.Expiration == nil:
		return nil, "without saying when the key expires"
	case !expires.After(m.issuer.o.Now()):
		return nil, "with a key that has already expired by this machine's clock"
	case expires.After(m.facts.Lease.ExpiresAt.Add(m.longer + answerSkew)):
		return nil, "with a key that holds longer than the lease"
	}
	assumed := ""
	if out.AssumedRoleUser != nil {
		assumed = aws.ToString(out.AssumedRoleUser.Arn)
	}
	if assumed != "" && !strings.HasSuffix(assumed, "/"+m.facts.AWS.SessionName) {
		return nil, "with a session of another name"
	}
	if m.longer > 0 && expires.After(m.facts.Lease.ExpiresAt) {
		expires = m.facts.Lease.ExpiresAt // from when on the keys are of no use
	}
	return &credential.AWS{
		AccessKeyID:     aws.ToString(c.AccessKeyId),
		SecretAccessKey: credential.NewSecret(aws.ToString(c.SecretAccessKey)),
		SessionToken:    credential.NewSecret(aws.ToString(c.SessionToken)),
		ExpiresAt:       expires,
		RoleARN:         m.facts.AWS.RoleARN,
		AssumedRoleARN:  assumed,
		Region:          m.region,
	}, ""
}
