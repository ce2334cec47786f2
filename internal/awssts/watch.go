package awssts

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/jitaccess/jit/internal/fault"
)

// watch follows the attempts of one call, limits each, and remembers whether any
// of them left the machine without bringing back a definite answer.
type watch struct {
	limit      time.Duration // of one attempt
	expired    atomic.Bool   // an attempt reached the limit
	unanswered atomic.Bool
	installed  atomic.Bool
}

// install is the option of the call that sets the watch inside the SDK's loop
// of retries, after signing, so that each attempt passes it and the fetching of
// credentials, which may wait for a person, does not. The SDK does not repeat
// an attempt that ran out of time.
func (w *watch) install(o *sts.Options) {
	w.installed.Store(true)
	o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("jitWatch", w.attempt), "Signing", middleware.After)
	})
}

func (w *watch) attempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	var sent atomic.Bool
	limited, cancel := context.WithTimeout(ctx, w.limit)
	defer cancel()
	limited = httptrace.WithClientTrace(limited, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	out, md, err := next.HandleFinalize(limited, in)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		w.expired.Store(true)
	}
	if err != nil && sent.Load() && !answered(err) {
		w.unanswered.Store(true)
	}
	return out, md, err
}

// lost reports whether a session may exist after a failure. A client that did
// not apply the option tells nothing, and so counts as lost.
func (w *watch) lost() bool { return w.unanswered.Load() || !w.installed.Load() }

// explain turns the error of the watched call into a fault.
func (w *watch) explain(ctx context.Context, err error, s subject) *fault.Error {
	switch own := ownFault(err); {
	case own != nil:
		return own
	case ctx.Err() != nil:
		return stopped(ctx)
	case w.expired.Load():
		return fault.New(fault.Issuer, "STS did not answer within %s", w.limit).
			WithHint("check the network, the proxy and aws.region")
	}
	return explain(err, s)
}

// answered reports whether err is an answer of STS that no session was made: it
// has an error code, and is not a failure of the server in the middle of its
// work. The SDK calls the code UnknownError where the body had none, as with a
// proxy's page.
func answered(err error) bool {
	var api smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		return false
	}
	if code := api.ErrorCode(); code == "" || code == "UnknownError" {
		return false
	}
	status := response.HTTPStatusCode()
	return status >= 400 && status < 500 || status == http.StatusServiceUnavailable
}
