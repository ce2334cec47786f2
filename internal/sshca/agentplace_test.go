package sshca

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// countingAgent counts signatures, and can hang up instead of handing one out.
type countingAgent struct {
	agent.Agent
	signed atomic.Int32
	lose   atomic.Bool
	mu     sync.Mutex
	last   net.Conn
}

func (a *countingAgent) conn(c net.Conn) {
	a.mu.Lock()
	a.last = c
	a.mu.Unlock()
}

// Sign counts.
func (a *countingAgent) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	return a.SignWithFlags(key, data, 0)
}

// SignWithFlags counts.
func (a *countingAgent) SignWithFlags(key ssh.PublicKey, data []byte, flags agent.SignatureFlags) (*ssh.Signature, error) {
	sig, err := a.Agent.(agent.ExtendedAgent).SignWithFlags(key, data, flags)
	if err == nil {
		a.signed.Add(1)
	}
	if a.lose.Load() {
		a.mu.Lock()
		a.last.Close()
		a.mu.Unlock()
	}
	return sig, err
}

// Extension is not there.
func (a *countingAgent) Extension(string, []byte) ([]byte, error) {
	return nil, agent.ErrExtensionUnsupported
}

func agentIssuer(socket, fingerprint string) *Issuer {
	l := Location{Scheme: Agent, Fingerprint: fingerprint}
	return New(Options{CA: NewCA(l, CAOptions{AgentSocket: socket}), Now: fixed(epoch), Random: rand.Reader})
}

func TestAgentSignsWithEveryKind(t *testing.T) {
	t.Parallel()
	ring := agent.NewKeyring()
	socket := serveAgent(t, ring)
	for _, kind := range []string{"p256", "ed25519", "rsa", "p384", "p521"} {
		key := newPrivate(t, kind)
		if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
			t.Fatal(err)
		}
		issuer := agentIssuer(socket, ssh.FingerprintSHA256(sshPublic(t, key)))
		cred, _ := mint(t, issuer, sshOrder(epoch, nil))
		checkCert(t, certOf(t, cred), sshPublic(t, key))
		if health, err := issuer.Check(t.Context()); err != nil || !strings.HasPrefix(health.Location, "agent:SHA256:") {
			t.Errorf("%s: %+v, %v", kind, health, err)
		}
	}
}

func TestAgentThatIsMissing(t *testing.T) {
	t.Parallel()
	for socket, word := range map[string]string{
		"":                                 "SSH_AUTH_SOCK is not set",
		filepath.Join(t.TempDir(), "none"): "cannot be reached",
	} {
		_, err := agentIssuer(socket, someFingerprint).Prepare(t.Context(), sshOrder(epoch, nil))
		wantFault(t, err, fault.Issuer, word, "ssh-agent")
	}
}

func TestAgentWithoutTheKey(t *testing.T) {
	t.Parallel()
	ring := agent.NewKeyring()
	socket := serveAgent(t, ring)
	key := newPrivate(t, "ed25519")
	// A certificate of the CA's key is not the CA's key.
	cert := &ssh.Certificate{Key: sshPublic(t, key), CertType: ssh.UserCert, ValidPrincipals: []string{"ada"}, ValidBefore: ssh.CertTimeInfinity}
	signer, err := ssh.NewSignerFromSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.SignCert(rand.Reader, signer); err != nil {
		t.Fatal(err)
	}
	if err := ring.Add(agent.AddedKey{PrivateKey: key, Certificate: cert}); err != nil {
		t.Fatal(err)
	}
	for _, fingerprint := range []string{someFingerprint, ssh.FingerprintSHA256(cert)} {
		_, err := agentIssuer(socket, fingerprint).Check(t.Context())
		wantFault(t, err, fault.Issuer, "does not hold", "lists 1 keys", "ssh-add")
	}
}

func TestAgentThatIsLockedAfterwards(t *testing.T) {
	t.Parallel()
	ring, key := agent.NewKeyring(), newPrivate(t, "ed25519")
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	m, err := agentIssuer(serveAgent(t, ring), ssh.FingerprintSHA256(sshPublic(t, key))).Prepare(t.Context(), sshOrder(epoch, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	_, err = m.Mint(t.Context())
	wantFault(t, err, fault.Issuer, "refused to sign", "ssh-add -X")
	if credential.IsUnknown(err) {
		t.Error("a refusal came out as unknown")
	}
}

// oldAgent does not know the flags for SHA-2.
type oldAgent struct{ agent.Agent }

func TestAgentThatSignsWithSHA1(t *testing.T) {
	t.Parallel()
	ring, key := agent.NewKeyring(), newPrivate(t, "rsa")
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	socket := serveSocket(t, func(c net.Conn) { serveIgnoringFlags(c, oldAgent{ring}) })
	m, err := agentIssuer(socket, ssh.FingerprintSHA256(sshPublic(t, key))).Prepare(t.Context(), sshOrder(epoch, nil))
	if err != nil {
		t.Fatal(err)
	}
	cred, err := m.Mint(t.Context())
	wantFault(t, err, fault.Issuer, "ssh-rsa", "rsa-sha2-512", "Ed25519")
	if cred.SSH != nil {
		t.Error("there is a credential")
	}
}

// serveIgnoringFlags clears the flags of each request to sign, which are its
// last four bytes.
func serveIgnoringFlags(c net.Conn, a agent.Agent) {
	for {
		var size [4]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(c, body); err != nil {
			return
		}
		if body[0] == 13 {
			copy(body[len(body)-4:], make([]byte, 4))
		}
		var reply bytes.Buffer
		request := bytes.NewReader(append(size[:], body...))
		_ = agent.ServeAgent(a, struct {
			io.Reader
			io.Writer
		}{request, &reply})
		if _, err := c.Write(reply.Bytes()); err != nil {
			return
		}
	}
}

// answers serves replies that are given, whatever is asked.
func answers(replies ...string) func(net.Conn) {
	return func(c net.Conn) {
		for _, reply := range replies {
			var size [4]byte
			if _, err := io.ReadFull(c, size[:]); err != nil {
				return
			}
			if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(size[:]))); err != nil {
				return
			}
			if _, err := io.WriteString(c, reply); err != nil {
				return
			}
		}
	}
}

