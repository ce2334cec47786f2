package sshca

import (
	"context"
	"crypto"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

const kmsKeyHint = "the CA needs a KMS key with usage SIGN_VERIFY and spec ECC_NIST_EDWARDS25519, " +
	"ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521 or RSA_2048 to RSA_4096"

// kmsSigning is how a key signs for SSH.
type kmsSigning struct {
	algorithm types.SigningAlgorithmSpec
	sshType   string
	hash      crypto.Hash // of the digest; 0 with raw
	raw       bool        // KMS takes the body instead of a digest
}

// signingOf maps the key specs of KMS to SSH's algorithms: RFC 5656 fixes the
// hash of each curve, RFC 8709 and 8332 those of Ed25519 and RSA.
func signingOf(spec string) (kmsSigning, bool) {
	switch types.KeySpec(spec) {
	case types.KeySpecEccNistEdwards25519:
		return kmsSigning{types.SigningAlgorithmSpecEd25519Sha512, ssh.KeyAlgoED25519, 0, true}, true
	case types.KeySpecEccNistP256:
		return kmsSigning{types.SigningAlgorithmSpecEcdsaSha256, ssh.KeyAlgoECDSA256, crypto.SHA256, false}, true
	case types.KeySpecEccNistP384:
		return kmsSigning{types.SigningAlgorithmSpecEcdsaSha384, ssh.KeyAlgoECDSA384, crypto.SHA384, false}, true
	case types.KeySpecEccNistP521:
		return kmsSigning{types.SigningAlgorithmSpecEcdsaSha512, ssh.KeyAlgoECDSA521, crypto.SHA512, false}, true
	case types.KeySpecRsa2048, types.KeySpecRsa3072, types.KeySpecRsa4096:
		return kmsSigning{types.SigningAlgorithmSpecRsassaPkcs1V15Sha512, ssh.KeyAlgoRSA, crypto.SHA512, false}, true
	}
	return kmsSigning{}, false
}

// readPublic refuses keys that cannot sign for SSH.
func readPublic(out *kms.GetPublicKeyOutput) (*kmsPublic, error) {
	if out.KeyUsage != types.KeyUsageTypeSignVerify {
		return nil, fault.New(fault.Config, "the CA's key in KMS has the usage %s, so it cannot sign", ticket.Clean(string(out.KeyUsage))).
			WithHint(kmsKeyHint)
	}
	public := &kmsPublic{Spec: ticket.Clean(string(out.KeySpec)), DER: out.PublicKey}
	if out.KeyId != nil {
		public.ARN = *out.KeyId
	}
	if err := public.read(); err != nil {
		return nil, err
	}
	if !slices.Contains(out.SigningAlgorithms, public.signing.algorithm) {
		return nil, fault.New(fault.Config, "the CA's key in KMS does not sign with %s", public.signing.algorithm).WithHint(kmsKeyHint)
	}
	return public, nil
}

// kmsSigner is a crypto.Signer for one signature, whose call ends with ctx.
type kmsSigner struct {
	ctx    context.Context
	place  *kmsPlace
	public *kmsPublic
}

// Public returns the CA's key.
func (s *kmsSigner) Public() crypto.PublicKey { return s.public.public }

// Sign has KMS sign a digest or, for Ed25519, the body itself.
func (s *kmsSigner) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != s.public.signing.hash {
		return nil, fault.New(fault.Internal, "a digest of %s was given to a KMS key that takes %s", opts.HashFunc(), s.public.signing.hash)
	}
	ctx, cancel := context.WithTimeout(s.ctx, kmsTimeout)
	defer cancel()
	client, err := s.place.connect(ctx)
	if err != nil {
		return nil, err
	}
	in := kms.SignInput{
		KeyId:            &s.place.location.KeyID,
		Message:          message,
		MessageType:      types.MessageTypeDigest,
		SigningAlgorithm: s.public.signing.algorithm,
	}
	if s.public.signing.raw {
		in.MessageType = types.MessageTypeRaw
	}
	var sent sending
	out, err := client.Sign(ctx, &in, sent.watch)
	if err != nil {
		return nil, lostOrRefused(ctx, err, &sent, s.place.location)
	}
	return out.Signature, s.moved(out)
}

// moved tells an alias that now points at another key, which a cached public
// key does not show.
func (s *kmsSigner) moved(out *kms.SignOutput) error {
	if out.KeyId == nil || *out.KeyId == s.public.ARN || !strings.HasPrefix(s.public.ARN, "arn:") || !strings.HasPrefix(*out.KeyId, "arn:") {
		return nil
	}
	err := fault.New(fault.Issuer, "%s points at another key than when its public key was last read", s.place.location.KeyID).
		WithHint("ask again: the public key is read afresh, and servers must trust it")
	if forgetErr := s.place.forget(s.public); forgetErr != nil {
		err.Err = fmt.Errorf("the cached public key could not be dropped: %w", forgetErr)
	}
	return err
}
