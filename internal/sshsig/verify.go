package sshsig

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"
)

// What Verify refuses, to be told apart with errors.Is.
var (
	// ErrMalformed says that the bytes are no signature.
	ErrMalformed = errors.New("this is no SSH signature")
	// ErrNamespace says that the signature was made for another purpose.
	ErrNamespace = errors.New("the signature is for another namespace")
	// ErrMismatch says that the message is not the one that was signed.
	ErrMismatch = errors.New("the signature does not fit what it should sign")
	// ErrNotAllowed says that the signature holds, and whoever made it is not
	// allowed to: not listed, not for the namespace, or not at the time.
	ErrNotAllowed = errors.New("the key that signed is not allowed to")
)

// Verify says who of the allowed signers signed a message for a namespace. At is
// the time that their valid-after and valid-before are held against. The error
// is one of those above, with what is wrong.
func Verify(message, armored []byte, namespace string, allowed []Signer, at time.Time) (Signer, error) {
	b, err := unarmor(armored)
	if err != nil {
		return Signer{}, err
	}
	if b.Namespace != namespace {
		return Signer{}, fmt.Errorf("%w: %q, not %q", ErrNamespace, b.Namespace, namespace)
	}
	public, err := ssh.ParsePublicKey(b.PublicKey)
	if err != nil {
		return Signer{}, fmt.Errorf("%w: its key: %w", ErrMalformed, err)
	}
	if _, ok := public.(*ssh.Certificate); ok {
		return Signer{}, fmt.Errorf("%w: it is by a certificate, and only plain keys are taken", ErrNotAllowed)
	}
	if err := b.verify(public, message); err != nil {
		return Signer{}, err
	}
	return find(allowed, public, namespace, at)
}

func (b blob) verify(public ssh.PublicKey, message []byte) error {
	s, err := b.signature()
	if err != nil {
		return err
	}
	if s.Format == ssh.KeyAlgoRSA {
		return fmt.Errorf("%w: %w", ErrMismatch, errWeak)
	}
	data, err := toSign(b.Namespace, b.Hash, message)
	if err != nil {
		return err
	}
	if err := public.Verify(data, s); err != nil {
		return fmt.Errorf("%w: %w", ErrMismatch, err)
	}
	return nil
}

// find returns the first signer who has the key and is allowed to use it so. The
// error tells of the last one who has it and is not.
func find(allowed []Signer, public ssh.PublicKey, namespace string, at time.Time) (Signer, error) {
	fingerprint := ssh.FingerprintSHA256(public)
	err := fmt.Errorf("%w: %s is not listed", ErrNotAllowed, fingerprint)
	for _, s := range allowed {
		if s.Fingerprint() != fingerprint {
			continue
		}
		why := s.refuses(namespace, at)
		if why == "" {
			return s, nil
		}
		err = fmt.Errorf("%w: %s %s", ErrNotAllowed, fingerprint, why)
	}
	return Signer{}, err
}
