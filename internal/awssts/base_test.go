package awssts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/jitaccess/jit/internal/fault"
)

// world is an environment with nothing of the developer's own AWS set-up.
type world struct {
	t    testing.TB
	home string
}

// newWorld empties the environment of AWS and writes the shared config file.
// Its tests cannot run in parallel.
func newWorld(t testing.TB, configFile string) *world {
	w := &world{t: t, home: t.TempDir()}
	for _, pair := range os.Environ() {
		if key, _, _ := strings.Cut(pair, "="); strings.HasPrefix(key, "AWS_") {
			t.Setenv(key, "") // remembers the value, so that it comes back
			if err := os.Unsetenv(key); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("HOME", w.home)
	t.Setenv("USERPROFILE", w.home)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", w.write("config", configFile))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(w.home, "none"))
	return w
}

func (w *world) write(name, body string) string {
	path := filepath.Join(w.home, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) load(o BaseOptions) aws.Config {
	w.t.Helper()
	cfg, err := LoadBase(w.t.Context(), o)
	if err != nil {
		w.t.Fatalf("LoadBase: %v (hint: %s)", err, fault.HintOf(err))
	}
	return cfg
}

// caller asks STS who calls, with what LoadBase found.
func (w *world) caller(o BaseOptions) error {
	w.t.Helper()
	client, err := NewClient(w.t.Context(), w.load(o))
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = New(Options{Client: client, Now: fixedNow, Profile: o.Profile}).Caller(w.t.Context())
	return err
}

const staticProfile = "[profile base]\nregion = eu-west-1\naws_access_key_id = " + baseKey + "\naws_secret_access_key = " + baseSecret + "\n"

func TestLoadBaseTalksToNobody(t *testing.T) {
	w := newWorld(t, staticProfile+"defaults_mode = auto\n")
	var hits atomic.Int32
	anybody := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer anybody.Close()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", anybody.URL)
	t.Setenv("AWS_DEFAULTS_MODE", "auto")
	t.Setenv("AWS_ENDPOINT_URL", anybody.URL)
	w.load(BaseOptions{Profile: "base"})
	w.load(BaseOptions{Region: "eu-west-1"})
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests while loading", n)
	}
}

func TestLoadBaseTakesRegionAndProfile(t *testing.T) {
	w := newWorld(t, staticProfile)
	f := newFakeSTS(t)
	t.Setenv("AWS_ENDPOINT_URL_STS", f.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "other")
	cfg := w.load(BaseOptions{Profile: "base", Version: "1.2.3"})
	if creds, err := cfg.Credentials.Retrieve(t.Context()); err != nil || creds.AccessKeyID != baseKey || cfg.Region != "eu-west-1" {
		t.Errorf("%s in %s: %v; want the profile's", creds.AccessKeyID, cfg.Region, err)
	}
	cfg = w.load(BaseOptions{Region: "us-east-2"})
	if creds, err := cfg.Credentials.Retrieve(t.Context()); err != nil || creds.AccessKeyID != "AKIDOTHER" || cfg.Region != "us-east-2" {
		t.Errorf("%s in %s: %v; want the environment's", creds.AccessKeyID, cfg.Region, err)
	}
	if err := w.caller(BaseOptions{Profile: "base", Version: "1.2.3", HTTPClient: f.Client()}); err != nil {
		t.Fatal(err)
	}
	if agent := f.agents[0]; !strings.Contains(agent, "jit/1.2.3") {
		t.Errorf("user agent %q", agent)
	}
}

func TestLoadBaseFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		config  string
		env     map[string]string
		options BaseOptions
		says    string
		hints   string
	}{
		"no such profile":           {config: staticProfile, options: BaseOptions{Profile: "bsae"}, says: "no AWS profile called bsae", hints: "list-profiles"},
		"no such profile, env":      {config: staticProfile, env: map[string]string{"AWS_PROFILE": "gone"}, says: "no AWS profile called gone", hints: "AWS_PROFILE"},
		"no region":                 {config: "[default]\n", says: "no AWS region", hints: "aws.region"},
		"source profile":            {config: "[profile x]\nregion = eu-west-1\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = gone\n", options: BaseOptions{Profile: "x"}, says: "role/x cannot come from AWS profile gone", hints: "mend"},
		"half an SSO profile":       {config: "[profile x]\nregion = eu-west-1\nsso_account_id = 111122223333\n", options: BaseOptions{Profile: "x"}, says: "sso", hints: "profile x"},
		"not a number":              {config: staticProfile, env: map[string]string{"AWS_MAX_ATTEMPTS": "many"}, options: BaseOptions{Profile: "base"}, says: "AWS_MAX_ATTEMPTS", hints: "AWS_ variables"},
		"no such bundle":            {config: staticProfile, env: map[string]string{"AWS_CA_BUNDLE": "/nonexistent/ca.pem"}, options: BaseOptions{Profile: "base"}, says: "ca.pem", hints: "AWS_ variables"},
		"endpoint of STS":           {config: staticProfile, env: map[string]string{"AWS_ENDPOINT_URL_STS": "http://sts.example"}, options: BaseOptions{Profile: "base"}, says: "STS is plain http on sts.example", hints: "https"},
		"endpoint of S3":            {config: staticProfile, env: map[string]string{"AWS_ENDPOINT_URL_S3": "http://s3.example"}, options: BaseOptions{Profile: "base"}, says: "S3 is plain http", hints: "https"},
		"endpoint of KMS":           {config: staticProfile, env: map[string]string{"AWS_ENDPOINT_URL_KMS": "http://kms.example"}, options: BaseOptions{Profile: "base"}, says: "KMS is plain http", hints: "https"},
		"endpoint of SSO":           {config: staticProfile, env: map[string]string{"AWS_ENDPOINT_URL_SSO_OIDC": "http://sso.example"}, options: BaseOptions{Profile: "base"}, says: "SSO OIDC is plain http", hints: "https"},
		"endpoint of all":           {config: staticProfile, env: map[string]string{"AWS_ENDPOINT_URL": "http://all.example"}, options: BaseOptions{Profile: "base"}, says: "AWS is plain http", hints: "https"},
		"endpoint of the profile":   {config: staticProfile + "endpoint_url = http://all.example\n", options: BaseOptions{Profile: "base"}, says: "plain http on all.example", hints: "https"},
		"endpoint of its services":  {config: staticProfile + "services = local\n[services local]\nkms =\n  endpoint_url = http://kms.example\n", options: BaseOptions{Profile: "base"}, says: "KMS is plain http", hints: "https"},
		"endpoint without a scheme": {config: staticProfile, env: map[string]string{"AWS_ENDPOINT_URL_STS": "sts.example"}, options: BaseOptions{Profile: "base"}, says: "not an https address", hints: "https"},
	} {
		t.Run(name, func(t *testing.T) {
			newWorld(t, tc.config)
			for key, value := range tc.env {
				t.Setenv(key, value)
			}
			tc.options.HTTPClient = &http.Client{Transport: &http.Transport{}}
			_, err := LoadBase(t.Context(), tc.options)
			if fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), tc.says) || !strings.Contains(fault.HintOf(err), tc.hints) {
				t.Fatalf("class %d: %v\nhint: %s", fault.ClassOf(err), err, fault.HintOf(err))
			}
			checkText(t, err)
		})
	}
}

