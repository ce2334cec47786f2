package sshca

import (
	"bytes"
	"crypto"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/policy"
)

// sshd is OpenSSH's server on a loopback port. The listener is ours and each
// connection is handed to an sshd of its own (-i), so that no port can be lost
// to another process, and what sshd logs belongs to one connection.
type sshd struct {
	addr string
	host ssh.PublicKey
	logs chan string // one a connection, when it has ended
}

func startSSHD(t *testing.T, ca string, extra ...string) sshd {
	t.Helper()
	program, dir, host := tool(t, "sshd"), t.TempDir(), newPrivate(t, "ed25519")
	if os.Geteuid() == 0 && runtime.GOOS == "linux" {
		// A root sshd drops its privileges into this directory.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	lines := append([]string{
		"HostKey " + writeKey(t, host, ""), "TrustedUserCAKeys " + write("ca.pub", ca+"\n"),
		"AuthorizedKeysFile none", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
		"UsePAM no", "StrictModes no", "PermitRootLogin prohibit-password", "PidFile none", "LogLevel VERBOSE",
	}, extra...)
	config := write("sshd_config", strings.Join(lines, "\n")+"\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := sshd{addr: l.Addr().String(), host: sshPublic(t, host), logs: make(chan string, 64)}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.logs <- runSSHD(c.(*net.TCPConn), program, config) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return s
}

// runSSHD serves one connection, and returns what sshd logged.
func runSSHD(c *net.TCPConn, program, config string) string {
	f, err := c.File()
	c.Close()
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	var log bytes.Buffer
	cmd := exec.Command(program, "-i", "-e", "-f", config)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, &log
	if err := cmd.Run(); err != nil {
		fmt.Fprintf(&log, "(sshd: %v)", err)
	}
	return log.String()
}

// run logs in, runs a command and returns what it printed and sshd logged.
func (s sshd) run(t *testing.T, login string, key *credential.SSH, command string) (output, log string, err error) {
	t.Helper()
	client, err := ssh.Dial("tcp", s.addr, &ssh.ClientConfig{
		User:            login,
		Auth:            []ssh.AuthMethod{ssh.PublicKeys(clientSigner(t, key))},
		HostKeyCallback: ssh.FixedHostKey(s.host),
	})
	if err != nil {
		return "", <-s.logs, err
	}
	session, err := client.NewSession()
	var out []byte
	if err == nil {
		out, err = session.Output(command)
	}
	client.Close()
	return string(out), <-s.logs, err
}

// whoami is the login that sshd can give: one that does not run as root can
// only log in as itself.
func whoami(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

// unusable skips where the account of the test cannot log in anywhere.
func unusable(t *testing.T, log string) {
	t.Helper()
	for _, why := range []string{"account is locked", "shell is not executable", "not allowed because"} {
		if !strings.Contains(log, why) {
			continue
		}
		if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), "ssh") {
			t.Fatalf("this account cannot log in, and JIT_REQUIRE asks for ssh: %s", log)
		}
		t.Skipf("this account cannot log in: %s", log)
	}
}

// sshdCase is one login and what becomes of it.
type sshdCase struct {
	name  string
	key   *credential.SSH
	print string // what the command printed; "" where the login is refused
	log   string // what sshd logged
}

func sshdCases(t *testing.T, now time.Time, ca crypto.Signer) []sshdCase {
	issuer, me := fileIssuer(t, fixed(now), ca), whoami(t)
	as := func(change func(*policy.SSH)) credential.Order {
		return sshOrder(now, func(p *policy.SSH) {
			p.Logins = []string{me}
			if change != nil {
				change(p)
			}
		})
	}
	past := as(nil)
	past.Grant.Lease.NotBefore, past.Grant.Lease.ExpiresAt = now.Add(-2*time.Hour), now.Add(-time.Hour)
	return []sshdCase{
		{"accepted", first(mint(t, issuer, as(nil))), "hello\n", "Accepted publickey for " + me},
		{"this source address", first(mint(t, issuer, as(func(p *policy.SSH) {
			p.SourceAddresses = []string{"10.0.0.0/8", "127.0.0.1"}
		}))), "hello\n", "Accepted publickey"},
		{"forced command", first(mint(t, issuer, as(func(p *policy.SSH) {
			p.ForceCommand = "echo forced instead of \"$SSH_ORIGINAL_COMMAND\""
		}))), "forced instead of echo hello\n", "Accepted publickey"},
		{"expired", first(mint(t, fileIssuer(t, fixed(now.Add(-2*time.Hour)), ca), past)), "", "expired"},
		{"wrong login", first(mint(t, issuer, as(func(p *policy.SSH) { p.Logins = []string{"nobody-else"} }))), "", "not a listed principal"},
		{"wrong source address", first(mint(t, issuer, as(func(p *policy.SSH) {
			p.SourceAddresses = []string{"10.0.0.0/8"}
		}))), "", "source address"},
		{"scoped where nobody expects it", first(mint(t, issuer, as(func(p *policy.SSH) {
			p.Principals = policy.PrincipalsScoped
		}))), "", "not a listed principal"},
		{"wrong CA", first(mint(t, fileIssuer(t, fixed(now), newPrivate(t, "ed25519")), as(nil))), "", "Failed publickey"},
	}
}

