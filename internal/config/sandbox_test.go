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

func TestSandboxWhoseEndpointsAreIgnoredIsRefused(t *testing.T) {
	setEndpoints(t, "http://127.0.0.1:1")
	t.Setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
	if _, err := config.Load(sandboxed(t, func(s string) string { return s }), "", config.Environment()); err == nil {
		t.Error("accepted although the SDK would not use the sandbox's endpoints")
	}
}
