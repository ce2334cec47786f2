package auditlog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/jitaccess/jit/internal/fault"
)

// way remembers how far a write came. It stands behind signing, so that the
// fetching of credentials, which goes over the network too, does not pass it.
type way struct {
	watched atomic.Bool
	left    atomic.Bool
}

// watch is the option of a call that puts the watch into it.
func (w *way) watch(o *s3.Options) {
	w.watched.Store(true)
	o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], func(stack *middleware.Stack) error {
		pass := func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			w.left.Store(true)
			return next.HandleFinalize(ctx, in)
		}
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("jitWay", pass), "Signing", middleware.After)
	})
}

// outcome sorts the error of a write into what create promises.
func (w *way) outcome(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err // of the credentials, which nothing was sent without
	}
	if w.watched.Load() && !w.left.Load() {
		return err
	}
	status, code := answer(err)
	switch {
	case code == "PreconditionFailed" || status == http.StatusPreconditionFailed:
		return errTaken
	case code == "ConditionalRequestConflict" || code == "OperationAborted":
		return fmt.Errorf("%w: %w", errConflict, err)
	case status == http.StatusNotImplemented || code == "NotImplemented":
		return err
	case code == "RequestTimeout" || status == http.StatusTooManyRequests || status >= 500:
		return fmt.Errorf("%w: %w", errUnclear, err)
	case status != 0:
		return err
	case isUnsent(err):
		return fmt.Errorf("%w: %w", errUnsent, err)
	case isUntrusted(err):
		return err
	}
	return fmt.Errorf("%w: %w", errUnclear, err)
}

// answer is the status and the code of an error that the store sent; 0 and ""
// where it sent none.
func answer(err error) (status int, code string) {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		code = api.ErrorCode()
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && response.Response != nil {
		status = response.HTTPStatusCode()
	}
	return status, code
}

// isUnsent reports that no connection came about.
func isUnsent(err error) bool {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// isUntrusted reports that the store did not prove who it is.
func isUntrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}
