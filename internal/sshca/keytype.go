package sshca

import (
	"crypto"
	"crypto/rsa"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
)

// minRSA is the smallest RSA key that may be a CA, in bits: below it NIST
// SP 800-131A allows no new signatures.
const minRSA = 2048

const keyHint = "a CA is an Ed25519, ECDSA (P-256, P-384, P-521) or RSA key of 2048 bits or more, " +
	"such as ssh-keygen -t ed25519 makes"

// checkKeyType refuses keys that OpenSSH accepts from no CA, or should not.
func checkKeyType(public ssh.PublicKey) error {
	switch public.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		return nil
	case ssh.KeyAlgoRSA:
		if n := rsaBits(public); n < minRSA {
			return fault.New(fault.Config, "the CA's RSA key has %d bits, fewer than %d", n, minRSA).WithHint(keyHint)
		}
		return nil
	}
	if _, ok := public.(*ssh.Certificate); ok {
		return fault.New(fault.Config, "the CA's key is itself a certificate, which cannot sign others").WithHint(keyHint)
	}
	return fault.New(fault.Config, "the CA's key is of type %s, which servers do not accept from a CA", public.Type()).WithHint(keyHint)
}

func rsaBits(public ssh.PublicKey) int {
	if c, ok := public.(ssh.CryptoPublicKey); ok {
		if k, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok {
			return k.N.BitLen()
		}
	}
	return 0
}

// newSigner turns a crypto.Signer into one of SSH, with SHA-512 for RSA:
// OpenSSH since 8.2 takes no SHA-1 from a CA.
func newSigner(signer crypto.Signer) (ssh.Signer, error) {
	s, err := ssh.NewSignerFromSigner(signer)
	if err != nil {
		return nil, fault.Wrap(fault.Config, err, "the CA's key is of a sort that SSH does not know").WithHint(keyHint)
	}
	if err := checkKeyType(s.PublicKey()); err != nil {
		return nil, err
	}
	algorithmic, ok := s.(ssh.AlgorithmSigner)
	if s.PublicKey().Type() != ssh.KeyAlgoRSA || !ok {
		return s, nil
	}
	s, err = ssh.NewSignerWithAlgorithms(algorithmic, []string{ssh.KeyAlgoRSASHA512})
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "set up the CA's RSA key")
	}
	return s, nil
}
