package sshca

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// lostOrRefused sorts the error of Sign: a definite refusal, with which no
// signature was made, or an answer that was lost.
func lostOrRefused(ctx context.Context, err error, sent *sending, l Location) error {
	f := explain(ctx, err, sent, "kms:Sign", l)
	if definite(ctx, err, sent) {
		return f
	}
	return &credential.UnknownError{Err: f}
}

func definite(ctx context.Context, err error, sent *sending) bool {
	switch {
	case sent.wasLost():
		return false // by an earlier try, whatever the last one says
	case foreign(err), stoppedEarly(ctx, sent):
		return true
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return refusal(api, err)
	}
	return !sent.hasLeft()
}

// refusal reports whether an answer of KMS says that it did not sign. Its
// internal errors and those of something in between do not.
func refusal(api smithy.APIError, err error) bool {
	switch api.ErrorCode() {
	case "KMSInternalException", "DependencyTimeoutException", "InternalFailure", "ServiceUnavailable":
		return false
	case "KeyUnavailableException", "ThrottlingException":
		return true
	}
	if resp, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return resp.HTTPStatusCode() < http.StatusInternalServerError
	}
	return true
}

// foreign reports whether err comes from another service, whose answer the SDK
// needed for credentials before it could ask KMS.
func foreign(err error) bool {
	for {
		op, ok := errors.AsType[*smithy.OperationError](err)
		if !ok {
			return false
		}
		if op.Service() != "KMS" {
			return true
		}
		err = op.Err
	}
}

// explain makes a sentence of an error of KMS. action is the permission that
// the call needs.
func explain(ctx context.Context, err error, sent *sending, action string, l Location) *fault.Error {
	api, isAPI := errors.AsType[smithy.APIError](err)
	switch {
	case stoppedEarly(ctx, sent):
		return stopped(context.Cause(ctx))
	case foreign(err), !isAPI && !sent.hasLeft() && !unreached(err):
		return fault.Wrap(fault.Auth, brief(err), "there are no AWS credentials with which to ask KMS for the CA's key").
			WithHint("sign in again (aws sso login), or check aws.profile; aws sts get-caller-identity shows who you are")
	case isAPI:
		return explainAPI(api, action, l)
	case unreached(err) && !sent.hasLeft():
		return fault.Wrap(fault.Issuer, brief(err), "KMS cannot be reached for the CA's key").
			WithHint("check the network, the proxy and the region")
	}
	return fault.Wrap(fault.Issuer, brief(err), "KMS did not answer %s for the CA's key", action)
}

// explainAPI turns the codes of
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#API_Sign_Errors
// and of CommonErrors into what to change.
func explainAPI(api smithy.APIError, action string, l Location) *fault.Error {
	said := errors.New(quote(api.ErrorCode() + ": " + api.ErrorMessage()))
	f := func(class fault.Class, format string, args ...any) *fault.Error {
		return fault.Wrap(class, said, format, args...)
	}
	switch code := api.ErrorCode(); code {
	case "AccessDeniedException":
		return f(fault.Issuer, "AWS does not allow %s with the CA's key %s", action, l.KeyID).
			WithHint("allow kms:Sign and kms:GetPublicKey on the key to the identity that jit uses, in the key's policy or its own")
	case "NotFoundException":
		return f(fault.Issuer, "KMS has no key %s here", l.KeyID).
			WithHint("check ssh.ca, the region and the account; an alias is written awskms:///alias/NAME")
	case "DisabledException":
		return f(fault.Issuer, "the CA's key %s is disabled", l.KeyID).
			WithHint("enable it in KMS, or name another in ssh.ca")
	case "InvalidKeyUsageException", "UnsupportedOperationException":
		return f(fault.Issuer, "the CA's key %s does not sign in the way that SSH needs", l.KeyID).WithHint(kmsKeyHint)
	case "KMSInvalidStateException":
		return explainState(api, said, l)
	case "ThrottlingException", "LimitExceededException", "RequestLimitExceeded", "TooManyRequestsException":
		return f(fault.Issuer, "KMS is asked for more than the account's quota allows").WithHint("ask again in a moment")
	case "KeyUnavailableException", "DependencyTimeoutException", "KMSInternalException", "InternalFailure", "ServiceUnavailable":
		return f(fault.Issuer, "KMS has trouble of its own with the CA's key %s", l.KeyID).WithHint("ask again in a moment")
	case "ValidationException", "InvalidArnException", "InvalidKeyId.Malformed":
		return f(fault.Issuer, "KMS does not take the request with the key %s", l.KeyID).
			WithHint("check how ssh.ca names the key: awskms:///alias/NAME, a key id or an ARN")
	case "InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "IncompleteSignatureException":
		return f(fault.Auth, "AWS did not accept the signature of the request").
			WithHint("check this machine's clock, and the secret key")
	case "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId",
		"MissingAuthenticationTokenException", "NotAuthorized", "OptInRequired":
		return f(fault.Auth, "AWS did not accept the credentials with which KMS was asked").
			WithHint("sign in again (aws sso login), or check aws.profile; aws sts get-caller-identity shows who you are")
	default:
		return f(fault.Issuer, "KMS refused %s with the CA's key %s", action, l.KeyID)
	}
}

func explainState(api smithy.APIError, said error, l Location) *fault.Error {
	if strings.Contains(strings.ToLower(api.ErrorMessage()), "pending deletion") {
		return fault.Wrap(fault.Issuer, said, "the CA's key %s is about to be deleted", l.KeyID).
			WithHint("cancel the deletion and enable the key, or name another in ssh.ca")
	}
	return fault.Wrap(fault.Issuer, said, "the CA's key %s is not in a state in which it can sign", l.KeyID).
		WithHint("aws kms describe-key shows its state")
}

// briefError shows the inmost cause, without the SDK's layers of request ids,
// and keeps the chain.
type briefError struct{ err error }

func brief(err error) error { return &briefError{err} }

func (e *briefError) Error() string {
	if api, ok := errors.AsType[smithy.APIError](e.err); ok {
		return quote(api.ErrorCode() + ": " + api.ErrorMessage())
	}
	if send, ok := errors.AsType[*smithyhttp.RequestSendError](e.err); ok {
		return quote(send.Err.Error())
	}
	err := e.err
	for {
		op, ok := errors.AsType[*smithy.OperationError](err)
		if !ok {
			return quote(err.Error())
		}
		err = op.Err
	}
}

// longestQuote is how much of somebody else's text an error repeats, in runes.
const longestQuote = 240

// quote makes somebody else's text fit for a message: on one line, not long, and
// without what may be a secret. AWS repeats the request that it was sent, session
// token included, where it does not accept its signature.
func quote(s string) string {
	s = strings.Join(strings.Fields(ticket.Clean(credential.HideTokens(s))), " ")
	s = credential.HideTokens(s)
	if r := []rune(s); len(r) > longestQuote {
		return string(r[:longestQuote]) + "…"
	}
	return s
}

func (e *briefError) Unwrap() error { return e.err }

// asIssuer puts a sentence before an error, and keeps the class of one that has
// a class, and so a sentence of its own.
func asIssuer(err error, sentence string) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fault.Wrap(fault.Issuer, err, "%s", sentence)
}

// stopped is the error of a request that ended before anything was minted.
func stopped(err error) *fault.Error {
	return fault.Wrap(fault.Cancelled, err, "the request was stopped before anything was minted")
}