func (c sshdCase) check(t *testing.T, server sshd) {
	t.Helper()
	out, log, err := server.run(t, whoami(t), c.key, "echo hello")
	if c.name == "accepted" && err != nil {
		unusable(t, log)
	}
	if (err == nil) != (c.print != "") || out != c.print {
		t.Errorf("%s: %q, %v\n%s", c.name, out, err, log)
	}
	if !strings.Contains(log, c.log) {
		t.Errorf("%s: sshd did not log %q:\n%s", c.name, c.log, log)
	}
	if c.print != "" && !strings.Contains(log, c.key.KeyID) {
		t.Errorf("%s: sshd did not log the key id %q:\n%s", c.name, c.key.KeyID, log)
	}
}

func TestSSHDAcceptsAndRefuses(t *testing.T) {
	t.Parallel()
	ca := newPrivate(t, "ed25519")
	server := startSSHD(t, authorizedKey(sshPublic(t, ca)))
	for _, c := range sshdCases(t, time.Now(), ca) {
		c.check(t, server)
	}
}

func TestSSHDAcceptsEveryKindOfCA(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"p256", "p384", "p521", "rsa"} {
		ca := newPrivate(t, kind)
		sshdCases(t, time.Now(), ca)[0].check(t, startSSHD(t, authorizedKey(sshPublic(t, ca))))
	}
}

func TestSSHDWithScopedPrincipals(t *testing.T) {
	t.Parallel()
	now, me, ca := time.Now(), whoami(t), newPrivate(t, "ed25519")
	principals := filepath.Join(t.TempDir(), "principals")
	if err := os.WriteFile(principals, []byte("bastion:"+me+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := startSSHD(t, authorizedKey(sshPublic(t, ca)), "AuthorizedPrincipalsFile "+principals)
	issuer := fileIssuer(t, fixed(now), ca)
	order := sshOrder(now, func(p *policy.SSH) { p.Logins, p.Principals = []string{me}, policy.PrincipalsScoped })
	out, log, err := server.run(t, me, first(mint(t, issuer, order)), "echo hello")
	if err != nil {
		unusable(t, log)
	}
	if err != nil || out != "hello\n" {
		t.Errorf("%q, %v\n%s", out, err, log)
	}
	order.Entitlement.Name = "prod"
	if _, log, err = server.run(t, me, first(mint(t, issuer, order)), "echo hello"); err == nil {
		t.Errorf("another entitlement's certificate was accepted\n%s", log)
	}
	plain := sshOrder(now, func(p *policy.SSH) { p.Logins = []string{me} })
	if _, log, err = server.run(t, me, first(mint(t, issuer, plain)), "echo hello"); err == nil {
		t.Errorf("a plain login was accepted\n%s", log)
	}
}

// The whole way with OpenSSH's programs: jit's key goes into ssh-agent, and
// ssh finds it there.
func TestSSHWithTheAgentsKey(t *testing.T) {
	t.Parallel()
	client := tool(t, "ssh")
	socket := realAgent(t)
	now, me, ca := time.Now(), whoami(t), newPrivate(t, "ed25519")
	server := startSSHD(t, authorizedKey(sshPublic(t, ca)))
	issuer := fileIssuer(t, fixed(now), ca)
	key := first(mint(t, issuer, sshOrder(now, func(p *policy.SSH) { p.Logins = []string{me} })))
	agent := NewKeyAgent(socket)
	if err := agent.Add(t.Context(), key, now); err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(server.addr)
	if err != nil {
		t.Fatal(err)
	}
	known := writeFile(t, []byte(fmt.Sprintf("[%s]:%s %s\n", host, port, authorizedKey(server.host))), 0o600)
	login := func() (string, string, error) {
		cmd := exec.Command(client, "-F", "none", "-p", port, "-o", "BatchMode=yes", "-o", "UserKnownHostsFile="+known,
			"-o", "GlobalKnownHostsFile=none", "-o", "IdentityAgent="+socket, "-o", "IdentityFile=none", me+"@"+host, "echo hello")
		var errs bytes.Buffer
		cmd.Stdin, cmd.Stderr = nil, &errs
		out, err := cmd.Output()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, &errs)
		}
		return string(out), <-server.logs, err
	}
	out, log, err := login()
	if err != nil {
		unusable(t, log)
	}
	if err != nil || out != "hello\n" || !strings.Contains(log, key.KeyID) {
		t.Errorf("%q, %v\n%s", out, err, log)
	}
	if err := agent.Remove(t.Context(), key.KeyID); err != nil {
		t.Fatal(err)
	}
	if out, log, err = login(); err == nil {
		t.Errorf("logged in without the key: %q\n%s", out, log)
	}
}
