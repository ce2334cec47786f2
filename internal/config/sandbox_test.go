package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/fault"
)

// sandboxed returns a sandbox's configuration in a directory of its own.
func sandboxed(t *testing.T, edit func(string) string) (path string) {
	t.Helper()
	dir := t.TempDir()
	text := `sandbox: true
jira: {url: "http://127.0.0.1:8080", email: ada@sandbox.example}
policy: policy.yaml
audit: {log: "file://DIR/log"}
ssh: {ca: "file://DIR/ca"}
wallet: file
`
	text = strings.ReplaceAll(edit(text), "DIR", filepath.ToSlash(dir))
	path = filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JIT_STATE_DIR", filepath.Join(dir, "state"))
	return path
}

func setEndpoints(t *testing.T, url string) {
	t.Helper()
	for _, service := range []string{"STS", "S3", "KMS"} {
		t.Setenv("AWS_ENDPOINT_URL_"+service, url)
	}
}

func TestSandboxIgnoresTheSystemFile(t *testing.T) {
	setEndpoints(t, "http://127.0.0.1:1")
	system := write(t, "system.yaml", "audit: {log: \"s3://real/log\"}\n")
	c, err := config.Load(sandboxed(t, func(s string) string { return s }), system, config.Environment())
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(c.Audit.Log, "s3:") || c.System != "" {
		t.Errorf("the system file was read: %+v", c)
	}
}

// A file that skips the administrator's must not reach anything real.
func TestSandboxThatReachesOutsideIsRefused(t *testing.T) {
	replace := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	for _, tc := range []struct {
		name, endpoint string
		edit           func(string) string
		want           string
	}{
		{"jira", "http://127.0.0.1:1", replace("http://127.0.0.1:8080", "https://acme.atlassian.net"), "jira.url"},
		{"gateway", "http://127.0.0.1:1", replace("jira: {", "jira: {gateway: \"https://api.atlassian.com\", "), "jira.gateway"},
		{"log", "http://127.0.0.1:1", replace("file://DIR/log", "file:///var/log/jit"), "audit.log"},
		{"log by dots", "http://127.0.0.1:1", replace("file://DIR/log", "file://DIR/../log"), "audit.log"},
		{"ca", "http://127.0.0.1:1", replace("file://DIR/ca", "agent:SHA256:abc"), "ssh.ca"},
		{"policy", "http://127.0.0.1:1", replace("policy.yaml", "/etc/jit/policy.yaml"), "policy"},
		{"profile", "http://127.0.0.1:1", replace("wallet: file", "wallet: file\naws: {profile: prod}"), "aws.profile"},
		{"wallet", "http://127.0.0.1:1", replace("wallet: file", "wallet: keyring"), "wallet"},
		{"command", "http://127.0.0.1:1", replace("jira: {", "jira: {token_command: \"cat x\", "), "jira.token_command"},
		{"real endpoint", "https://sts.amazonaws.com", func(s string) string { return s }, "AWS_ENDPOINT_URL_STS"},
		{"no endpoint", "", func(s string) string { return s }, "AWS_ENDPOINT_URL_S3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			setEndpoints(t, tc.endpoint)
			_, err := config.Load(sandboxed(t, tc.edit), "", config.Environment())
			if fault.ClassOf(err) != fault.Config || err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A link is where it leads, not where it lies.
func TestSandboxIsNotLeftByALink(t *testing.T) {
	setEndpoints(t, "http://127.0.0.1:1")
	outside := t.TempDir()
	for key, edit := range map[string]func(string) string{
		"audit.log": func(s string) string { return strings.Replace(s, "DIR/log", "DIR/link/log", 1) },
		"ssh.ca":    func(s string) string { return strings.Replace(s, "DIR/ca", "DIR/link/ca", 1) },
		"policy":    func(s string) string { return strings.Replace(s, "policy.yaml", "link/policy.yaml", 1) },
	} {
		path := sandboxed(t, edit)
		if err := os.Symlink(outside, filepath.Join(filepath.Dir(path), "link")); err != nil {
			t.Skip("no symbolic links here:", err)
		}
		_, err := config.Load(path, "", config.Environment())
		if fault.ClassOf(err) != fault.Config || err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestSandboxShowsNoPassword(t *testing.T) {
	setEndpoints(t, "http://127.0.0.1:1")
	for _, edit := range []func(string) string{
		func(s string) string { return strings.Replace(s, "http://127", "https://ada:hunter2@127", 1) },
		func(s string) string {
			return strings.Replace(s, "file://DIR/log", "https://ada:hunter2@log.example", 1)
		},
	} {
		_, err := config.Load(sandboxed(t, edit), "", config.Environment())
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

// The wallet and the prompt of a sandbox are its own too.
func TestSandboxWithTheRealStateIsRefused(t *testing.T) {
	setEndpoints(t, "http://127.0.0.1:1")
	path := sandboxed(t, func(s string) string { return s })
	t.Setenv("JIT_STATE_DIR", t.TempDir())
	if _, err := config.Load(path, "", config.Environment()); err == nil || !strings.Contains(err.Error(), "JIT_STATE_DIR") {
		t.Errorf("%v", err)
	}
}
