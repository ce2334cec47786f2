package awssts

import (
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

// refusal is one way in which STS says no. The codes and messages are those of
// the STS API reference, its common errors, and IAM's troubleshooting guide.
type refusal struct {
	codes    string // separated by spaces
	contains string // in lower case, of the message; "" for any
	class    fault.Class
	msg      string // placeholders as in explain
	hint     string
}

// Codes that several refusals share, separated by spaces.
const (
	clockCodes    = "SignatureDoesNotMatch InvalidSignatureException AccessDenied AccessDeniedException"
	deniedCodes   = "AccessDenied AccessDeniedException UnauthorizedOperation"
	invalidCodes  = "ValidationError ValidationException InvalidParameterValue InvalidParameterCombination"
	throttleCodes = "Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException " +
		"TooManyRequestsException RequestLimitExceeded LimitExceededException SlowDown BandwidthLimitExceeded"
)

const (
	clockMsg  = "this machine's clock {skew}, so that AWS refuses our signature"
	clockHint = "set the clock, best by NTP, and try again"
	loginHint = "log in again, such as with `aws sso login{profile}`, and check AWS_PROFILE and the AWS_ keys in the environment"
)

// clockRefusals come before those that share their codes.
func clockRefusals() []refusal {
	return []refusal{
		{clockCodes, "signature expired", fault.Auth, clockMsg, clockHint},
		{clockCodes, "signature not yet current", fault.Auth, clockMsg, clockHint},
		{"RequestExpired RequestTimeTooSkewed RequestInTheFuture", "", fault.Auth, clockMsg, clockHint},
	}
}

// deniedRefusals are about who may do what.
func deniedRefusals() []refusal {
	return []refusal{
		{
			deniedCodes, "multifactorauthentication", fault.Issuer,
			"STS did not accept the MFA code for {role}",
			"a code works once: wait for the next one, and check that mfa_serial is a device of {caller}",
		},
		{
			deniedCodes, "root account", fault.Auth,
			"the root user of an account cannot assume a role",
			"use an IAM user, a role or an Identity Center profile as aws.profile",
		},
		{
			deniedCodes, "sts:tagsession", fault.Issuer,
			"{caller} may not tag a session of {role}{because}",
			"allow sts:TagSession beside sts:AssumeRole in the role's trust policy and in the caller's own policy",
		},
		{
			deniedCodes, "sts:setsourceidentity", fault.Issuer,
			"{caller} may not set the source identity of a session of {role}{because}",
			"allow sts:SetSourceIdentity beside sts:AssumeRole in the role's trust policy and in the caller's own policy; where the base session already has a source identity, set source_identity: inherit",
		},
		{
			"AccessDenied ValidationError InvalidParameterValue", "source identity", fault.Issuer,
			"STS does not take the source identity for {role}",
			"a base session that already has a source identity keeps it: set source_identity: inherit",
		},
		{
			deniedCodes, "explicit deny", fault.Issuer,
			"{caller} may not assume {role}{because}",
			"a policy of the organisation, the account or the caller forbids it: ask whoever keeps that policy",
		},
		{
			deniedCodes, "", fault.Issuer,
			"{caller} may not assume {role}{because}",
			"check that the role exists and that its trust policy allows sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity to the caller, whose own policy must allow them too; conditions on external id, MFA or tags must hold",
		},
	}
}

// valueRefusals are about what was asked for.
func valueRefusals() []refusal {
	return []refusal{
		{
			invalidCodes, "role chaining", fault.Issuer,
			"AWS gives a caller that is itself an assumed role no session longer than 1h",
			"ask with --for 1h or less, or use base credentials that are no assumed role",
		},
		{
			invalidCodes, "maxsessionduration", fault.Issuer,
			"{role} allows no session as long as {duration}",
			"ask for less with --for, lower lease.max of the entitlement, or raise the role's maximum session duration",
		},
		{
			invalidCodes, "durationseconds", fault.Issuer,
			"STS does not take a session of {duration} for {role}",
			"ask for between 15m and the role's maximum session duration with --for",
		},
		{
			invalidCodes, "duplicate tag", fault.Issuer,
			"two session tags for {role} have keys that differ only in case",
			"take one of them out of the entitlement",
		},
		{
			invalidCodes, "transitive tag", fault.Issuer,
			"a session tag for {role} has a key that the base session passes on and that cannot change",
			"rename the tag in the entitlement, or use base credentials without transitive tags",
		},
		{
			invalidCodes, "", fault.Issuer,
			"STS does not take a value of the request for {role}: {text}",
			"mend the value in the entitlement of the policy",
		},

		{
			"PackedPolicyTooLarge PackedPolicyTooLargeException", "", fault.Issuer,
			"the session policy and tags for {role} do not fit into the session once packed{percent}",
			"shorten the session policy, move it to policy_arns, or use fewer and shorter tags",
		},
		{
			"MalformedPolicyDocument MalformedPolicyDocumentException", "", fault.Issuer,
			"STS cannot read the session policy for {role}: {text}",
			"mend session_policy or its file; `aws accessanalyzer validate-policy` says what is wrong",
		},
		{
			"RegionDisabledException", "", fault.Issuer,
			"STS is not switched on in this region for the account",
			"set aws.region to another region, or switch the region on under IAM's account settings",
		},
	}
}

// identityRefusals are about the base credentials, and about STS itself.
func identityRefusals() []refusal {
	return []refusal{
		{
			"ExpiredToken ExpiredTokenException TokenRefreshRequired", "", fault.Auth,
			"the base AWS credentials have expired", loginHint,
		},
		{
			"InvalidClientTokenId UnrecognizedClientException InvalidAccessKeyId AuthFailure InvalidToken", "", fault.Auth,
			"AWS does not know the base access key or its session token", loginHint,
		},
		{
			"SignatureDoesNotMatch InvalidSignatureException IncompleteSignature", "", fault.Auth,
			"AWS does not accept the signature of the base credentials",
			"check that the secret access key belongs to the access key id, and that no proxy changes requests",
		},
		{
			"MissingAuthenticationToken MissingAuthenticationTokenException", "", fault.Auth,
			"the request reached AWS without a signature",
			"check that no proxy takes headers out of requests",
		},
		{
			"OptInRequired NotSignedUp", "", fault.Auth,
			"the AWS account of the base credentials is not ready for use",
			"finish signing the account up, or use another profile",
		},
		{
			"InvalidIdentityToken IDPRejectedClaim IDPCommunicationError InvalidAuthorizationMessageException", "", fault.Auth,
			"AWS does not accept the web identity token of the base credentials",
			"check AWS_WEB_IDENTITY_TOKEN_FILE and the identity provider in IAM",
		},

		{
			throttleCodes, "", fault.Issuer,
			"STS is limiting how often the account may ask",
			"wait a minute and try again",
		},
		{
			"ServiceUnavailable InternalFailure InternalError InternalServerError", "", fault.Issuer,
			"STS has a failure of its own",
			"try again; if it lasts, set aws.region to another region",
		},
	}
}

// findRefusal returns the first that fits an answer of AWS.
func findRefusal(code, message string) refusal {
	message = strings.ToLower(message)
	for _, r := range slices.Concat(clockRefusals(), deniedRefusals(), valueRefusals(), identityRefusals()) {
		if r.has(code) && strings.Contains(message, r.contains) {
			return r
		}
	}
	return refusal{class: fault.Issuer, msg: "STS refused {role}: {text}", hint: "look the code up in the STS API reference"}
}

func (r refusal) has(code string) bool {
	return slices.ContainsFunc(strings.Fields(r.codes), func(c string) bool { return strings.EqualFold(c, code) })
}
