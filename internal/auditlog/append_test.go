package auditlog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// quick makes a log's pauses as short as can be.
func quick(l *Log) *Log {
	l.pause = func(context.Context, time.Duration) { runtime.Gosched() }
	return l
}

func appendTo(t testing.TB, l *Log, n int) audit.Ref {
	t.Helper()
	ref, err := l.Append(t.Context(), "ada", accesstest.LogEvent(n))
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// wantLog verifies that the log is sound and has n records.
func wantLog(t testing.TB, s audit.Store, n uint64, known ...audit.Ref) {
	t.Helper()
	r, err := audit.Verify(t.Context(), s, audit.Options{Known: known})
	if err != nil || !r.OK || r.Records != n {
		t.Errorf("%d records, want %d: %+v, %v", r.Records, n, r, err)
	}
}

// What a request waits for: one round trip on an empty chain and with a cached
// head, whether this process cached it or an earlier one.
func TestOneRoundTrip(t *testing.T) {
	t.Parallel()
	m, state := newMemory(), t.TempDir()
	l := openMemory(t, m, state)
	for n, log := range []*Log{l, l, openMemory(t, m, state)} {
		appendTo(t, log, n)
		if puts, gets, lists := m.counts(); puts != 1 || gets+lists != 0 {
			t.Errorf("append %d took %d puts, %d gets, %d lists", n+1, puts, gets, lists)
		}
	}
	// Without a cache: the first place, the search, the head and its
	// predecessor, and the place.
	appendTo(t, openMemory(t, m, ""), 3)
	if puts, gets, lists := m.counts(); puts != 2 || gets != 2 || lists != 1 {
		t.Errorf("without a cache it took %d puts, %d gets, %d lists", puts, gets, lists)
	}
	// With a cached head that another machine has gone past.
	appendTo(t, l, 4)
	if puts, gets, lists := m.counts(); puts != 2 || gets != 1 || lists != 0 {
		t.Errorf("behind by one it took %d puts, %d gets, %d lists", puts, gets, lists)
	}
	wantLog(t, l, 5)
}

func TestLostReplies(t *testing.T) {
	t.Parallel()
	reset := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	for name, tc := range map[string]struct {
		faults []putFault
		puts   int
	}{
		"500, stored":          {[]putFault{{store: true, err: apiError(500, "InternalError")}}, 2},
		"500, not stored":      {[]putFault{{err: apiError(500, "InternalError")}}, 2},
		"503 thrice":           {[]putFault{{err: apiError(503, "SlowDown")}, {err: apiError(503, "SlowDown")}, {store: true, err: apiError(503, "SlowDown")}}, 4},
		"reset, stored":        {[]putFault{{store: true, err: reset}}, 2},
		"reset, not stored":    {[]putFault{{err: reset}}, 2},
		"timeout, stored":      {[]putFault{{store: true, err: context.DeadlineExceeded}}, 2},
		"slow request":         {[]putFault{{err: apiError(400, "RequestTimeout")}}, 2},
		"conflict twice":       {[]putFault{{err: apiError(409, "ConditionalRequestConflict")}, {err: apiError(409, "ConditionalRequestConflict")}}, 3},
		"not reached twice":    {[]putFault{{err: &net.OpError{Op: "dial", Err: errors.New("refused")}}, {err: &net.DNSError{Err: "no such host"}}}, 3},
		"stored, then refused": {[]putFault{{store: true, err: reset}, {err: apiError(409, "ConditionalRequestConflict")}}, 3},
	} {
		m := newMemory()
		l := quick(openMemory(t, m, ""))
		appendTo(t, l, 0)
		m.counts()
		m.faults(tc.faults...)
		if ref := appendTo(t, l, 1); ref.Seq != 2 {
			t.Errorf("%s: %+v", name, ref)
		}
		if puts, _, lists := m.counts(); puts != tc.puts || lists != 0 {
			t.Errorf("%s: %d puts, %d lists", name, puts, lists)
		}
		wantLog(t, l, 2)
	}
}

// A reply is lost, nothing was stored, and meanwhile another took the place.
func TestLostToAnother(t *testing.T) {
	t.Parallel()
	m := newMemory()
	l, other := quick(openMemory(t, m, "")), openMemory(t, m, "")
	first := appendTo(t, l, 0)
	m.faults(putFault{err: apiError(500, "InternalError")})
	interfered := false
	l.pause = func(context.Context, time.Duration) {
		if !interfered {
			interfered = true
			appendTo(t, other, 1)
		}
	}
	ref := appendTo(t, l, 2)
	if ref.Seq != 3 || first.Seq != 1 {
		t.Errorf("%+v", ref)
	}
	wantLog(t, l, 3, first, ref)
}

// A proxy repeated the request, so that the first answer to be seen is a 412.
func TestOwnRecordBehindA412(t *testing.T) {
	t.Parallel()
	for _, cached := range []bool{true, false} {
		m := newMemory()
		l := quick(openMemory(t, m, ""))
		want := uint64(1)
		if cached {
			appendTo(t, l, 0)
			want = 2
		}
		m.faults(putFault{store: true, err: apiError(412, "PreconditionFailed")})
		if ref := appendTo(t, l, 1); ref.Seq != want {
			t.Errorf("cached %v: %+v", cached, ref)
		}
		wantLog(t, l, want)
	}
}

func TestManyMachines(t *testing.T) {
	t.Parallel()
	m := newMemory()
	var wg sync.WaitGroup
	refs := make([]audit.Ref, 32)
	for i := range refs {
		l := quick(openMemory(t, m, ""))
		wg.Go(func() {
			ref, err := l.Append(t.Context(), "ada", accesstest.LogEvent(i))
			if err != nil {
				t.Error(err)
			}
			refs[i] = ref
		})
	}
	wg.Wait()
	wantLog(t, openMemory(t, m, ""), 32, refs...)
}

func TestItEndsWhenTheStoreNeverAnswers(t *testing.T) {
	t.Parallel()
	m := newMemory()
	l := quick(openMemory(t, m, ""))
	m.everyPut = apiError(503, "SlowDown")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	a := &appending{log: l, event: accesstest.LogEvent(1)}
	_, err := a.run(ctx, "ada")
	if fault.ClassOf(err) != fault.Audit || fault.HintOf(err) == "" || !strings.Contains(err.Error(), "may have been written") {
		t.Errorf("%v", err)
	}
}

func TestEachFailureHasAHint(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for _, tc := range []struct {
		err  error
		hint string
	}{
		{apiError(404, "NoSuchBucket"), "acme-jit-audit"},
		{apiError(403, "AccessDenied"), "s3:PutObject"},
		{apiError(403, ""), "s3:PutObject"},
		{apiError(403, "RequestTimeTooSkewed"), "clock"},
		{apiError(403, "InvalidAccessKeyId"), "credentials"},
		{apiError(400, "ExpiredToken"), "credentials"},
		{apiError(301, "PermanentRedirect"), "region"},
		{apiError(301, ""), "region"},
		{apiError(400, "AuthorizationHeaderMalformed"), "region"},
		{apiError(501, "NotImplemented"), "If-None-Match"},
		{apiError(501, ""), "If-None-Match"},
		{apiError(418, ""), "bucket"},
		{dial, "online"},
		{fault.New(fault.Auth, "no AWS credentials").WithHint("log in"), "log in"},
	} {
		m := newMemory()
		l := quick(openMemory(t, m, ""))
		m.faults(slices.Repeat([]putFault{{err: tc.err}}, maxUnsent)...)
		_, err := l.Append(t.Context(), "ada", accesstest.LogEvent(1))
		if fault.ClassOf(err) != fault.Audit || !strings.Contains(fault.HintOf(err), tc.hint) || !errors.Is(err, tc.err) {
			t.Errorf("%v: %v, hint %q", tc.err, err, fault.HintOf(err))
		}
		if puts, _, _ := m.counts(); puts > 1 && !errors.Is(tc.err, dial) {
			t.Errorf("%v: %d puts", tc.err, puts)
		}
		m.faults()
		appendTo(t, l, 2)
		wantLog(t, l, 1)
	}
}

func TestFailuresOfTheSearch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		list, get error
		hint      string
	}{
		{apiError(403, "AccessDenied"), nil, "s3:ListBucket"},
		{nil, apiError(403, "AccessDenied"), "s3:GetObject"},
		{nil, apiError(500, "InternalError"), "try again"},
	} {
		m := newMemory()
		appendTo(t, openMemory(t, m, ""), 0)
		m.onList, m.onGet = tc.list, tc.get
		_, err := openMemory(t, m, "").Append(t.Context(), "ada", accesstest.LogEvent(1))
		if fault.ClassOf(err) != fault.Audit || !strings.Contains(fault.HintOf(err), tc.hint) {
			t.Errorf("%+v: %v, hint %q", tc, err, fault.HintOf(err))
		}
	}
}