func TestLoadBaseCannotReadItsFile(t *testing.T) {
	w := newWorld(t, staticProfile)
	t.Setenv("AWS_CONFIG_FILE", w.home) // a directory opens and does not read
	_, err := LoadBase(t.Context(), BaseOptions{Profile: "base"})
	if fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), "cannot be read") {
		t.Error(err)
	}
}

func TestLoadBaseWithoutARegion(t *testing.T) {
	w := newWorld(t, "[default]\n")
	if cfg := w.load(BaseOptions{RegionOptional: true}); cfg.Region != "" {
		t.Errorf("region %q", cfg.Region)
	}
}

func TestLoadBaseTakesACABundle(t *testing.T) {
	w := newWorld(t, staticProfile)
	f := &fakeSTS{arn: userARN}
	f.Server = httptest.NewTLSServer(f)
	defer f.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", f.URL)
	t.Setenv("AWS_CA_BUNDLE", w.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw}))))
	lent := x509.NewCertPool()
	for name, client := range map[string]*http.Client{
		"lent": {Transport: &http.Transport{}}, "lent with roots": {Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: lent}}}, "lent without a transport": {}, "the SDK's own": nil,
	} {
		if err := w.caller(BaseOptions{Profile: "base", HTTPClient: client}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !lent.Equal(x509.NewCertPool()) {
		t.Error("the bundle was put into the lender's roots")
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	// 302 repeats the call as a GET with all headers, the session token's
	// included; 307 would repeat the body too.
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect} {
		w := newWorld(t, staticProfile+"aws_session_token = "+baseToken+"\n")
		var hits atomic.Int32
		elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
		t.Cleanup(elsewhere.Close)
		f := newFakeSTS(t)
		f.onCaller = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) }
		t.Setenv("AWS_ENDPOINT_URL_STS", f.URL)
		err := w.caller(BaseOptions{Profile: "base", HTTPClient: &http.Client{Transport: &http.Transport{}}})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("HTTP %d", status)) || hits.Load() != 0 {
			t.Errorf("%v; %d requests went elsewhere", err, hits.Load())
		}
	}
}

func TestAProfileAsksForItsMFACode(t *testing.T) {
	const profile = staticProfile + "[profile admin]\nregion = eu-west-1\nsource_profile = base\nrole_arn = arn:aws:iam::111122223333:role/admin\nmfa_serial = arn:aws:iam::111122223333:mfa/ada\n"
	w := newWorld(t, profile)
	f := newFakeSTS(t)
	f.onAssume = func(w http.ResponseWriter, _ *http.Request) {
		writeXML(w, assumeXML("ASIAADMIN", newSecret, newToken, "2999-01-01T00:00:00Z", "x"))
	}
	t.Setenv("AWS_ENDPOINT_URL_STS", f.URL)
	asked := ""
	o := BaseOptions{Profile: "admin", MFAPrompt: func(_ context.Context, serial string) (string, error) {
		asked = serial
		return "654321", nil
	}}
	if err := w.caller(o); err != nil {
		t.Fatal(err)
	}
	if asked != "arn:aws:iam::111122223333:mfa/ada" || f.calls[0].Get("TokenCode") != "654321" {
		t.Errorf("asked for %q, sent %q", asked, f.calls[0].Get("TokenCode"))
	}
	o.MFAPrompt = nil
	if err := w.caller(o); fault.ClassOf(err) != fault.Usage || !strings.Contains(err.Error(), "no terminal") {
		t.Errorf("without a prompt: %v", err)
	}
	f.set(func() { f.onAssume = deny })
	o.MFAPrompt = func(context.Context, string) (string, error) { return "654321", nil }
	if err := w.caller(o); fault.ClassOf(err) != fault.Auth || !strings.Contains(err.Error(), "may not assume") {
		t.Errorf("refused: class %d: %v", fault.ClassOf(err), err)
	}
}
