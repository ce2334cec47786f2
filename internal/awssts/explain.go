package awssts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/jitaccess/jit/internal/fault"
)

// subject is what a failed call was about.
type subject struct {
	what     string // the role's ARN, or what stands for it
	caller   string // the caller's ARN, or what stands for it
	profile  string
	duration time.Duration // asked for; zero where the call has none
	now      time.Time     // zero where there is no clock at hand
}

// because finds the reason that an AccessDenied of AWS ends with.
var because = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`because no [a-z -]+ policy allows|with an explicit deny in an? [a-z -]+ policy`)
})

// percent finds how much of its room a packed policy takes.
var percent = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[0-9]+ ?%`)
})

// apiCause is what of an answer of AWS is safe and useful to repeat. A message
// of AWS can hold the session token (SignatureDoesNotMatch shows the canonical
// request), so it is never kept whole.
type apiCause struct{ code, request string }

func (c *apiCause) Error() string {
	if c.request == "" {
		return "AWS answered " + c.code
	}
	return "AWS answered " + c.code + " (request " + c.request + ")"
}

// explain turns an error of STS, or of the way there, into a sentence about
// what to change.
func explain(err error, s subject) *fault.Error {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == "" || api.ErrorCode() == "UnknownError" {
		return explainTransport(err, s)
	}
	cause := &apiCause{code: quote(api.ErrorCode())}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		cause.request = quote(response.ServiceRequestID())
	}
	r := findRefusal(api.ErrorCode(), api.ErrorMessage())
	fill := strings.NewReplacer(
		"{role}", s.what,
		"{caller}", s.caller,
		"{profile}", flagFor(s.profile),
		"{duration}", short(s.duration),
		"{because}", before(" ", because().FindString(api.ErrorMessage())),
		"{percent}", room(percent().FindString(api.ErrorMessage())),
		"{text}", quote(api.ErrorMessage()),
		"{skew}", skewOf(response, s.now),
	)
	return &fault.Error{Class: r.class, Msg: fill.Replace(r.msg), Hint: fill.Replace(r.hint), Err: cause}
}

func before(sep, s string) string {
	if s == "" {
		return ""
	}
	return sep + s
}

func room(percent string) string {
	if percent == "" {
		return ""
	}
	return " (" + percent + " of the room there is)"
}

// skewOf compares the answer's Date with now.
func skewOf(response *awshttp.ResponseError, now time.Time) string {
	vague := "differs from AWS's by more than AWS accepts"
	if response == nil || response.ResponseError == nil || response.Response == nil || now.IsZero() {
		return vague
	}
	server, err := http.ParseTime(response.Response.Header.Get("Date"))
	if err != nil {
		return vague
	}
	switch skew := server.Sub(now).Round(time.Second); {
	case skew > 0:
		return "is " + short(skew) + " behind AWS's"
	case skew < 0:
		return "is " + short(-skew) + " ahead of AWS's"
	}
	return vague
}

// explainTransport is for errors without an answer that STS made.
func explainTransport(err error, s subject) *fault.Error {
	text := err.Error()
	var params smithy.InvalidParamsError
	var response *awshttp.ResponseError
	switch {
	case strings.Contains(text, "Missing Region"):
		return fault.New(fault.Config, "no AWS region is set").
			WithHint("set aws.region in the config, AWS_REGION, or region in the AWS profile")
	case strings.Contains(text, "Invalid Configuration"):
		return fault.New(fault.Config, "the AWS configuration contradicts itself: %s", quote(text)).
			WithHint("a custom endpoint goes with neither FIPS nor dual-stack endpoints")
	case errors.As(err, &params):
		return fault.New(fault.Config, "the entitlement lacks something that STS needs: %s", quote(params.Error())).
			WithHint("run `jit policy check`")
	// The SDK wraps a failure to connect in a response of status 0.
	case errors.As(err, &response) && response.HTTPStatusCode() != 0:
		return fault.New(fault.Issuer, "something answered HTTP %d in the place of STS", response.HTTPStatusCode()).
			WithHint("check the proxy and the endpoint of STS; STS itself says what is wrong")
	case unreachable(err):
		return fault.New(fault.Issuer, "STS cannot be reached: %s", reason(err)).
			WithHint("check the network, the proxy and aws.region")
	}
	return fault.New(fault.Issuer, "the answer of STS about %s did not arrive: %s", s.what, reason(err)).
		WithHint("check the network and try again")
}

// unreachable reports whether no connection came about.
func unreachable(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	return errors.As(err, &dns) || errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") ||
		errors.As(err, &alert) || errors.As(err, &record) || errors.As(err, &verify)
}

// reason names the innermost useful cause of a broken connection.
func reason(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	switch {
	case errors.As(err, &dns):
		return "the name " + oneLine(dns.Name) + " does not resolve"
	case errors.As(err, &unknown):
		return "its certificate is signed by an authority that this machine does not know (AWS_CA_BUNDLE adds one)"
	case errors.As(err, &hostname):
		return "its certificate is for another name"
	case errors.As(err, &op):
		return quote(op.Error())
	}
	var last string
	for e := err; e != nil; e = errors.Unwrap(e) {
		last = e.Error()
	}
	return quote(last)
}

// ownFault returns the fault that our own code put into an error of the SDK, or
// nil.
func ownFault(err error) *fault.Error {
	own, _ := errors.AsType[*fault.Error](err)
	return own
}

// stopped is the fault of a context that has ended.
func stopped(ctx context.Context) *fault.Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault.Wrap(fault.Issuer, ctx.Err(), "the time for the call to STS ran out").
			WithHint("check the network, the proxy and aws.region")
	}
	return fault.Wrap(fault.Cancelled, ctx.Err(), "the call to STS was stopped")
}