func TestTheClientIsMadeWhenNeeded(t *testing.T) {
	t.Parallel()
	m, made := newMemory(), 0
	l, err := Open("s3://bucket?region=eu-west-1", Options{S3: func(_ context.Context, region string) (S3API, error) {
		if made++; made == 1 {
			return nil, fault.New(fault.Auth, "no credentials").WithHint("log in")
		}
		if region != "eu-west-1" {
			return nil, fmt.Errorf("region %q", region)
		}
		return m, nil
	}})
	if err != nil || made != 0 {
		t.Fatal(err, made)
	}
	l.Warm(t.Context()) // reports nothing
	if _, err := quick(l).Append(t.Context(), "ada", accesstest.LogEvent(1)); err != nil || made != 2 {
		t.Errorf("%v after %d clients", err, made)
	}
	if _, ok := m.objects["ada/0000000001.json"]; !ok {
		t.Errorf("a log without a prefix wrote %q", m.keys)
	}
}

func TestRandomThatFails(t *testing.T) {
	t.Parallel()
	l := openMemory(t, newMemory(), "")
	l.random = strings.NewReader("short")
	if _, err := l.Append(t.Context(), "ada", accesstest.LogEvent(1)); fault.ClassOf(err) != fault.Audit {
		t.Errorf("%v", err)
	}
}
