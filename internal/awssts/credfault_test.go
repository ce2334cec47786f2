package awssts

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
)

const ssoProfile = `[profile dev]
region = eu-west-1
sso_session = acme
sso_account_id = 111122223333
sso_role_name = Dev
[sso-session acme]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1
`

// ssoCache is where the SDK looks for the token of a session.
func ssoCache(session string) string {
	sum := sha1.Sum([]byte(session))
	return ".aws/sso/cache/" + hex.EncodeToString(sum[:]) + ".json"
}

func (w *world) retrieve(profile string) error {
	w.t.Helper()
	_, err := w.load(BaseOptions{Profile: profile, Region: "eu-west-1"}).Credentials.Retrieve(w.t.Context())
	return err
}

func TestSSOSessions(t *testing.T) {
	const fresh, stale = "2999-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
	tokenOf := func(expires string) string {
		return fmt.Sprintf(`{"accessToken":%q,"expiresAt":%q}`, baseToken, expires)
	}
	portal := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-ErrorType", code)
			w.WriteHeader(status)
			if status == http.StatusOK {
				fmt.Fprintf(w, `{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":%q,"sessionToken":%q,"expiration":32472144000000}}`, newSecret, newToken)
				return
			}
			_, _ = w.Write([]byte(`{"message":"no"}`))
		}
	}
	for name, tc := range map[string]struct {
		token       string
		answer      http.HandlerFunc
		says, hints string // "" for success
	}{
		"works":         {token: tokenOf(fresh), answer: portal(200, "")},
		"never started": {says: "was never started", hints: "`aws sso login --profile dev`"},
		"expired":       {token: tokenOf(stale), says: "has expired", hints: "`aws sso login --profile dev`"},
		"spoiled":       {token: `{"accessToken":`, says: "not valid", hints: "aws sso login"},
		"refused":       {token: tokenOf(fresh), answer: portal(401, "UnauthorizedException"), says: "has expired", hints: "aws sso login"},
		"not assigned":  {token: tokenOf(fresh), answer: portal(403, "ForbiddenException"), says: "does not give you", hints: "sso_role_name"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, ssoProfile)
			if tc.token != "" {
				w.write(ssoCache("acme"), tc.token)
			}
			if tc.answer != nil {
				server := httptest.NewServer(tc.answer)
				defer server.Close()
				t.Setenv("AWS_ENDPOINT_URL_SSO", server.URL)
			}
			err := w.retrieve("dev")
			if tc.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantAuth(t, err, tc.says, tc.hints)
		})
	}
}

func wantAuth(t *testing.T, err error, says, hints string) {
	t.Helper()
	if fault.ClassOf(err) != fault.Auth || !strings.Contains(err.Error(), says) || !strings.Contains(fault.HintOf(err), hints) {
		t.Fatalf("class %d: %v\nhint: %s", fault.ClassOf(err), err, fault.HintOf(err))
	}
	checkText(t, err)
}

func TestSSOCannotBeReached(t *testing.T) {
	w := newWorld(t, ssoProfile)
	w.write(ssoCache("acme"), fmt.Sprintf(`{"accessToken":%q,"expiresAt":"2999-01-01T00:00:00Z"}`, baseToken))
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	t.Setenv("AWS_ENDPOINT_URL_SSO", gone.URL)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	wantAuth(t, w.retrieve("dev"), "cannot be reached", "sso_region")
}

func TestCredentialProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are those of a Unix shell")
	}
	for name, tc := range map[string]struct{ command, says string }{
		"fails":      {"sh -c 'echo " + newSecret + "; exit 3'", "failed with exit status 3"},
		"babbles":    {"echo secret-key=" + newSecret, "failed"},
		"incomplete": {`echo '{"Version":1,"AccessKeyId":"ASIA"}'`, "failed"},
		"is missing": {"exec /nonexistent/helper 2>/dev/null", "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "[profile dev]\ncredential_process = "+tc.command+"\n")
			wantAuth(t, w.retrieve("dev"), tc.says, "by hand")
		})
	}
}

func TestOtherSourcesOfCredentials(t *testing.T) {
	for name, tc := range map[string]struct {
		config, profile string
		env             map[string]string
		says, hints     string
	}{
		"none at all":        {config: "[default]\n", says: "no AWS credentials were found", hints: "aws.profile"},
		"an empty profile":   {config: "[profile dev]\n", profile: "dev", says: "no AWS credentials were found", hints: "`aws sso login --profile dev`"},
		"login session":      {config: "[profile dev]\nlogin_session = arn:aws:iam::111122223333:user/ada\n", profile: "dev", says: "login session of AWS profile dev", hints: "`aws login --profile dev`"},
		"web identity token": {config: "[default]\n", env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent/token", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/x"}, says: "cannot be had", hints: "get-caller-identity"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.config)
			for key, value := range tc.env {
				t.Setenv(key, value)
			}
			wantAuth(t, w.retrieve(tc.profile), tc.says, tc.hints)
		})
	}
}

func TestBaseCredentialsDoNotPrint(t *testing.T) {
	w := newWorld(t, staticProfile)
	cfg := w.load(BaseOptions{Profile: "base"})
	if _, err := cfg.Credentials.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%v %+v %#v", cfg.Credentials, cfg.Credentials, cfg.Credentials); strings.Contains(s, baseSecret) {
		t.Error(s)
	}
}
