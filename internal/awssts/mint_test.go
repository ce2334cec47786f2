package awssts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

func plainOrder() credential.Order { return accesstest.IssuerOrder(grant.AWS, epoch) }

// sequence answers the n-th AssumeRole with the n-th handler, and the last one
// from then on.
func sequence(handlers ...http.HandlerFunc) http.HandlerFunc {
	var n atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		handlers[min(int(n.Add(1)), len(handlers))-1](w, r)
	}
}

func respond(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { writeError(w, status, code, "said no") }
}

func raw(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// truncated promises more than it sends.
func truncated(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "4000")
	_, _ = w.Write([]byte("<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA"))
}

func TestLostAnswersAreUnknown(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer  http.HandlerFunc
		unknown bool
		tries   int
	}{
		"hung up":                     {hangUp, true, 3},
		"hung up, then refused":       {sequence(hangUp, respond(403, "AccessDenied")), true, 2},
		"refused":                     {respond(403, "AccessDenied"), false, 1},
		"throttled, then refused":     {sequence(respond(400, "Throttling"), respond(403, "AccessDenied")), false, 2},
		"throttled":                   {respond(400, "Throttling"), false, 3},
		"overloaded":                  {respond(503, "ServiceUnavailable"), false, 3},
		"failed in the middle":        {respond(500, "InternalFailure"), true, 3},
		"failed, then refused":        {sequence(respond(500, "InternalFailure"), respond(403, "AccessDenied")), true, 2},
		"a proxy's page":              {raw(403, "<html><body>blocked</body></html>"), true, 1},
		"a proxy's page, no XML":      {raw(403, "blocked"), true, 1},
		"a gateway's page":            {raw(502, "<html>bad gateway</html>"), true, 3},
		"an empty answer":             {raw(200, ""), true, 1},
		"an answer that is no XML":    {raw(200, "fine"), true, 1},
		"an answer cut short":         {truncated, true, 0},
		"an answer of something else": {raw(200, callerXML(userARN)), true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeSTS(t)
			f.onAssume = tc.answer
			cred, err := mint(t, f.issuer(), plainOrder())
			if err == nil {
				t.Fatalf("Mint succeeded: %v", cred)
			}
			if credential.IsUnknown(err) != tc.unknown {
				t.Errorf("unknown: %t, want %t: %v", credential.IsUnknown(err), tc.unknown, err)
			}
			if fault.ClassOf(err) != fault.Issuer {
				t.Errorf("class %d: %v", fault.ClassOf(err), err)
			}
			if n := f.count("AssumeRole"); tc.tries != 0 && n != tc.tries {
				t.Errorf("asked %d times, want %d", n, tc.tries)
			}
			checkText(t, err)
		})
	}
}

func TestALostAnswerIsAskedForAgain(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	f.onAssume = sequence(hangUp, f.assume)
	cred, err := mint(t, f.issuer(), plainOrder())
	if err != nil || cred.AWS == nil {
		t.Fatalf("Mint: %v", err)
	}
	first, second := f.calls[len(f.calls)-2], f.calls[len(f.calls)-1]
	if first.Encode() != second.Encode() {
		t.Errorf("the repeat differs:\n%s\n%s", first.Encode(), second.Encode())
	}
}

func TestNothingSentIsDefinite(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tlsServer := httptest.NewUnstartedServer(http.NotFoundHandler())
	tlsServer.Config.ErrorLog = log.New(io.Discard, "", 0)
	tlsServer.StartTLS()
	defer tlsServer.Close()
	for name, tc := range map[string]struct{ endpoint, says string }{
		"nobody listens":      {gone.URL, "cannot be reached"},
		"no such name":        {"http://sts.invalid", "does not resolve"},
		"unknown certificate": {tlsServer.URL, "certificate"},
	} {
		f := newFakeSTS(t)
		i := f.issuer()
		m, err := i.Prepare(t.Context(), plainOrder())
		if err != nil {
			t.Fatal(err)
		}
		i.o.Client = f.client(func(o *sts.Options) {
			o.BaseEndpoint = aws.String(tc.endpoint)
			o.HTTPClient = &http.Client{Transport: &http.Transport{}}
		})
		_, err = m.Mint(t.Context())
		if credential.IsUnknown(err) || fault.ClassOf(err) != fault.Issuer || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: unknown %t, class %d: %v", name, credential.IsUnknown(err), fault.ClassOf(err), err)
		}
		checkText(t, err)
	}
}

