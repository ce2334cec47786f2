package awssts

import (
	"fmt"
	"html"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	userARN    = "arn:aws:iam::111122223333:user/ada"
	chainedARN = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ada"

	baseKey    = "AKIDEXAMPLEBASEKEYID"
	baseSecret = "basesecretbasesecretbasesecretbasesecret"
	baseToken  = "basetokenbasetokenbasetokenbasetokenbasetokenbasetoken"
	newSecret  = "newsecret/newsecret+newsecret/newsecret="
	newToken   = "newtokennewtokennewtokennewtokennewtokennewtokennewtoken"
)

var epoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func fixedNow() time.Time { return epoch }

// fakeSTS speaks as much of STS's Query protocol as the issuer needs.
type fakeSTS struct {
	*httptest.Server

	mu        sync.Mutex
	arn       string
	calls     []url.Values
	minted    int
	agents    []string
	expires   time.Duration // from epoch; zero takes DurationSeconds
	onAssume  http.HandlerFunc
	onCaller  http.HandlerFunc
	beforeAny func()

	connections atomic.Int32
}

func newFakeSTS(t *testing.T) *fakeSTS {
	f := &fakeSTS{arn: userARN}
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			f.connections.Add(1)
		}
	}
	f.Start()
	t.Cleanup(f.Close)
	return f
}

func (f *fakeSTS) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// count returns how often action was asked for.
func (f *fakeSTS) count(action string) (n int) {
	f.set(func() {
		for _, form := range f.calls {
			if form.Get("Action") == action {
				n++
			}
		}
	})
	return n
}

// last returns the parameters of the last call.
func (f *fakeSTS) last() (form url.Values) {
	f.set(func() { form = f.calls[len(f.calls)-1] })
	return form
}

func (f *fakeSTS) created() (n int) {
	f.set(func() { n = f.minted })
	return n
}

func (f *fakeSTS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	f.calls = append(f.calls, r.PostForm)
	f.agents = append(f.agents, r.UserAgent())
	own, before := f.onCaller, f.beforeAny
	assume := r.PostForm.Get("Action") == "AssumeRole"
	if assume {
		own = f.onAssume
	}
	f.mu.Unlock()
	if before != nil {
		before()
	}
	switch {
	case own != nil:
		own(w, r)
	case assume:
		f.assume(w, r)
	default:
		f.set(func() { writeXML(w, callerXML(f.arn)) })
	}
}

func (f *fakeSTS) assume(w http.ResponseWriter, r *http.Request) {
	seconds, err := time.ParseDuration(r.PostForm.Get("DurationSeconds") + "s")
	if err != nil {
		writeError(w, http.StatusBadRequest, "ValidationError", err.Error())
		return
	}
	f.mu.Lock()
	f.minted++
	if f.expires != 0 {
		seconds = f.expires
	}
	f.mu.Unlock()
	writeXML(w, assumeXML("ASIANEW", newSecret, newToken, epoch.Add(seconds).Format(time.RFC3339),
		r.PostForm.Get("RoleSessionName")))
}

func writeXML(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("Date", epoch.Format(http.TimeFormat))
	_, _ = w.Write([]byte(body))
}

func writeError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("Date", epoch.Add(42*time.Minute).Format(http.TimeFormat))
	w.WriteHeader(status)
	fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`,
		code, html.EscapeString(message))
}

func callerXML(arn string) string {
	return `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>` + arn +
		`</Arn><UserId>AIDAEXAMPLE</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
}

func assumeXML(key, secret, token, expires, session string) string {
	part := func(name, value string) string {
		if value == "" {
			return ""
		}
		return "<" + name + ">" + value + "</" + name + ">"
	}
	return `<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:x</AssumedRoleId>` +
		part("Arn", "arn:aws:sts::111122223333:assumed-role/jit-ro/"+session) + `</AssumedRoleUser><Credentials>` +
		part("AccessKeyId", key) + part("SecretAccessKey", secret) + part("SessionToken", token) + part("Expiration", expires) +
		`</Credentials></AssumeRoleResult></AssumeRoleResponse>`
}

// hangUp takes the connection down without an answer.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// client is a real SDK client of the fake, which retries without waiting.
func (f *fakeSTS) client(change ...func(*sts.Options)) *sts.Client {
	o := sts.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(f.URL),
		HTTPClient:   f.Client(),
		Credentials:  credentials.NewStaticCredentialsProvider(baseKey, baseSecret, baseToken),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		}),
	}
	return sts.New(o, change...)
}

func (f *fakeSTS) issuer() *Issuer {
	return New(Options{Client: f.client(), Now: fixedNow, Region: "eu-west-1", Profile: "base"})
}
