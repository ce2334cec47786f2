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
	done chan struct{} // closed when the four fields below are set
	who  audit.Caller
	err  error
	skew time.Duration
	told bool // STS told its time

	cancel  context.CancelFunc
	waiting int // under callerFlight.mu
}

// callerFlight holds the one flight of an issuer.
type callerFlight struct {
	mu  sync.Mutex
	now *flight
}

// Warm asks STS who calls, so that the credentials are fetched and the
// connection is open when Mint needs them. It returns when STS has answered or
// ctx has ended; an error is kept for the next Caller.
func (i *Issuer) Warm(ctx context.Context) {
	f := i.join(ctx)
	defer i.leave(f)
	select {
	case <-f.done:
	case <-ctx.Done():
	}
}

// Caller returns the AWS identity behind the base credentials. STS is asked
// once; many callers share the question, which goes on as long as one of them
// waits. An answer is kept for good, an error for those who waited for it and,
// after Warm, for the first who asks. Errors have class Auth where AWS does not
// accept who we are, Issuer where STS cannot answer, Cancelled where ctx ended,
// and Usage where the profile needs an MFA code that nobody gave.
func (i *Issuer) Caller(ctx context.Context) (audit.Caller, error) {
	f := i.join(ctx)
	defer i.leave(f)
	select {
	case <-f.done:
	case <-ctx.Done():
		return audit.Caller{}, stopped(ctx)
	}
	if f.err != nil {
		i.forget(f)
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

// join waits for the flight under way or done, or for a new one.
func (i *Issuer) join(ctx context.Context) *flight {
	i.caller.mu.Lock()
	defer i.caller.mu.Unlock()
	if f := i.caller.now; f != nil {
		f.waiting++
		return f
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel, waiting: 1}
	i.caller.now = f
	go func() {
		defer cancel()
		defer close(f.done)
		i.ask(ctx, f)
	}()
	return f
}

// leave ends the wait for a flight, and with the last one who waits the flight.
func (i *Issuer) leave(f *flight) {
	i.caller.mu.Lock()
	defer i.caller.mu.Unlock()
	f.waiting--
	if f.waiting > 0 {
		return
	}
	select {
	case <-f.done:
	default:
		f.cancel()
		if i.caller.now == f {
			i.caller.now = nil
		}
	}
}

// forget lets the next caller ask anew.
func (i *Issuer) forget(f *flight) {
	i.caller.mu.Lock()
	defer i.caller.mu.Unlock()
	if i.caller.now == f {
		i.caller.now = nil
	}
}

func (i *Issuer) ask(ctx context.Context, f *flight) {
	w := &watch{limit: i.o.Timeout}
	out, err := i.o.Client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, w.install)
	if err != nil {
		f.err = w.explain(ctx, err, subject{what: "the caller's identity", caller: "the base credentials", profile: i.o.Profile, now: i.o.Now()})
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

// chained reports whether arn is an assumed role, an Identity Center one
// included, whose own sessions STS caps.
func chained(arn string) bool {
	a, err := awsarn.Parse(arn)
	return err == nil && a.Service == "sts" && strings.HasPrefix(a.Resource, "assumed-role/")
}
