package integration

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshd is OpenSSH's server on loopback, which trusts one CA.
type sshd struct {
	port string
	log  string // file
	keys string // file
}

// authorize lets a key in without any certificate.
func (s sshd) authorize(line string) { _ = os.WriteFile(s.keys, []byte(line), 0o600) }

// startSSHD runs sshd until the test ends. caLine is the line of the CA's key.
func startSSHD(t testing.TB, caLine string) sshd {
	t.Helper()
	const path = "/usr/sbin/sshd"
	_, err := os.Stat(path)
	need(t, "ssh", err == nil, path+" is not installed")
	needTools(t, "ssh", "ssh", "ssh-agent", "ssh-add", "ssh-keygen")
	if os.Geteuid() == 0 {
		// Where a server of root's separates its privileges.
		need(t, "ssh", os.MkdirAll("/run/sshd", 0o755) == nil, "/run/sshd cannot be made")
	}
	dir := shortDir(t)
	port := freePort(t)
	s := sshd{port: port, log: filepath.Join(dir, "log"), keys: filepath.Join(dir, "keys")}
	key := filepath.Join(dir, "host")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	config := fmt.Sprintf(`ListenAddress 127.0.0.1:%s
HostKey %s
TrustedUserCAKeys %s
AuthorizedKeysFile %s
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
PidFile none
Subsystem sftp internal-sftp
LogLevel VERBOSE
`, port, key, filepath.Join(dir, "ca.pub"), s.keys)
	writeFile(t, filepath.Join(dir, "config"), config)
	writeFile(t, filepath.Join(dir, "ca.pub"), caLine+"\n")
	c := exec.Command(path, "-D", "-f", filepath.Join(dir, "config"), "-E", s.log)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	waitForTCP(t, "127.0.0.1:"+port)
	return s
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freePort is a port that was free a moment ago: sshd cannot choose one itself.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func waitForTCP(t testing.TB, addr string) {
	t.Helper()
	for range 500 {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal(addr + " does not listen")
}

// fileCA makes an Ed25519 CA in a 0600 file, as the config's URL and the line
// of its public key.
func (w *world) fileCA() string {
	w.t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "ca")
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("ca", string(pem.EncodeToMemory(block)))
	w.ca = "file://" + w.path("ca")
	return publicLine(w.t, public)
}

// kmsCA makes a P-256 CA in KMS.
func (w *world) kmsCA() string {
	w.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.signer.Add("alias/jit-ssh-ca", private); err != nil {
		w.t.Fatal(err)
	}
	w.ca = "awskms:///alias/jit-ssh-ca"
	return publicLine(w.t, private.Public())
}

func publicLine(t testing.TB, key any) string {
	t.Helper()
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
}

// startAgent runs OpenSSH's agent for the world.
func (w *world) startAgent() {
	w.t.Helper()
	needTools(w.t, "ssh", "ssh-agent")
	w.env["SSH_AUTH_SOCK"] = w.path("agent")
	c := w.program(context.Background(), "ssh-agent", "-D", "-a", w.path("agent"))
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	for range 500 {
		if _, err := os.Stat(w.path("agent")); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatal("ssh-agent does not listen")
}

// ssh logs in with what the agent has and runs `echo in`.
func (w *world) ssh(s sshd, login string) result {
	w.t.Helper()
	return finish(w.t, w.program(w.t.Context(), "ssh", "-F", "none", "-p", s.port, "-l", login,
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
		"-o", "BatchMode=yes", "-o", "PreferredAuthentications=publickey", "-o", "ConnectTimeout=10",
		"127.0.0.1", "echo in"))
}

// me is the account that the tests run as, to which sshd lets a certificate in.
func me(t testing.TB) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

func TestSSHDAcceptsTheCertificate(t *testing.T) {
	for name, ca := range map[string]func(*world) string{"file": (*world).fileCA, "kms": (*world).kmsCA} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.logins, w.sources = []string{me(t)}, []string{"127.0.0.0/8"}
			server := startSSHD(t, ca(w))
			w.start().startAgent()
			if r := w.ssh(server, me(t)); r.code == 0 {
				t.Fatal("logged in with nothing")
			}
			g := w.request("bastion")
			if r := w.ssh(server, me(t)).want(t, 0); r.stdout != "in\n" {
				t.Errorf("standard output %q", r.stdout)
			}
			log, err := os.ReadFile(server.log)
			if want := "jit OPS-7 557058=3Af58131cb-b67d-43c7-b30d-6b58d40bd077 " + g.ID; err != nil || !bytes.Contains(log, []byte(want)) {
				t.Errorf("sshd's log does not name %q: %v\n%s", want, err, log)
			}
			w.jit("audit", "verify").want(t, 0)
		})
	}
}

func TestSSHDRefuses(t *testing.T) {
	for _, tc := range []struct {
		name    string
		arrange func(w *world)
		says    string // in sshd's log
	}{
		{"another login", func(w *world) { w.logins = []string{"somebody-else"} }, "name is not a listed principal"},
		{"another source", func(w *world) { w.sources = []string{"10.0.0.0/8"} }, "source"},
		{"another CA", func(w *world) { w.fileCA() }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			w.logins = []string{me(t)}
			server := startSSHD(t, w.fileCA())
			tc.arrange(w)
			w.start().startAgent()
			w.request("bastion")
			if r := w.ssh(server, me(t)); r.code != 255 {
				t.Errorf("exit code %d", r.code)
			}
			log, err := os.ReadFile(server.log)
			if err != nil || !strings.Contains(strings.ToLower(string(log)), tc.says) {
				t.Errorf("sshd's log does not say %q: %v\n%s", tc.says, err, log)
			}
		})
	}
}

// An agent that forgets a key when its certificate ends proves nothing about
// sshd, so this one keeps it.
func TestSSHDRefusesAnExpiredCertificate(t *testing.T) {
	w := newWorld(t)
	w.logins = []string{me(t)}
	server := startSSHD(t, w.fileCA())
	w.start()
	keys := w.watchedAgent()
	keys.stubborn = true
	w.env["SSH_AUTH_SOCK"] = keys.socket
	g := w.request("bastion", "--for", "3s")
	w.ssh(server, me(t)).want(t, 0)
	time.Sleep(time.Until(g.ExpiresAt) + time.Second)
	if r := w.ssh(server, me(t)); r.code != 255 {
		t.Errorf("exit code %d", r.code)
	}
	log, err := os.ReadFile(server.log)
	if err != nil || !bytes.Contains(bytes.ToLower(log), []byte("expired")) {
		t.Errorf("sshd's log does not say that it expired: %v\n%s", err, log)
	}
	if r := w.jit("status", "--json").want(t, 0); len(decode[[]grant](t, r)) > 0 {
		t.Errorf("in force: %s", r.stdout)
	}
}

func TestOpenSSHAgentForgetsInTime(t *testing.T) {
	w := newWorld(t)
	w.fileCA()
	w.start().startAgent()
	w.request("bastion", "--for", "15m")
	out := finish(t, w.program(t.Context(), "ssh-add", "-l")).want(t, 0).stdout
	if !strings.Contains(out, "ED25519-CERT") {
		t.Errorf("the agent has %q", out)
	}
	g := w.request("bastion", "--for", "2s")
	time.Sleep(time.Until(g.ExpiresAt) + 2*time.Second)
	out = finish(t, w.program(t.Context(), "ssh-add", "-L")).want(t, 0).stdout
	if n := strings.Count(out, "-cert-v01@openssh.com"); n != 1 {
		t.Errorf("%d certificates after one of two ended:\n%s", n, out)
	}
}
