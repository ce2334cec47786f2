package sshca

import (
	"context"
	"io"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// signTimeout bounds a signature of the agent, which may ask its user to
// confirm it or to touch a security key.
const signTimeout = time.Minute

// agentPlace is a CA's key that ssh-agent holds.
type agentPlace struct {
	socket      string
	fingerprint string
}

func (p *agentPlace) open(ctx context.Context) (*key, error) {
	public, err := p.find(ctx)
	if err != nil {
		return nil, err
	}
	return &key{
		public: public,
		bind: func(ctx context.Context) (ssh.Signer, error) {
			return &agentSigner{ctx: ctx, socket: p.socket, public: public}, nil
		},
	}, nil
}

func (p *agentPlace) inspect(ctx context.Context) (ssh.PublicKey, string, error) {
	public, err := p.find(ctx)
	return public, "", err
}

// find looks for the key with the fingerprint among those of the agent.
func (p *agentPlace) find(ctx context.Context) (ssh.PublicKey, error) {
	conn, err := dialAgent(ctx, p.socket, agentTimeout)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	held, err := conn.List()
	if err != nil {
		return nil, fault.Wrap(fault.Issuer, conn.why(err), "ssh-agent does not list its keys").WithHint(agentHint)
	}
	for _, k := range held {
		public, err := ssh.ParsePublicKey(k.Blob)
		if err != nil {
			continue // a sort of key that we do not know is not ours
		}
		if _, cert := public.(*ssh.Certificate); cert || ssh.FingerprintSHA256(public) != p.fingerprint {
			continue
		}
		if err := checkKeyType(public); err != nil {
			return nil, err
		}
		return public, nil
	}
	return nil, fault.New(fault.Issuer, "ssh-agent does not hold the CA's key %s (it lists %d keys)", p.fingerprint, len(held)).
		WithHint("add the CA's key with ssh-add; a locked agent lists none until ssh-add -X")
}

// agentSigner has the agent sign. The context is a field because ssh.Signer
// has no room for one; a signer lives for one signature.
type agentSigner struct {
	ctx    context.Context
	socket string
	public ssh.PublicKey
}

var _ ssh.AlgorithmSigner = (*agentSigner)(nil)

// PublicKey returns the CA's key.
func (s *agentSigner) PublicKey() ssh.PublicKey { return s.public }

// Sign signs with the algorithm of the key, and SHA-512 for RSA.
func (s *agentSigner) Sign(random io.Reader, data []byte) (*ssh.Signature, error) {
	algorithm := s.public.Type()
	if algorithm == ssh.KeyAlgoRSA {
		algorithm = ssh.KeyAlgoRSASHA512
	}
	return s.SignWithAlgorithm(random, data, algorithm)
}

// SignWithAlgorithm signs with rsa-sha2-512, or what the key's type says.
func (s *agentSigner) SignWithAlgorithm(_ io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	var flags agent.SignatureFlags
	if algorithm == ssh.KeyAlgoRSASHA512 {
		flags = agent.SignatureFlagRsaSha512
	} else if algorithm != s.public.Type() {
		return nil, fault.New(fault.Internal, "a CA's key of type %s was asked for %s", s.public.Type(), algorithm)
	}
	conn, err := dialAgent(s.ctx, s.socket, signTimeout)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	sig, err := conn.SignWithFlags(s.public, data, flags)
	switch {
	case err == nil && sig.Format != algorithm:
		return nil, fault.New(fault.Issuer, "ssh-agent signed with %s instead of %s", sig.Format, algorithm).
			WithHint("use an Ed25519 key for the CA, or an agent that knows SHA-2 for RSA")
	case err == nil:
		return sig, nil
	case conn.refused():
		return nil, fault.New(fault.Issuer, "ssh-agent refused to sign with the CA's key").
			WithHint("it may be locked (ssh-add -X), or its user did not confirm; ssh-add -l lists what it holds")
	}
	return nil, &credential.UnknownError{Err: fault.Wrap(fault.Issuer,
		conn.why(err), "ssh-agent did not answer when asked to sign")}
}
