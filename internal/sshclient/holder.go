package sshclient

import (
	"crypto/rand"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// holder is an agent of one certificate.
type holder struct {
	readOnly
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
		return nil, errNoKey
	}
	return h.signer.Sign(rand.Reader, data)
}
