package awssts

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

const notAuthorized = "User: " + userARN + " is not authorized to perform: %s on resource: arn:aws:iam::111122223333:role/jit-ro%s"

type refusalCase struct {
	status  int // zero for 403
	code    string
	message string
	class   fault.Class
	says    string // in the message
	hints   string // in the hint
}

func refusalCases() map[string]refusalCase {
	denied := func(action, why string) string { return fmt.Sprintf(notAuthorized, action, why) }
	return map[string]refusalCase{
		"assume role":      {code: "AccessDenied", message: denied("sts:AssumeRole", ""), class: fault.Issuer, says: userARN + " may not assume arn:aws:iam::111122223333:role/jit-ro", hints: "trust policy"},
		"identity policy":  {code: "AccessDenied", message: denied("sts:AssumeRole", " because no identity-based policy allows the sts:AssumeRole action"), class: fault.Issuer, says: "because no identity-based policy allows", hints: "own policy"},
		"explicit deny":    {code: "AccessDenied", message: denied("sts:AssumeRole", " with an explicit deny in a service control policy"), class: fault.Issuer, says: "with an explicit deny in a service control policy", hints: "organisation"},
		"tag session":      {code: "AccessDenied", message: denied("sts:TagSession", ""), class: fault.Issuer, says: "may not tag a session", hints: "sts:TagSession"},
		"source identity":  {code: "AccessDenied", message: denied("sts:SetSourceIdentity", ""), class: fault.Issuer, says: "may not set the source identity", hints: "source_identity: inherit"},
		"source is set":    {code: "ValidationError", message: "The source identity of a session cannot be changed", class: fault.Issuer, says: "source identity", hints: "inherit"},
		"mfa":              {code: "AccessDenied", message: "MultiFactorAuthentication failed with invalid MFA one time pass code. ", class: fault.Issuer, says: "MFA code", hints: "wait for the next"},
		"root":             {code: "AccessDenied", message: "Roles may not be assumed by root accounts.", class: fault.Auth, says: "root user", hints: "aws.profile"},
		"too long":         {status: 400, code: "ValidationError", message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", class: fault.Issuer, says: "allows no session as long as 1h", hints: "maximum session duration"},
		"chaining":         {status: 400, code: "ValidationError", message: "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.", class: fault.Issuer, says: "no session longer than 1h", hints: "--for 1h"},
		"too short":        {status: 400, code: "ValidationError", message: "1 validation error detected: Value '1' at 'durationSeconds' failed to satisfy constraint", class: fault.Issuer, says: "session of 1h", hints: "15m"},
		"bad value":        {status: 400, code: "ValidationError", message: "Request ARN is invalid", class: fault.Issuer, says: "Request ARN is invalid", hints: "policy"},
		"duplicate tag":    {status: 400, code: "InvalidParameterValue", message: "Duplicate tag keys found. Please note that Tag keys are case insensitive.", class: fault.Issuer, says: "differ only in case", hints: "entitlement"},
		"transitive tag":   {status: 400, code: "InvalidParameterValue", message: "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.", class: fault.Issuer, says: "passes on", hints: "rename"},
		"packed tags":      {status: 400, code: "PackedPolicyTooLarge", message: "Packed size of session tags consumes 122% of allotted space.", class: fault.Issuer, says: "(122% of the room", hints: "shorten"},
		"packed policy":    {status: 400, code: "PackedPolicyTooLarge", message: "Too large", class: fault.Issuer, says: "do not fit into the session once packed", hints: "policy_arns"},
		"malformed policy": {status: 400, code: "MalformedPolicyDocument", message: "Syntax errors in policy.", class: fault.Issuer, says: "Syntax errors in policy", hints: "session_policy"},
		"region off":       {code: "RegionDisabledException", message: "STS is not activated in this region for account:111122223333. Your account administrator can activate STS in this region using the IAM Console.", class: fault.Issuer, says: "not switched on", hints: "aws.region"},
		"expired":          {code: "ExpiredToken", message: "The security token included in the request is expired", class: fault.Auth, says: "have expired", hints: "aws sso login --profile base"},
		"expired, other":   {code: "ExpiredTokenException", message: "The security token included in the request is expired", class: fault.Auth, says: "have expired", hints: "log in again"},
		"unknown key":      {code: "InvalidClientTokenId", message: "The security token included in the request is invalid.", class: fault.Auth, says: "does not know the base access key", hints: "AWS_PROFILE"},
		"wrong secret":     {code: "SignatureDoesNotMatch", message: "The request signature we calculated does not match.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:" + baseToken + "'", class: fault.Auth, says: "does not accept the signature", hints: "secret access key"},
		"clock behind":     {code: "SignatureDoesNotMatch", message: "Signature expired: 20260302T090000Z is now earlier than 20260302T092700Z (20260302T094200Z - 15 min.)", class: fault.Auth, says: "clock is 42m behind AWS's", hints: "NTP"},
		"clock ahead":      {code: "SignatureDoesNotMatch", message: "Signature not yet current: 20260302T090000Z is still later than x", class: fault.Auth, says: "this machine's clock is", hints: "NTP"},
		"request expired":  {status: 400, code: "RequestExpired", message: "Request has expired.", class: fault.Auth, says: "clock", hints: "NTP"},
		"no signature":     {code: "MissingAuthenticationToken", message: "Request is missing Authentication Token", class: fault.Auth, says: "without a signature", hints: "proxy"},
		"not signed up":    {code: "OptInRequired", message: "The AWS Access Key Id needs a subscription for the service", class: fault.Auth, says: "not ready", hints: "profile"},
		"throttled":        {status: 400, code: "Throttling", message: "Rate exceeded", class: fault.Issuer, says: "limiting", hints: "wait"},
		"overloaded":       {status: 503, code: "ServiceUnavailable", message: "down", class: fault.Issuer, says: "failure of its own", hints: "try again"},
		"never heard of":   {status: 400, code: "Surprise", message: "Something\u202e new\nhappened.", class: fault.Issuer, says: "new happened", hints: "API reference"},
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range refusalCases() {
		t.Run(name, func(t *testing.T) {
			f := newFakeSTS(t)
			status := tc.status
			if status == 0 {
				status = http.StatusForbidden
			}
			f.onAssume = func(w http.ResponseWriter, _ *http.Request) { writeError(w, status, tc.code, tc.message) }
			_, err := mint(t, f.issuer(), accesstest.IssuerOrder(grant.AWS, epoch))
			if credential.IsUnknown(err) {
				t.Errorf("a definite answer came out as unknown: %v", err)
			}
			own, ok := errors.AsType[*fault.Error](err)
			if !ok {
				t.Fatalf("not a fault: %v", err)
			}
			if own.Class != tc.class || !strings.Contains(own.Msg, tc.says) || !strings.Contains(own.Hint, tc.hints) {
				t.Errorf("class %d: %s\nhint: %s", own.Class, own.Msg, own.Hint)
			}
			checkText(t, err)
		})
	}
}

// checkText holds an error to what may be shown.
func checkText(t *testing.T, err error) {
	t.Helper()
	own, _ := errors.AsType[*fault.Error](err)
	for _, s := range []string{err.Error(), own.Msg, own.Hint, fmt.Sprintf("%+v %#v", err, err), fmt.Sprintf("%#v", own)} {
		for _, secret := range []string{baseSecret, baseToken, newSecret, newToken} {
			if strings.Contains(s, secret) {
				t.Errorf("shows a secret: %s", s)
			}
		}
		if strings.ContainsAny(s, "\n\x1b") || strings.Contains(s, "{") && strings.Contains(s, "}") && !strings.Contains(s, "fault.Error{") && !strings.Contains(s, "UnknownError{") {
			t.Errorf("not fit to show: %q", s)
		}
	}
	if own.Hint == "" && own.Class != fault.Cancelled {
		t.Errorf("no hint: %v", err)
	}
	if strings.HasSuffix(own.Msg, ".") || strings.HasSuffix(own.Hint, ".") {
		t.Errorf("a full stop: %s / %s", own.Msg, own.Hint)
	}
}

func TestEveryRefusalCanBeReached(t *testing.T) {
	t.Parallel()
	for _, list := range [][]refusal{clockRefusals(), deniedRefusals(), valueRefusals(), identityRefusals()} {
		for _, want := range list {
			for code := range strings.FieldsSeq(want.codes) {
				if got := findRefusal(code, "X "+strings.ToUpper(want.contains)+" y"); got != want {
					t.Errorf("%s %q is explained as %q, not as %q", code, want.contains, got.msg, want.msg)
				}
			}
		}
	}
}

func TestOverlongAnswersAreCut(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	f.onAssume = func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, 400, "Surprise", strings.Repeat("word ", 5000))
	}
	_, err := mint(t, f.issuer(), accesstest.IssuerOrder(grant.AWS, epoch))
	if n := len(err.Error()); n > 600 {
		t.Errorf("the message has %d bytes", n)
	}
}

func TestSkewNeedsADate(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	f.onAssume = func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = []string{"yesterday"}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`<ErrorResponse><Error><Code>RequestExpired</Code><Message>x</Message></Error></ErrorResponse>`))
	}
	_, err := mint(t, f.issuer(), accesstest.IssuerOrder(grant.AWS, epoch))
	if !strings.Contains(err.Error(), "differs from AWS's by more than AWS accepts") {
		t.Error(err)
	}
	f.set(func() {
		f.onAssume = func(w http.ResponseWriter, _ *http.Request) { writeError(w, 403, "RequestExpired", "x") }
	})
	i := f.issuer()
	m, err := i.Prepare(t.Context(), accesstest.IssuerOrder(grant.AWS, epoch))
	if err != nil {
		t.Fatal(err)
	}
	i.o.Now = func() time.Time { return epoch.Add(time.Hour) }
	if _, err := m.Mint(t.Context()); !strings.Contains(err.Error(), "clock is 18m ahead of AWS's") {
		t.Error(err)
	}
}
