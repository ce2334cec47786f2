package auditlog

import (
	"context"
	"errors"
	"net/http"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// explain says what to do about an error of S3
// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
func (b *s3Backend) explain(err error, doing string) *fault.Error {
	if _, ok := errors.AsType[*listError](err); ok {
		doing = doingList
	}
	f := fault.Wrap(fault.Audit, toldError{err}, "the audit log cannot %s", doing)
	if hint := fault.HintOf(err); hint != "" {
		return f.WithHint("%s", hint)
	}
	status, code := answer(err)
	switch code {
	case "NoSuchBucket":
		return f.WithHint("make the bucket %s, or name another in audit.log", b.loc.bucket)
	case "AccessDenied", "AllAccessDisabled", "Forbidden":
		return b.denied(f, doing)
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
		return f.WithHint("renew the AWS credentials, such as with aws sso login, or name another profile in aws.profile")
	case "RequestTimeTooSkewed", "RequestExpired":
		return f.WithHint("set this machine's clock: it is more than 15 minutes off")
	case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return f.WithHint("the bucket is in another region than was asked: put ?region=REGION at the end of audit.log")
	case "NotImplemented", "MethodNotAllowed":
		return f.WithHint("the store does not know If-None-Match, which keeps records from being overwritten: use one that does")
	case "SlowDown", "ServiceUnavailable", "InternalError":
		return f.WithHint("S3 is busy or broken: try again in a minute")
	}
	return b.withoutCode(f, err, status, doing)
}

// withoutCode advises where the store said no more than a status, or nothing.
func (b *s3Backend) withoutCode(f *fault.Error, err error, status int, doing string) *fault.Error {
	switch {
	case status == http.StatusNotImplemented:
		return f.WithHint("the store does not know If-None-Match, which keeps records from being overwritten: use one that does")
	case status == http.StatusMovedPermanently || status == http.StatusTemporaryRedirect:
		return f.WithHint("the bucket is in another region than was asked: put ?region=REGION at the end of audit.log")
	case status == http.StatusForbidden:
		return b.denied(f, doing)
	case status >= 500:
		return f.WithHint("the store is busy or broken: try again in a minute")
	case status != 0:
		return f.WithHint("see whether audit.log names a bucket of S3 or of a store that works like it")
	case isUnsent(err):
		return f.WithHint("see whether this machine is online and reaches S3, and what region and endpoint it is told")
	case isUntrusted(err):
		return f.WithHint("the store's certificate is not trusted: set AWS_CA_BUNDLE to the roots of your network, if it has its own")
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errUnclear):
		return f.WithHint("see whether the network and S3 work, then try again")
	case audit.IsSpoiled(err):
		return f.WithHint("somebody put it there: run jit audit verify")
	}
	return f.WithHint("see whether there are AWS credentials, such as by aws sts get-caller-identity, and a region")
}

// denied names the right that is missing.
func (b *s3Backend) denied(f *fault.Error, doing string) *fault.Error {
	where := b.loc.bucket + "/" + b.loc.prefix
	switch doing {
	case doingWrite:
		return f.WithHint("allow s3:PutObject on %sWRITER/*, or set audit.writer to the writer that the bucket's policy lets you be", where)
	case doingList:
		return f.WithHint("allow s3:ListBucket on %s: it finds the end of a chain", b.loc.bucket)
	}
	return f.WithHint("allow s3:GetObject on %sWRITER/*, and s3:ListBucket on %s: a record that is not there is hidden without it", where, b.loc.bucket)
}
