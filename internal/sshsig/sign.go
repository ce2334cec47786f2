package sshsig

import (
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// Sign signs a message for a namespace and returns the armored signature, with
// SHA-512 and, for RSA, rsa-sha2-512. The signer may be a key in memory, in an
// agent or in KMS; its errors are passed on.
func Sign(signer ssh.Signer, namespace string, message []byte) ([]byte, error) {
	if namespace == "" {
		return nil, errors.New("a signature needs a namespace")
	}
	const hash = "sha512"
	data, err := toSign(namespace, hash, message)
	if err != nil {
		return nil, err
	}
	public := signer.PublicKey()
	s, err := signWith(signer, algorithmFor(public.Type()), data)
	if err != nil {
		return nil, err
	}
	// A key that an agent or KMS swapped would be found out by readers only.
	if err := public.Verify(data, s); err != nil {
		return nil, fmt.Errorf("the signature does not verify with the key that made it: %w", err)
	}
	return armor(blob{
		Version: version, PublicKey: public.Marshal(), Namespace: namespace, Hash: hash, Signature: ssh.Marshal(s),
	}), nil
}

func signWith(signer ssh.Signer, algorithm string, data []byte) (*ssh.Signature, error) {
	if algorithm == signer.PublicKey().Type() {
		return signer.Sign(rand.Reader, data)
	}
	chooser, ok := signer.(ssh.AlgorithmSigner)
	if !ok {
		return nil, fmt.Errorf("the key cannot sign with %s", algorithm)
	}
	return chooser.SignWithAlgorithm(rand.Reader, data, algorithm)
}
