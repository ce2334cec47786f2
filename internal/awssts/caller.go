package awssts

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsarn "github.com/aws/aws-sdk-go-v2/aws/arn"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// flight is one GetCallerIdentity under way or done.
type flight struct {
	done chan struct{} // closed when the fields below are set
	who  audit.Caller
	err  error
	skew time.Duration
	told bool // STS told its time
}

// callerFlight holds the one flight of an issuer.
type callerFlight struct {
	mu  sync.Mutex
	now *flight
}

// Warm asks STS who calls, in the background, so that the credentials are
// fetched and the connection is open when Mint needs them. An error is kept for
// the next Caller. It does not wait.
func (i *Issuer) Warm(ctx context.Context) { i.fly(ctx) }

// Caller returns the AWS identity behind the base credentials. STS is asked
// once; many callers share the question, and one that gives up does not take it
// from the others. An answer is kept for good, an error for those who waited
// for it and, after Warm, for the first who asks. Errors have class Auth where
// AWS does not accept who we are, Issuer where STS cannot answer, Cancelled or
// Usage where the user did not give a code.
func (i *Issuer) Caller(ctx context.Context) (audit.Caller, error) {
	f := i.fly(ctx)
	select {
	case <-f.done:
	case <-ctx.Done():
		return audit.Caller{}, stopped(ctx)
	}
	if f.err != nil {
		i.caller.mu.Lock()
		defer i.caller.mu.Unlock()
		if i.caller.now == f {
			i.caller.now = nil
		}
	}
	return f.who, f.err
}

// ClockSkew tells how far AWS's clock is ahead of this machine's (negative:
// behind), as seen in the answer to Caller; false before there was one. It is
// exact to about a second and the time of one request.
func (i *Issuer) ClockSkew() (time.Duration, bool) {
	i.caller.mu.Lock()
	f := i.caller.now
	i.caller.mu.Unlock()
	if f == nil {
		return 0, false
	}
	select {
	case <-f.done:
		return f.skew, f.told
	default:
		return 0, false
	}
}

// fly returns the flight under way or done, or starts one.
func (i *Issuer) fly(ctx context.Context) *flight {
	i.caller.mu.Lock()
	defer i.caller.mu.Unlock()
	if i.caller.now != nil {
		return i.caller.now
	}
	f := &flight{done: make(chan struct{})}
	i.caller.now = f
	go func() {
		defer close(f.done)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), i.o.Timeout)
		defer cancel()
		i.ask(ctx, f)
	}()
	return f
}

func (i *Issuer) ask(ctx context.Context, f *flight) {
	out, err := i.o.Client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		f.err = i.callerFault(ctx, err)
		return
	}
	f.who = audit.Caller{ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId), Account: aws.ToString(out.Account)}
	if f.who.ARN == "" || f.who.UserID == "" || f.who.Account == "" {
		f.err = fault.New(fault.Issuer, "STS did not say who calls").
			WithHint("check that nothing on the way, such as a proxy, answers in the place of STS")
		return
	}
	if server, told := awsmiddleware.GetServerTime(out.ResultMetadata); told && !server.IsZero() {
		f.skew, f.told = server.Sub(i.o.Now()), true
	}
}

// checkClock refuses, with class Auth, a clock that is further off than a
// session's expiry may be. The SDK would sign for AWS's time and succeed, but
// the record would tell a false time and the session would look expired.
func (i *Issuer) checkClock() error {
	skew, told := i.ClockSkew()
	if !told || skew.Abs() <= answerSkew {
		return nil
	}
	where := "behind"
	if skew < 0 {
		where = "ahead of"
	}
	return fault.New(fault.Auth, "this machine's clock is %s %s AWS's", short(skew.Abs().Round(time.Second)), where).
		WithHint("%s", clockHint)
}

func (i *Issuer) callerFault(ctx context.Context, err error) error {
	if own := ownFault(err); own != nil {
		return own
	}
	if ctx.Err() != nil {
		return fault.New(fault.Issuer, "STS did not answer within %s", i.o.Timeout).
			WithHint("check the network, the proxy and aws.region")
	}
	return explain(err, subject{what: "the caller's identity", caller: "the base credentials", profile: i.o.Profile, now: i.o.Now()})
}

// chained reports whether arn is an assumed role, an Identity Center one
// included, whose own sessions STS caps.
func chained(arn string) bool {
	a, err := awsarn.Parse(arn)
	return err == nil && a.Service == "sts" && strings.HasPrefix(a.Resource, "assumed-role/")
}
