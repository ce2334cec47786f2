package fakekms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
)

// maxMessage is the longest message that Sign takes raw, in bytes.
const maxMessage = 4096

// request is the body of either operation.
type request struct {
	KeyID            string `json:"KeyId"`
	Message          []byte
	MessageType      string
	SigningAlgorithm string
}

type key struct {
	arn, spec, algorithm string
	private              crypto.Signer
	public               []byte // SubjectPublicKeyInfo, DER
	disabled             bool
}

func newKey(private crypto.Signer) (*key, error) {
	k := &key{private: private}
	switch p := private.(type) {
	case ed25519.PrivateKey:
		k.spec, k.algorithm = "ECC_NIST_EDWARDS25519", "ED25519_SHA_512"
	case *ecdsa.PrivateKey:
		if p.Curve != elliptic.P256() {
			return nil, fmt.Errorf("curve %s is not held here", p.Curve.Params().Name)
		}
		k.spec, k.algorithm = "ECC_NIST_P256", "ECDSA_SHA_256"
	default:
		return nil, errors.New("only Ed25519 and P-256 keys are held here")
	}
	var err error
	k.public, err = x509.MarshalPKIXPublicKey(private.Public())
	return k, err
}

type publicKey struct {
	KeyID             string `json:"KeyId"`
	PublicKey         []byte
	KeySpec           string
	KeyUsage          string
	SigningAlgorithms []string
}

func (k *key) publicKey() publicKey {
	return publicKey{
		KeyID: k.arn, PublicKey: k.public, KeySpec: k.spec,
		KeyUsage: "SIGN_VERIFY", SigningAlgorithms: []string{k.algorithm},
	}
}

type signature struct {
	KeyID            string `json:"KeyId"`
	Signature        []byte
	SigningAlgorithm string
}

func (k *key) sign(in request) (any, error) {
	if in.SigningAlgorithm != k.algorithm {
		return nil, errorf("InvalidKeyUsageException", "The algorithm %s is not supported by key %s.", in.SigningAlgorithm, k.arn)
	}
	if len(in.Message) == 0 || len(in.Message) > maxMessage {
		return nil, errorf("ValidationException", "1 validation error detected: Value at 'message' failed to satisfy "+
			"constraint: Member must have length between 1 and %d", maxMessage)
	}
	message, hash := in.Message, crypto.Hash(0)
	if k.algorithm == "ECDSA_SHA_256" {
		digest, err := digestOf(in)
		if err != nil {
			return nil, err
		}
		message, hash = digest, crypto.SHA256
	} else if in.MessageType == "DIGEST" {
		return nil, errorf("ValidationException", "The message type DIGEST is not valid for the algorithm %s.", k.algorithm)
	}
	sig, err := k.private.Sign(rand.Reader, message, hash)
	if err != nil {
		return nil, err
	}
	return signature{KeyID: k.arn, Signature: sig, SigningAlgorithm: k.algorithm}, nil
}

// digestOf returns what ECDSA signs: the digest as given, or that of the body.
func digestOf(in request) ([]byte, error) {
	if in.MessageType != "DIGEST" {
		sum := sha256.Sum256(in.Message)
		return sum[:], nil
	}
	if len(in.Message) != sha256.Size {
		return nil, errorf("ValidationException", "Digest is invalid length for algorithm ECDSA_SHA_256.")
	}
	return in.Message, nil
}
