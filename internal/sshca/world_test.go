package sshca

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
)

var epoch = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func fixed(at time.Time) func() time.Time { return func() time.Time { return at } }

// tool returns the path of a program of OpenSSH, and skips where it is missing
// unless JIT_REQUIRE asks for it.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), "ssh") {
		t.Fatalf("%s is not installed, and JIT_REQUIRE asks for ssh", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// newPrivate makes a key of one of the kinds that a CA can have.
func newPrivate(t testing.TB, kind string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "p256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "p521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		t.Fatalf("no key kind %q", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sshPublic(t testing.TB, key crypto.Signer) ssh.PublicKey {
	t.Helper()
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// writeKey writes a private key in OpenSSH's format, encrypted where a
// passphrase is given.
func writeKey(t testing.TB, key crypto.Signer, passphrase string) string {
	t.Helper()
	var block *pem.Block
	var err error
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(key, "ca")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "ca", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, pem.EncodeToMemory(block), 0o600)
}

func writeFile(t testing.TB, data []byte, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca")
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// fileIssuer is an issuer with a CA of an Ed25519 key in a file, or of key.
func fileIssuer(t testing.TB, now func() time.Time, key crypto.Signer) *Issuer {
	t.Helper()
	ca := NewCA(Location{Scheme: File, Path: writeKey(t, key, "")}, CAOptions{})
	return New(Options{CA: ca, Now: now, Random: rand.Reader})
}

// sshOrder is an order from now on for an hour, with changes.
func sshOrder(now time.Time, change func(*policy.SSH)) credential.Order {
	o := credential.Order{
		Grant: grant.Grant{
			ID: "abcdefghijklmnopqrstuvwx23", Kind: grant.SSH, Entitlement: "bastion",
			Ticket: "OPS-7", TicketID: "10007", Principal: "712020:ada",
			Lease: grant.NewLease(now, time.Hour),
		},
		Entitlement: policy.Entitlement{
			Name: "bastion", SSH: &policy.SSH{Logins: []string{"ops"}, Extensions: []string{"permit-pty"}},
		},
	}
	if change != nil {
		change(o.Entitlement.SSH)
	}
	return o
}

func mint(t testing.TB, i *Issuer, o credential.Order) (*credential.SSH, credential.Facts) {
	t.Helper()
	m, err := i.Prepare(context.Background(), o)
	if err != nil {
		t.Fatalf("Prepare: %v (hint: %s)", err, fault.HintOf(err))
	}
	cred, err := m.Mint(context.Background())
	if err != nil {
		t.Fatalf("Mint: %v (hint: %s)", err, fault.HintOf(err))
	}
	return cred.SSH, m.Facts()
}

func certOf(t testing.TB, key *credential.SSH) *ssh.Certificate {
	t.Helper()
	public, comment, _, rest, err := ssh.ParseAuthorizedKey([]byte(key.Certificate))
	if err != nil || len(rest) > 0 || comment != key.KeyID {
		t.Fatalf("the certificate line: %q %q %v", comment, rest, err)
	}
	return public.(*ssh.Certificate)
}

// clientSigner is what a client logs in with.
func clientSigner(t testing.TB, key *credential.SSH) ssh.Signer {
	t.Helper()
	signer, err := ssh.ParsePrivateKey([]byte(key.PrivateKey.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	signer, err = ssh.NewCertSigner(certOf(t, key), signer)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// serveAgent serves an agent on a socket until the test ends.
func serveAgent(t testing.TB, a agent.Agent) (socket string) {
	t.Helper()
	return serveSocket(t, func(c net.Conn) { _ = agent.ServeAgent(a, c) })
}

func serveSocket(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	// Not t.TempDir, whose paths can be longer than a socket's may be.
	dir, err := os.MkdirTemp("", "jit")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		l.Close()
		<-done
		os.RemoveAll(dir)
	})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}

// wantFault requires an error of a class whose text and hint hold words.
func wantFault(t testing.TB, err error, class fault.Class, words ...string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("not a fault.Error: %v", err)
	}
	if fault.ClassOf(err) != class {
		t.Errorf("class %d, want %d: %v", fault.ClassOf(err), class, err)
	}
	if f.Msg == "" || strings.HasSuffix(f.Msg, ".") || strings.Contains(f.Msg, "\n") {
		t.Errorf("not a sentence without a full stop: %q", f.Msg)
	}
	if strings.HasSuffix(f.Hint, ".") || strings.Contains(f.Hint, "\n") {
		t.Errorf("not a hint without a full stop: %q", f.Hint)
	}
	all := err.Error() + " / " + fault.HintOf(err)
	for _, w := range words {
		if !strings.Contains(all, w) {
			t.Errorf("%q is not in: %s", w, all)
		}
	}
}
