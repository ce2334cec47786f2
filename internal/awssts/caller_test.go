package awssts

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/pkg/audit"
)

func TestCallerAsksOnce(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	i := f.issuer()
	var wg sync.WaitGroup
	wg.Go(func() { i.Warm(t.Context()) })
	for range 20 {
		wg.Go(func() {
			got, err := i.Caller(t.Context())
			want := audit.Caller{ARN: userARN, UserID: "AIDAEXAMPLE", Account: "111122223333"}
			if err != nil || got != want {
				t.Errorf("Caller: %v, %v", got, err)
			}
		})
	}
	wg.Wait()
	if _, err := mint(t, i, plainOrder()); err != nil {
		t.Error(err)
	}
	if n := f.count("GetCallerIdentity"); n != 1 {
		t.Errorf("STS was asked %d times, want once", n)
	}
	if skew, told := i.ClockSkew(); !told || skew != 0 {
		t.Errorf("clock skew %s, told %t; want none", skew, told)
	}
	if n := f.connections.Load(); n != 1 {
		t.Errorf("%d connections for all that, want the one that Warm opened", n)
	}
}

func TestClockSkewIsUnknownAtFirst(t *testing.T) {
	t.Parallel()
	if _, told := newFakeSTS(t).issuer().ClockSkew(); told {
		t.Error("a clock skew without an answer")
	}
}

func TestAClockThatIsOffIsNotUsed(t *testing.T) {
	t.Parallel()
	for off, says := range map[time.Duration]string{
		-answerSkew: "", answerSkew: "",
		-2 * time.Hour:           "clock is 2h behind AWS's",
		answerSkew + time.Second: "clock is 5m1s ahead of AWS's",
	} {
		f := newFakeSTS(t)
		i := f.issuer()
		i.o.Now = func() time.Time { return epoch.Add(off) }
		order := plainOrder()
		order.Grant.Lease = grant.NewLease(i.o.Now(), time.Hour)
		_, err := i.Prepare(t.Context(), order)
		if says == "" {
			if err != nil {
				t.Errorf("%s: %v", off, err)
			}
			continue
		}
		if fault.ClassOf(err) != fault.Auth || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", off, err)
		}
	}
}

func TestWarmKeepsItsError(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	f.onCaller = func(w http.ResponseWriter, _ *http.Request) { writeError(w, 403, "ExpiredToken", "expired") }
	i := f.issuer()
	i.Warm(t.Context())
	if _, err := i.Prepare(t.Context(), plainOrder()); fault.ClassOf(err) != fault.Auth {
		t.Errorf("Prepare: %v", err)
	}
	if n := f.count("GetCallerIdentity"); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	f.set(func() { f.onCaller = nil })
	if _, err := i.Caller(t.Context()); err != nil {
		t.Errorf("after the mend: %v", err)
	}
}

func TestACallerWhoGivesUpLeavesTheQuestionToOthers(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	f.beforeAny = func() {
		close(arrived)
		<-release
	}
	i := f.issuer()
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp, stayed := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := i.Caller(ctx)
		gaveUp <- err
	}()
	<-arrived
	other := i.join(t.Context()) // as Caller does, but certainly before the cancel
	cancel()
	if err := <-gaveUp; fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("the one who gave up: %v", err)
	}
	go func() {
		_, err := i.Caller(t.Context())
		i.leave(other)
		stayed <- err
	}()
	close(release)
	if err := <-stayed; err != nil {
		t.Errorf("the other: %v", err)
	}
	if n := f.count("GetCallerIdentity"); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

func TestTheLastToGiveUpEndsTheQuestion(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	arrived, ended := make(chan struct{}), make(chan struct{})
	f.onCaller = func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done() // the client took the connection down
		close(ended)
	}
	i := f.issuer()
	ctx, cancel := context.WithCancel(t.Context())
	back := make(chan struct{})
	go func() {
		i.Warm(ctx)
		close(back)
	}()
	<-arrived
	cancel()
	<-back
	<-ended
	f.set(func() { f.onCaller = nil })
	if _, err := i.Caller(t.Context()); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

func TestCallerRunsOutOfTime(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	release := make(chan struct{})
	defer close(release)
	f.onCaller = func(http.ResponseWriter, *http.Request) { <-release }
	i := f.issuer()
	i.o.Timeout = 200 * time.Millisecond
	if _, err := i.Caller(t.Context()); fault.ClassOf(err) != fault.Issuer || !strings.Contains(err.Error(), "within 200ms") {
		t.Error(err)
	}
}

// person is a provider that may have to wait for somebody to type a code, and
// so must not be hurried.
type person struct{ aws.CredentialsProvider }

func (p person) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if _, hurried := ctx.Deadline(); hurried {
		return aws.Credentials{}, fault.New(fault.Internal, "hurried")
	}
	return p.CredentialsProvider.Retrieve(ctx)
}

func TestAPersonMayTakeTheirTime(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	i := f.issuer()
	i.o.Client = f.client(func(o *sts.Options) { o.Credentials = person{o.Credentials} })
	if _, err := mint(t, i, plainOrder()); err != nil {
		t.Error(err)
	}
}

func TestCallerFailures(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		class  fault.Class
	}{
		"unknown key":    {respond(403, "InvalidClientTokenId"), fault.Auth},
		"clock":          {respond(403, "RequestExpired"), fault.Auth},
		"throttled":      {respond(400, "Throttling"), fault.Issuer},
		"down":           {respond(503, "ServiceUnavailable"), fault.Issuer},
		"hung up":        {hangUp, fault.Issuer},
		"empty":          {raw(200, ""), fault.Issuer},
		"nobody":         {raw(200, callerXML("")), fault.Issuer},
		"a proxy's page": {raw(403, "<html>no</html>"), fault.Issuer},
		"a captive portal": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://portal.example/", http.StatusFound)
		}, fault.Issuer},
	} {
		f := newFakeSTS(t)
		f.onCaller = tc.answer
		_, err := f.issuer().Caller(t.Context())
		if err == nil || fault.ClassOf(err) != tc.class {
			t.Errorf("%s: class %d: %v", name, fault.ClassOf(err), err)
			continue
		}
		checkText(t, err)
	}
}

func TestChained(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]bool{
		userARN:    false,
		chainedARN: true,
		"arn:aws:sts::111122223333:assumed-role/plain/session":        true,
		"arn:aws-us-gov:sts::111122223333:assumed-role/plain/session": true,
		"arn:aws-cn:sts::111122223333:assumed-role/plain/session":     true,
		"arn:aws:sts::111122223333:federated-user/ada":                false,
		"arn:aws:iam::111122223333:root":                              false,
		"arn:aws:iam::111122223333:user/assumed-role/ada":             false,
		"": false, "nonsense": false,
	} {
		if got := chained(arn); got != want {
			t.Errorf("chained(%q) = %t", arn, got)
		}
	}
}