func TestMintRunsOutOfTime(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	release := make(chan struct{})
	defer close(release)
	f.onAssume = func(http.ResponseWriter, *http.Request) { <-release }
	i := f.issuer()
	m, err := i.Prepare(t.Context(), plainOrder())
	if err != nil {
		t.Fatal(err)
	}
	i.o.Timeout = 200 * time.Millisecond
	_, err = m.Mint(t.Context())
	if !credential.IsUnknown(err) || !strings.Contains(err.Error(), "did not answer within 200ms") {
		t.Error(err)
	}
	checkText(t, err)
}

func TestMintCancelledOnTheWayIsUnknown(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	defer close(release)
	f.onAssume = func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	}
	m, err := f.issuer().Prepare(t.Context(), plainOrder())
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Mint(ctx)
	if !credential.IsUnknown(err) || fault.ClassOf(err) != fault.Cancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("unknown %t, class %d: %v", credential.IsUnknown(err), fault.ClassOf(err), err)
	}
}

func TestAnswersAreChecked(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return epoch.Add(d).Format(time.RFC3339) }
	name := plainOrder().Grant.SessionName()
	for problem, body := range map[string]string{
		"without a complete key":              assumeXML("", newSecret, newToken, at(time.Hour), name),
		"without a complete key ":             assumeXML("ASIA", "", newToken, at(time.Hour), name),
		"without a complete key  ":            assumeXML("ASIA", newSecret, "", at(time.Hour), name),
		"without saying when the key expires": assumeXML("ASIA", newSecret, newToken, "", name),
		"already expired by this machine's":   assumeXML("ASIA", newSecret, newToken, at(0), name),
		"holds longer than the lease":         assumeXML("ASIA", newSecret, newToken, at(time.Hour+answerSkew+time.Second), name),
		"a session of another name":           assumeXML("ASIA", newSecret, newToken, at(time.Hour), "OPS-7.other"),
	} {
		f := newFakeSTS(t)
		f.onAssume = raw(200, body)
		cred, err := mint(t, f.issuer(), plainOrder())
		if cred.AWS != nil || !credential.IsUnknown(err) || !strings.Contains(err.Error(), strings.TrimSpace(problem)) {
			t.Errorf("%s: %v", problem, err)
			continue
		}
		checkText(t, err)
	}
}

func TestAnExpiryWithinTheSkewIsTaken(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	f.expires = time.Hour + answerSkew
	cred, err := mint(t, f.issuer(), plainOrder())
	if err != nil || !cred.AWS.ExpiresAt.Equal(epoch.Add(f.expires)) {
		t.Errorf("%v, %v", cred, err)
	}
}

func TestMintingHidesItsCode(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	order := fullOrder()
	order.MFACode = "987654"
	i := f.issuer()
	m, err := i.Prepare(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%v %+v %#v", m, m, m); strings.Contains(s, "987654") || !strings.Contains(s, "OPS-7.") {
		t.Error(s)
	}
}

// deaf is a client that does not apply the options of a call.
type deaf struct{ API }

func (deaf) AssumeRole(context.Context, *sts.AssumeRoleInput, ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	return nil, errors.New("who knows")
}

func TestAClientThatTellsNothingIsUnknown(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	i := New(Options{Client: deaf{f.client()}, Now: fixedNow})
	if _, err := mint(t, i, plainOrder()); !credential.IsUnknown(err) {
		t.Error(err)
	}
}
