package sshd_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/sandbox/sshd"
)

func newSigner(t *testing.T) (ssh.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return s, private
}

type world struct {
	t      *testing.T
	server *sshd.Server
	ca     ssh.Signer
	host   ssh.Signer
	now    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ca, _ := newSigner(t)
	host, _ := newSigner(t)
	w := &world{t: t, ca: ca, host: host, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.server = sshd.Serve(l, sshd.Options{HostKey: host, CA: ca.PublicKey(), Now: func() time.Time { return w.now }})
	t.Cleanup(func() {
		if err := w.server.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// certify returns a signer with a certificate that a test may spoil first.
func (w *world) certify(edit func(*ssh.Certificate)) ssh.Signer {
	w.t.Helper()
	key, _ := newSigner(w.t)
	return w.sign(key, w.ca, edit)
}

func (w *world) sign(key, ca ssh.Signer, edit func(*ssh.Certificate)) ssh.Signer {
	w.t.Helper()
	cert := &ssh.Certificate{
		Key: key.PublicKey(), CertType: ssh.UserCert, KeyId: "jit DEMO-1 ada abc", Serial: 42, ValidPrincipals: []string{"demo"},
		ValidAfter: uint64(w.now.Add(-time.Minute).Unix()), ValidBefore: uint64(w.now.Add(time.Minute).Unix()),
		Permissions: ssh.Permissions{Extensions: map[string]string{"permit-pty": ""}, CriticalOptions: map[string]string{}},
	}
	if edit != nil {
		edit(cert)
	}
	if err := cert.SignCert(rand.Reader, ca); err != nil {
		w.t.Fatal(err)
	}
	signer, err := ssh.NewCertSigner(cert, key)
	if err != nil {
		w.t.Fatal(err)
	}
	return signer
}

func (w *world) dial(user string, key ssh.Signer) (*ssh.Client, error) {
	return ssh.Dial("tcp", w.server.Addr(), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.FixedHostKey(w.host.PublicKey()),
	})
}

// output runs a command, or a shell for "", and returns what it wrote.
func (w *world) output(key ssh.Signer, command string, pty bool) string {
	w.t.Helper()
	client, err := w.dial("demo", key)
	if err != nil {
		w.t.Fatal(err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		w.t.Fatal(err)
	}
	defer session.Close()
	if pty {
		if err := session.RequestPty("xterm", 24, 80, ssh.TerminalModes{}); err != nil {
			w.t.Fatal(err)
		}
	}
	var out bytes.Buffer
	session.Stdout = &out
	if command == "" {
		if err := session.Shell(); err != nil {
			w.t.Fatal(err)
		}
		err = session.Wait()
	} else {
		err = session.Run(command)
	}
	if err != nil {
		w.t.Errorf("%q: %v", command, err)
	}
	return out.String()
}

func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.certify(nil)
	if got := w.output(key, "whoami", false); got != "demo\n" {
		t.Errorf("whoami is %q", got)
	}
	got := w.output(key, "rm -rf /", false)
	if !strings.Contains(got, `"jit DEMO-1 ada abc", serial 42`) || !strings.Contains(got, "does not run") {
		t.Errorf("a command shows %q", got)
	}
	if got := w.output(key, "", true); !strings.Contains(got, "has no shell\r\n") {
		t.Errorf("a shell shows %q", got)
	}
	forced := w.certify(func(c *ssh.Certificate) { c.CriticalOptions["force-command"] = "uptime" })
	if got := w.output(forced, "whoami", false); !strings.Contains(got, `forces the command "uptime"`) {
		t.Errorf("a forced command shows %q", got)
	}
	logins := w.server.Logins()
	if len(logins) != 4 || logins[0] != (sshd.Login{User: "demo", KeyID: "jit DEMO-1 ada abc", Serial: 42, Command: "whoami"}) ||
		!logins[2].PTY || logins[3].Command != "uptime" {
		t.Errorf("logins are %+v", logins)
	}
}

func TestWhoIsAdmitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger, _ := newSigner(t)
	bare, _ := newSigner(t)
	other := w.sign(bare, stranger, nil)
	tests := []struct {
		name string
		user string
		key  ssh.Signer
		ok   bool
	}{
		{"good", "demo", w.certify(nil), true},
		{"second principal", "demo", w.certify(func(c *ssh.Certificate) { c.ValidPrincipals = []string{"ops", "demo"} }), true},
		{"own address", "demo", w.certify(func(c *ssh.Certificate) { c.CriticalOptions["source-address"] = "127.0.0.0/8" }), true},
		{"another login", "root", w.certify(nil), false},
		{"no principals", "demo", w.certify(func(c *ssh.Certificate) { c.ValidPrincipals = nil }), false},
		{"expired", "demo", w.certify(func(c *ssh.Certificate) { c.ValidBefore = uint64(w.now.Unix()) }), false},
		{"not yet valid", "demo", w.certify(func(c *ssh.Certificate) { c.ValidAfter = uint64(w.now.Unix()) + 1 }), false},
		{"another address", "demo", w.certify(func(c *ssh.Certificate) { c.CriticalOptions["source-address"] = "10.0.0.0/8" }), false},
		{"unknown option", "demo", w.certify(func(c *ssh.Certificate) { c.CriticalOptions["verify-required"] = "" }), false},
		{"host certificate", "demo", w.certify(func(c *ssh.Certificate) { c.CertType = ssh.HostCert }), false},
		{"another CA", "demo", other, false},
		{"no certificate", "demo", bare, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			client, err := w.dial(tc.user, tc.key)
			if err == nil {
				client.Close()
			}
			if (err == nil) != tc.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNoTerminalWithoutPermission(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, err := w.dial("demo", w.certify(func(c *ssh.Certificate) { c.Extensions = nil }))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.RequestPty("xterm", 24, 80, ssh.TerminalModes{}); err == nil {
		t.Error("a terminal was given")
	}
	if err := session.RequestSubsystem("sftp"); err == nil {
		t.Error("a subsystem was given")
	}
	if _, err := client.Dial("tcp", "127.0.0.1:1"); err == nil {
		t.Error("a connection was forwarded")
	}
}

func TestCloseEndsConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, err := w.dial("demo", w.certify(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := client.Wait(); err == nil {
		t.Error("the connection ended without an error")
	}
	if _, err := w.dial("demo", w.certify(nil)); err == nil {
		t.Error("a closed server answers")
	}
}

// TestOpenSSHClient logs in with the ssh of the system, where there is one.
func TestOpenSSHClient(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("there is no ssh here")
	}
	w := newWorld(t)
	dir := t.TempDir()
	key, private := newSigner(t)
	cert := w.sign(key, w.ca, func(c *ssh.Certificate) {
		// ssh looks at the dates itself, by its own clock.
		c.ValidAfter, c.ValidBefore = 0, uint64(ssh.CertTimeInfinity)
	}).PublicKey()
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(w.server.Addr())
	files := map[string][]byte{
		"id":          pem.EncodeToMemory(block),
		"id-cert.pub": ssh.MarshalAuthorizedKey(cert),
		"known_hosts": append([]byte("["+host+"]:"+port+" "), ssh.MarshalAuthorizedKey(w.host.PublicKey())...),
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(path, "-F", "none", "-i", filepath.Join(dir, "id"), "-p", port, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
		"-o", "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile="+filepath.Join(dir, "known_hosts"), "demo@"+host, "whoami")
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "demo\n" {
		t.Errorf("%v: %s", err, out)
	}
}