func TestAgentThatTalksNonsense(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"hangs up": "", "refuses": failureReply, "wrong type": "\x00\x00\x00\x01\x06", "empty": "\x00\x00\x00\x00",
		"huge": "\xff\xff\xff\xff", "cut": "\x00\x00\x00\x09\x0c\x00", "bad list": "\x00\x00\x00\x05\x0c\xff\xff\xff\xff",
	} {
		socket := serveSocket(t, answers(reply))
		_, err := agentIssuer(socket, someFingerprint).Check(t.Context())
		wantFault(t, err, fault.Issuer, "does not list")
		public := sshPublic(t, newPrivate(t, "ed25519"))
		signer := &agentSigner{ctx: t.Context(), socket: socket, public: public}
		_, err = signer.Sign(nil, []byte("x"))
		if credential.IsUnknown(err) == (name == "refuses") {
			t.Errorf("%s: unknown %t: %v", name, credential.IsUnknown(err), err)
		}
		wantFault(t, err, fault.Issuer)
	}
}

func TestAgentThatHangsEndsWithTheContext(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 2)
	socket := serveSocket(t, func(c net.Conn) {
		var b [1]byte
		_, _ = c.Read(b[:])
		asked <- struct{}{}
		_, _ = io.Copy(io.Discard, c) // until the client hangs up
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	_, err := agentIssuer(socket, someFingerprint).Prepare(ctx, sshOrder(epoch, nil))
	wantFault(t, err, fault.Cancelled)

	ctx, cancel = context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	signer := &agentSigner{ctx: ctx, socket: socket, public: sshPublic(t, newPrivate(t, "ed25519"))}
	if _, err = signer.Sign(nil, []byte("x")); !credential.IsUnknown(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want unknown and cancelled", err)
	}
}

func TestAgentSignerKeepsToItsAlgorithm(t *testing.T) {
	t.Parallel()
	signer := &agentSigner{ctx: t.Context(), public: sshPublic(t, newPrivate(t, "ed25519"))}
	_, err := signer.SignWithAlgorithm(nil, nil, ssh.KeyAlgoRSASHA256)
	wantFault(t, err, fault.Internal)
}

// securityKey is an agent with an Ed25519 key in hardware, which signs as
// OpenSSH's PROTOCOL.u2f says.
type securityKey struct {
	agent.Agent
	private ed25519.PrivateKey
}

const skApplication = "ssh:"

func (k *securityKey) blob() []byte {
	return ssh.Marshal(struct {
		Type   string
		Public []byte
		App    string
	}{ssh.KeyAlgoSKED25519, k.private.Public().(ed25519.PublicKey), skApplication})
}

// List lists the key.
func (k *securityKey) List() ([]*agent.Key, error) {
	return []*agent.Key{{Format: ssh.KeyAlgoSKED25519, Blob: k.blob()}}, nil
}

// Sign signs as if it had been touched.
func (k *securityKey) Sign(_ ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	app, message := sha256.Sum256([]byte(skApplication)), sha256.Sum256(data)
	tail := []byte{1, 0, 0, 0, 9} // touched, and a counter
	signed := append(append(append([]byte{}, app[:]...), tail...), message[:]...)
	return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: ed25519.Sign(k.private, signed), Rest: tail}, nil
}

func TestAgentWithASecurityKey(t *testing.T) {
	t.Parallel()
	key := &securityKey{private: newPrivate(t, "ed25519").(ed25519.PrivateKey)}
	public, err := ssh.ParsePublicKey(key.blob())
	if err != nil {
		t.Fatal(err)
	}
	cred, _ := mint(t, agentIssuer(serveAgent(t, key), ssh.FingerprintSHA256(public)), sshOrder(epoch, nil))
	checkCert(t, certOf(t, cred), public)
}

// realAgent starts OpenSSH's ssh-agent until the test ends.
func realAgent(t *testing.T) (socket string) {
	t.Helper()
	program := tool(t, "ssh-agent")
	socket = serveSocket(t, func(net.Conn) {}) + "-real" // in a directory with a short name
	cmd := exec.Command(program, "-D", "-a", socket)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	// It prints how to reach it once it listens.
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return socket
}

func TestRealAgentSigns(t *testing.T) {
	t.Parallel()
	socket := realAgent(t)
	add := tool(t, "ssh-add")
	for _, kind := range []string{"ed25519", "p384", "rsa"} {
		key := newPrivate(t, kind)
		cmd := exec.Command(add, "-q", writeKey(t, key, ""))
		cmd.Env = []string{"SSH_AUTH_SOCK=" + socket}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		cred, _ := mint(t, agentIssuer(socket, ssh.FingerprintSHA256(sshPublic(t, key))), sshOrder(epoch, nil))
		checkCert(t, certOf(t, cred), sshPublic(t, key))
	}
	_, err := agentIssuer(socket, someFingerprint).Check(t.Context())
	wantFault(t, err, fault.Issuer, "lists 3 keys")
}
