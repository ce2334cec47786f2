package sandbox

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

// policy is the sandbox's policy: what the ticket DEMO-1 unlocks.
const policy = `version: 1
entitlements:
  demo-ssh:
    description: Log in to the demonstration host
    ticket:
      projects: [DEMO]
      status_categories: [indeterminate]
    lease: {default: 15m, max: 1h}
    ssh: {logins: [demo], extensions: [permit-pty], hosts: ["demo-*"]}
  demo-aws:
    description: The demonstration role
    ticket:
      projects: [DEMO]
      status_categories: [indeterminate]
    lease: {default: 15m, max: 1h}
    aws: {role_arn: "` + Role + `"}
`

// The names of files and directories in a world.
const (
	configFile     = "config.yaml"
	policyFile     = "policy.yaml"
	caFile         = "ca"
	auditDir       = "audit"
	stateDir       = "state"
	binDir         = "bin"
	knownHostsFile = "known_hosts"
	sshConfigFile  = "ssh_config"
	curlFile       = "curlrc"
	awsConfigFile  = "aws-config"
	awsKeysFile    = "aws-credentials"
)

// Path is a file of the world.
func (w *World) Path(name string) string { return filepath.Join(w.Dir, name) }

// AuditDir is where the records go.
func (w *World) AuditDir() string { return w.Path(auditDir) }

// SSHConfig is a file for ssh -F that knows Host.
func (w *World) SSHConfig() string { return w.Path(sshConfigFile) }

// ConfigPath is the configuration of jit.
func (w *World) ConfigPath() string { return w.Path(configFile) }

// PolicyPath is the policy, for tests to change.
func (w *World) PolicyPath() string { return w.Path(policyFile) }

func (w *World) writeFiles() error {
	ca, err := ssh.MarshalPrivateKey(w.ca, "the sandbox's CA")
	if err != nil {
		return err
	}
	for _, dir := range []string{auditDir, stateDir, binDir} {
		if err := os.Mkdir(w.Path(dir), 0o700); err != nil {
			return err
		}
	}
	files := map[string]string{
		configFile:     w.config(),
		policyFile:     policy,
		caFile:         string(pem.EncodeToMemory(ca)),
		knownHostsFile: w.knownHosts(),
		sshConfigFile:  w.sshConfig(),
		curlFile:       fmt.Sprintf("header = \"Authorization: Bearer %s\"\nsilent\nshow-error\nfail-with-body\n", w.AdminToken),
		awsConfigFile:  "",
		awsKeysFile:    "",
	}
	for name, text := range files {
		if err := os.WriteFile(w.Path(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sandbox: true\njira:\n  url: %s\n", quote(w.JiraURL))
	if !w.dc {
		fmt.Fprintf(&b, "  email: %s\n", quote(fakejira.Email(User)))
	}
	fmt.Fprintf(&b, "policy: %s\n", quote(w.Path(policyFile)))
	fmt.Fprintf(&b, "audit:\n  log: %s\n", quote(fileURL(w.AuditDir())))
	fmt.Fprintf(&b, "aws:\n  region: %s\n", Region)
	fmt.Fprintf(&b, "ssh:\n  ca: %s\n", quote(fileURL(w.Path(caFile))))
	b.WriteString("wallet: file\n")
	return b.String()
}

// quote writes a YAML string; JSON's strings are YAML's.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""` // no string fails to marshal
	}
	return string(b)
}

// fileURL is file:///PATH, with a slash before the drive on Windows.
func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

func (w *World) knownHosts() string {
	host, port, _ := net.SplitHostPort(w.SSH.Addr()) // an address that was listened on
	return fmt.Sprintf("%s,[%s]:%s %s", Host, host, port, ssh.MarshalAuthorizedKey(w.HostKey))
}

// sshConfig keeps the user's own keys and known hosts out of it.
func (w *World) sshConfig() string {
	host, port, _ := net.SplitHostPort(w.SSH.Addr())
	return fmt.Sprintf(`Host demo-*
  HostName %s
  Port %s
  User %s
  HostKeyAlias %s
  UserKnownHostsFile "%s"
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
  IdentityFile none
`, host, port, SSHUser, Host, filepath.ToSlash(w.Path(knownHostsFile)))
}
