package wallet

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"

	"github.com/jitaccess/jit/internal/credential"
)

// errSeal says that a file is not as it was written, or not by this key.
var errSeal = errors.New("its seal is broken: it was changed, or cut short, after it was written")

// aead is AES-256-GCM with a random nonce in front of each ciphertext. A key
// may seal 2^32 messages so (NIST SP 800-38D, 8.3); a wallet sees a few a day.
func (k *key) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.bytes[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal binds a credential to the line that describes it.
func (k *key) seal(line []byte, c credential.Credential) ([]byte, error) {
	plain, err := encodePayload(c)
	if err != nil {
		return nil, err
	}
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, line), nil //nolint:gosec // this AEAD makes the nonce itself, and takes none
}

// unseal returns the credential of a file that seal has made.
func (k *key) unseal(f file) (credential.Credential, error) {
	aead, err := k.aead()
	if err != nil {
		return credential.Credential{}, err
	}
	plain, err := aead.Open(nil, nil, f.sealed, f.line)
	if err != nil {
		return credential.Credential{}, errSeal
	}
	return decodePayload(plain, f.Grant.Kind)
}
