package sshclient

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

const (
	dirPrefix  = "jit-ssh-"
	socketName = "agent"
	publicName = "id-cert.pub"
)

// Agent serves one key on a socket of its own until it is closed. The private
// key is in memory only.
type Agent struct {
	dir      string
	listener net.Listener
}

// Serve starts an agent for a grant's key in a new directory below parent. It
// refuses to sign once the certificate has expired by now. What a killed process
// has left in parent is removed.
func Serve(ctx context.Context, parent string, key credential.SSH, now func() time.Time) (*Agent, error) {
	held, err := newHolder(key, now)
	if err != nil {
		return nil, err
	}
	sweep(ctx, parent, now())
	dir, err := os.MkdirTemp(parent, dirPrefix) // of mode 0700
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the key cannot be served").WithHint("look at the permissions of %s", parent)
	}
	a := &Agent{dir: dir}
	var c net.ListenConfig
	a.listener, err = c.Listen(ctx, "unix", a.Socket())
	if err == nil {
		err = os.WriteFile(a.Public(), []byte(key.Certificate+"\n"), 0o600)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Internal, errors.Join(err, a.Close()), "the key cannot be served").
			WithHint("look at the permissions of %s and whether its path is short enough for a socket", parent)
	}
	go a.accept(held)
	return a, nil
}

// Socket is where the agent listens.
func (a *Agent) Socket() string { return filepath.Join(a.dir, socketName) }

// Public is a file with the certificate, which has nothing secret.
func (a *Agent) Public() string { return filepath.Join(a.dir, publicName) }

// Close ends the agent and removes its directory.
func (a *Agent) Close() error {
	var closed error
	if a.listener != nil {
		closed = a.listener.Close()
	}
	return errors.Join(closed, os.RemoveAll(a.dir))
}

// accept serves connections until the listener is closed.
func (a *Agent) accept(held agent.Agent) {
	for {
		conn, err := a.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close() }()
			_ = agent.ServeAgent(held, conn) // it ends with the client
		}()
	}
}

// staleAfter is how old a directory is before it may be swept: one that is
// younger may have no socket yet.
const staleAfter = time.Minute

// sweep removes directories of agents that nobody serves any more. What cannot
// be removed is somebody else's, and is left.
func sweep(ctx context.Context, parent string, now time.Time) {
	found, err := filepath.Glob(filepath.Join(parent, dirPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range found {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || now.Sub(info.ModTime()) < staleAfter {
			continue
		}
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", filepath.Join(dir, socketName))
		if err == nil {
			_ = conn.Close()
			continue
		}
		_ = os.RemoveAll(dir)
	}
}

// errReadOnly is the answer to whoever would change the agent.
var errReadOnly = errors.New("this agent serves one key and takes no changes")

// holder is an agent of one certificate.
type holder struct {
	signer  ssh.AlgorithmSigner
	cert    *ssh.Certificate
	expires time.Time
	now     func() time.Time
}

var _ agent.ExtendedAgent = (*holder)(nil)

func newHolder(key credential.SSH, now func() time.Time) (*holder, error) {
	private, err := ssh.ParsePrivateKey([]byte(key.PrivateKey.Reveal()))
	if err != nil {
		return nil, fault.New(fault.Internal, "the grant's private key does not read back")
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key.Certificate))
	cert, ok := public.(*ssh.Certificate)
	if err != nil || !ok || string(cert.Key.Marshal()) != string(private.PublicKey().Marshal()) {
		return nil, fault.New(fault.Internal, "the grant's certificate does not read back")
	}
	signer, ok := private.(ssh.AlgorithmSigner)
	if !ok {
		return nil, fault.New(fault.Internal, "the grant's private key cannot sign")
	}
	return &holder{signer: signer, cert: cert, expires: key.ExpiresAt, now: now}, nil
}

func (h *holder) over() bool { return !h.now().Before(h.expires) }

// List returns the certificate, and nothing once it has expired.
func (h *holder) List() ([]*agent.Key, error) {
	if h.over() {
		return nil, nil
	}
	return []*agent.Key{{Format: h.cert.Type(), Blob: h.cert.Marshal(), Comment: h.cert.KeyId}}, nil
}

// Sign signs for the certificate.
func (h *holder) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	return h.SignWithFlags(key, data, 0)
}

// SignWithFlags signs for the certificate; the flags are for RSA keys, which
// grants have none of.
func (h *holder) SignWithFlags(key ssh.PublicKey, data []byte, _ agent.SignatureFlags) (*ssh.Signature, error) {
	if h.over() || string(key.Marshal()) != string(h.cert.Marshal()) {
		return nil, errors.New("this agent has no such key")
	}
	return h.signer.Sign(rand.Reader, data)
}

// Add and its like are refused.
func (h *holder) Add(agent.AddedKey) error { return errReadOnly }

// Remove is refused.
func (h *holder) Remove(ssh.PublicKey) error { return errReadOnly }

// RemoveAll is refused.
func (h *holder) RemoveAll() error { return errReadOnly }

// Lock is refused.
func (h *holder) Lock([]byte) error { return errReadOnly }

// Unlock is refused.
func (h *holder) Unlock([]byte) error { return errReadOnly }

// Signers gives none: the key is for whoever speaks the protocol.
func (h *holder) Signers() ([]ssh.Signer, error) { return nil, errReadOnly }

// Extension knows none. OpenSSH asks to bind a session to a host, which tells an
// agent where it is forwarded; see Resolved.Forwarding for why this one is not.
func (h *holder) Extension(string, []byte) ([]byte, error) { return nil, agent.ErrExtensionUnsupported }
