package auditlog

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sandbox/fakes3"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
	"github.com/jitaccess/jit/pkg/audit"
)

// wire is an S3 that checks signatures, behind TLS, and the SDK's client of it.
type wire struct {
	store  *fakes3.Server
	server *httptest.Server
	key    sigv4.Key
	conns  atomic.Int64
	// intercept answers in the store's place where it returns true.
	intercept atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]
}

func newWire(t testing.TB) *wire {
	t.Helper()
	keys := sigv4.NewKeyring()
	w := &wire{store: fakes3.New(keys, time.Now), key: keys.NewUserKey("000000000000", "ada")}
	w.store.CreateBucket("acme-jit-audit")
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if f := w.intercept.Load(); f == nil || !(*f)(rw, r) {
			w.store.ServeHTTP(rw, r)
		}
	}))
	w.server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			w.conns.Add(1)
		}
	}
	w.server.StartTLS()
	t.Cleanup(w.server.Close)
	return w
}

func (w *wire) config() aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &w.server.URL, HTTPClient: w.server.Client(), RetryMaxAttempts: 2,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: w.key.ID, SecretAccessKey: w.key.Secret, SessionToken: w.key.Token}, nil
		}),
	}
}

func (w *wire) open(t testing.TB, cfg aws.Config) *Log {
	t.Helper()
	l, err := Open("s3://acme-jit-audit/a%20log/jit?region=eu-west-1", Options{
		S3: func(_ context.Context, region string) (S3API, error) { return NewS3(cfg, region), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return quick(l)
}

func TestContractOverTheWire(t *testing.T) {
	t.Parallel()
	accesstest.LogContract(t, func(t *testing.T) accesstest.LogRig {
		w := newWire(t)
		return accesstest.LogRig{
			Open:  func() access.Log { return w.open(t, w.config()) },
			Store: w.open(t, w.config()),
		}
	})
}

// Warm leaves a connection that the record is sent on, and never asks for HEAD.
func TestWarmLeavesAConnection(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	l := w.open(t, w.config())
	l.Warm(t.Context())
	before := w.conns.Load()
	appendTo(t, l, 1)
	if now := w.conns.Load(); before != 1 || now != 1 {
		t.Errorf("%d connections after Warm, %d after the record", before, now)
	}
	if calls := w.store.Calls(); !slices.Equal(calls, []string{"ListObjectsV2", "PutObject"}) {
		t.Errorf("%q", calls)
	}
	if _, err := audit.Verify(t.Context(), l, audit.Options{}); err != nil {
		t.Error(err)
	}
	if slices.Contains(w.store.Calls(), "HeadObject") {
		t.Error("HEAD was used")
	}
}

func TestWarmReportsNothing(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	l := w.open(t, w.config())
	w.server.Close()
	l.Warm(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l.Warm(ctx)
}

// A connection that breaks after the record is stored is a lost reply.
func TestABrokenConnectionIsALostReply(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	l := w.open(t, w.config())
	var broken atomic.Int64
	breakAfter := func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || broken.Add(1) > 1 {
			return false
		}
		w.store.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	w.intercept.Store(&breakAfter)
	ref := appendTo(t, l, 1)
	if ref.Seq != 1 || broken.Load() != 2 {
		t.Errorf("%+v after %d puts", ref, broken.Load())
	}
	wantLog(t, l, 1, ref)
}

func TestConflictsOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.store.Conflict(3)
	l := w.open(t, w.config())
	ref := appendTo(t, l, 1)
	wantLog(t, l, 1, ref)
}

func TestFailuresOverTheWire(t *testing.T) {
	t.Parallel()
	answerWith := func(status int, code string) func(w *wire, cfg *aws.Config) {
		return func(w *wire, _ *aws.Config) {
			f := func(rw http.ResponseWriter, _ *http.Request) bool {
				rw.WriteHeader(status)
				_, _ = rw.Write([]byte("<Error><Code>" + code + "</Code><Message>m</Message></Error>"))
				return true
			}
			w.intercept.Store(&f)
		}
	}
	for name, tc := range map[string]struct {
		spoil func(w *wire, cfg *aws.Config)
		hint  string
	}{
		"a key that is gone": {func(w *wire, _ *aws.Config) { w.key.ID = "AKIAAAAAAAAAAAAAAAAA" }, "credentials"},
		"a wrong secret":     {func(w *wire, _ *aws.Config) { w.key.Secret = "x" }, "credentials"},
		"another region":     {answerWith(301, "PermanentRedirect"), "region"},
		"no conditions":      {answerWith(501, "NotImplemented"), "If-None-Match"},
		"a clock":            {answerWith(403, "RequestTimeTooSkewed"), "clock"},
		"no bucket":          {answerWith(404, "NoSuchBucket"), "make the bucket"},
		"no right":           {answerWith(403, "AccessDenied"), "s3:PutObject"},
		"no credentials": {func(_ *wire, cfg *aws.Config) {
			cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, errors.New("no EC2 IMDS role found")
			})
		}, "AWS credentials"},
		"credentials with advice": {func(_ *wire, cfg *aws.Config) {
			cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, fault.New(fault.Auth, "the SSO session has ended").WithHint("run aws sso login")
			})
		}, "run aws sso login"},
		"nobody there":   {func(w *wire, _ *aws.Config) { w.server.Close() }, "online"},
		"untrusted":      {func(_ *wire, cfg *aws.Config) { cfg.HTTPClient = &http.Client{Transport: &http.Transport{}} }, "certificate"},
		"no such region": {func(_ *wire, cfg *aws.Config) { cfg.BaseEndpoint = aws.String("https://s3.invalid.") }, "online"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t)
			cfg := w.config()
			tc.spoil(w, &cfg)
			_, err := w.open(t, cfg).Append(t.Context(), "ada", accesstest.LogEvent(1))
			if fault.ClassOf(err) != fault.Audit || !strings.Contains(fault.HintOf(err), tc.hint) {
				t.Errorf("%v, hint %q", err, fault.HintOf(err))
			}
			if strings.Contains(err.Error()+fault.HintOf(err), w.key.Secret) && len(w.key.Secret) > 1 {
				t.Errorf("the error holds the secret: %v", err)
			}
			if n := len(w.store.Keys("acme-jit-audit")); n != 0 {
				t.Errorf("%d objects were written", n)
			}
		})
	}
}

func TestNewS3(t *testing.T) {
	t.Parallel()
	o := NewS3(aws.Config{Region: "us-east-1"}, "eu-west-1").Options()
	if o.Region != "eu-west-1" || o.UsePathStyle || !o.DisableLogOutputChecksumValidationSkipped {
		t.Errorf("region %s, path style %v", o.Region, o.UsePathStyle)
	}
	o = NewS3(aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("https://minio.acme.internal")}, "").Options()
	if o.Region != "us-east-1" || !o.UsePathStyle {
		t.Errorf("region %s, path style %v", o.Region, o.UsePathStyle)
	}
	var _ S3API = (*s3.Client)(nil)
}

// Names that XML cannot carry do not stop whoever verifies.
func TestAKeyThatXMLCannotCarry(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	l := w.open(t, w.config())
	appendTo(t, l, 1)
	w.store.Put("acme-jit-audit", "a log/jit/ada/\x01%41+b c", []byte("x"))
	r, err := audit.Verify(t.Context(), l, audit.Options{})
	if err != nil || r.OK || len(r.Chains) != 1 || !strings.Contains(r.Chains[0].Problems[0].Text, `\x01%41+b c`) {
		t.Errorf("%+v, %v", r, err)
	}
}
