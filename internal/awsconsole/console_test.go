package awsconsole_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/awsconsole"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sandbox/fakesignin"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

const role = "arn:aws:iam::111122223333:role/jit-demo"

// rig is a console over a fake endpoint, and keys that it knows.
type rig struct {
	*awsconsole.Console
	signin *fakesignin.Server
	url    string
	keys   credential.AWS
}

func newRig(t *testing.T) rig {
	t.Helper()
	ring := sigv4.NewKeyring()
	key := ring.NewSessionKey(sigv4.Identity{ARN: role}, time.Now().Add(time.Hour))
	server := fakesignin.New(ring, time.Now)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	return rig{
		Console: awsconsole.New(awsconsole.Options{Endpoint: web.URL + "/"}), signin: server, url: web.URL,
		keys: credential.AWS{
			AccessKeyID: key.ID, SecretAccessKey: credential.NewSecret(key.Secret), SessionToken: credential.NewSecret(key.Token), RoleARN: role,
		},
	}
}

func TestTheURLSignsIn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in, err := r.SignIn(t.Context(), r.keys, 47*time.Minute+30*time.Second, awsconsole.Destination{Service: "s3", Region: "eu-west-1"})
	if err != nil || in.Unbounded {
		t.Fatal(in.Unbounded, err)
	}
	c := r.signin.Consoles()[0]
	if c.Duration != 47*time.Minute+30*time.Second || c.Key.ID != r.keys.AccessKeyID || c.Used {
		t.Errorf("asked for %+v", c)
	}
	resp, err := http.Get(in.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 || !strings.Contains(string(page), "https://console.aws.amazon.com/s3/home?region=eu-west-1") || !r.signin.Consoles()[0].Used {
		t.Errorf("%d %s", resp.StatusCode, page)
	}
	if s := fmt.Sprint(in); strings.Contains(s, "SigninToken") {
		t.Errorf("the URL prints as %s", s)
	}
	for _, secret := range []string{r.keys.SecretAccessKey.Reveal(), r.keys.SessionToken.Reveal()} {
		if strings.Contains(in.URL.Reveal(), url.QueryEscape(secret)) {
			t.Error("the URL has the keys in it")
		}
	}
}

func TestTheConsoleDoesNotOutliveTheLease(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, left := range []time.Duration{0, -time.Hour, 15*time.Minute - time.Nanosecond} {
		if _, err := r.SignIn(t.Context(), r.keys, left, awsconsole.Destination{}); fault.ClassOf(err) != fault.Denied || fault.HintOf(err) == "" {
			t.Errorf("%s left: %v", left, err)
		}
	}
	if n := len(r.signin.Consoles()); n != 0 {
		t.Errorf("%d tokens were asked for", n)
	}
	if _, err := r.SignIn(t.Context(), r.keys, 36*time.Hour, awsconsole.Destination{}); err != nil {
		t.Fatal(err)
	}
	if c := r.signin.Consoles()[0]; c.Duration != 12*time.Hour {
		t.Errorf("asked for %s", c.Duration)
	}
}

func TestAChainedRoleIsAskedWithoutADuration(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.signin.Hook(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Query().Has("SessionDuration") {
			http.Error(w, "no SessionDuration for a chained role", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, `{"SigninToken":"chained"}`)
	})
	in, err := r.SignIn(t.Context(), r.keys, time.Hour, awsconsole.Destination{})
	if err != nil || !in.Unbounded || !strings.Contains(in.URL.Reveal(), "SigninToken=chained") {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestPartitionsHaveTheirOwnConsoles(t *testing.T) {
	t.Parallel()
	for arn, hosts := range map[string][2]string{
		"arn:aws:iam::1:role/x":        {"signin.aws.amazon.com", "console.aws.amazon.com"},
		"arn:aws-cn:iam::1:role/x":     {"signin.amazonaws.cn", "console.amazonaws.cn"},
		"arn:aws-us-gov:iam::1:role/x": {"signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"},
	} {
		asked := ""
		c := awsconsole.New(awsconsole.Options{Transport: answering(func(r *http.Request) string {
			asked = r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
			return `{"SigninToken":"t"}`
		})})
		in, err := c.SignIn(t.Context(), credential.AWS{RoleARN: arn}, time.Hour, awsconsole.Destination{})
		if err != nil || asked != "https://"+hosts[0]+"/federation" || !strings.Contains(in.URL.Reveal(), url.QueryEscape("https://"+hosts[1]+"/console/home")) {
			t.Errorf("%s: asked %s, %v", arn, asked, err)
		}
	}
	for _, arn := range []string{"", "arn", "arn:aws-iso:iam::1:role/x", "arn:evil.example:iam::1:role/x"} {
		_, err := awsconsole.New(awsconsole.Options{}).SignIn(t.Context(), credential.AWS{RoleARN: arn}, time.Hour, awsconsole.Destination{})
		if fault.ClassOf(err) != fault.Issuer {
			t.Errorf("%q: %v", arn, err)
		}
	}
}

// answering is a transport that answers everything with 200 and a body.
type answering func(*http.Request) string

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a(r))), Request: r}, nil
}

func TestDestinations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, d := range []awsconsole.Destination{
		{Service: "s3/../../evil"}, {Service: "s3?x"}, {Region: "eu.example"}, {Region: strings.Repeat("a", 41)}, {Service: "-"},
	} {
		if _, err := r.SignIn(t.Context(), r.keys, time.Hour, d); fault.ClassOf(err) != fault.Usage {
			t.Errorf("%+v: %v", d, err)
		}
	}
	for service, page := range map[string]string{"dynamodb": "dynamodbv2", "ec2": "ec2", "ssm": "systems-manager", "": "console", "vpc": "vpcconsole", "S3": "s3", "DynamoDB": "dynamodbv2"} {
		in, err := r.SignIn(t.Context(), r.keys, time.Hour, awsconsole.Destination{Service: service})
		if err != nil || !strings.Contains(in.URL.Reveal(), url.QueryEscape("console.aws.amazon.com/"+page+"/home")) {
			t.Errorf("%s: %v", service, err)
		}
	}
}

func TestOddAnswersAreRefused(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"a server error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"a web page":     func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"nothing":        func(http.ResponseWriter, *http.Request) {},
		"an empty token": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"SigninToken":""}`) },
		"a long reply": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"SigninToken":"%s"}`, strings.Repeat("x", 1<<20))
		},
		"the request, refused": func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.URL.RawQuery, 400) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/?"+r.URL.RawQuery, http.StatusFound)
		},
	} {
		r := newRig(t)
		r.signin.Hook(answer)
		in, err := r.SignIn(t.Context(), r.keys, time.Hour, awsconsole.Destination{})
		if fault.ClassOf(err) != fault.Issuer || !in.URL.Empty() {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), r.keys.SecretAccessKey.Reveal()) || strings.Contains(err.Error(), r.keys.SessionToken.Reveal()[:60])) {
			t.Errorf("%s: the error has the keys in it: %v", name, err)
		}
	}
}

func TestAnEndpointThatIsNotThereDoesNotShowTheKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := awsconsole.New(awsconsole.Options{Endpoint: "http://127.0.0.1:1"})
	_, err := c.SignIn(t.Context(), r.keys, time.Hour, awsconsole.Destination{})
	if fault.ClassOf(err) != fault.Issuer || strings.Contains(err.Error(), "Session") || strings.Contains(err.Error(), r.keys.AccessKeyID) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.SignIn(ctx, r.keys, time.Hour, awsconsole.Destination{}); err == nil || strings.Contains(err.Error(), "Session") {
		t.Errorf("cancelled: %v", err)
	}
}
