package sshca

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// minting is a certificate that is settled and not signed.
type minting struct {
	issuer *Issuer
	ca     *key
	order  credential.Order
	body   *ssh.Certificate
	facts  credential.Facts
	// private returns the grant's key: a function, because fmt prints the bytes
	// of an unexported field and asks none of its methods.
	private func() ed25519.PrivateKey
}

// Facts are what the record tells.
func (m *minting) Facts() credential.Facts { return m.facts }

// Mint has the CA sign, and releases nothing that it has not verified.
func (m *minting) Mint(ctx context.Context) (credential.Credential, error) {
	if err := ctx.Err(); err != nil {
		return credential.Credential{}, stopped(err)
	}
	signer, err := m.ca.bind(ctx)
	if err != nil {
		return credential.Credential{}, asIssuer(err, "the CA cannot be opened")
	}
	cert := *m.body
	if err := cert.SignCert(m.issuer.random, signer); err != nil {
		if credential.IsUnknown(err) {
			return credential.Credential{}, err
		}
		return credential.Credential{}, asIssuer(err, "the CA did not sign")
	}
	if err := m.verify(&cert); err != nil {
		return credential.Credential{}, m.distrust(err)
	}
	private, err := ssh.MarshalPrivateKey(m.private(), cert.KeyId)
	if err != nil {
		return credential.Credential{}, fault.Wrap(fault.Issuer, err, "the grant's key could not be encoded")
	}
	return credential.Credential{SSH: &credential.SSH{
		PrivateKey:  credential.NewSecret(string(pem.EncodeToMemory(private))),
		Certificate: authorizedKey(&cert) + " " + cert.KeyId,
		Logins:      slices.Clone(m.order.Entitlement.SSH.Logins),
		Hosts:       slices.Clone(m.order.Entitlement.SSH.Hosts),
		Serial:      cert.Serial,
		KeyID:       cert.KeyId,
		ExpiresAt:   m.facts.Lease.ExpiresAt,
	}}, nil
}

// verify reads the certificate as a server would, and requires that it says
// what was settled and is signed by the key that it names.
func (m *minting) verify(signed *ssh.Certificate) error {
	public, err := ssh.ParsePublicKey(signed.Marshal())
	if err != nil {
		return err
	}
	cert, ok := public.(*ssh.Certificate)
	if !ok {
		return errors.New("what was signed is not a certificate")
	}
	want := *m.body
	want.Nonce = cert.Nonce
	if len(cert.Nonce) != len(m.body.Nonce) || !bytes.Equal(signedPart(cert), signedPart(&want)) {
		return errors.New("the certificate does not say what was asked for")
	}
	if cert.Signature.Format == ssh.KeyAlgoRSA {
		return errors.New("the signature uses SHA-1, which servers refuse")
	}
	checker := ssh.CertChecker{
		SupportedCriticalOptions: []string{"source-address", "force-command"},
		Clock:                    func() time.Time { return m.facts.Lease.NotBefore },
	}
	return checker.CheckCert(cert.ValidPrincipals[0], cert)
}

// distrust is the error for a certificate that was signed and is no good.
func (m *minting) distrust(err error) error {
	if m.ca.distrust != nil {
		err = errors.Join(err, m.ca.distrust())
	}
	return fault.Wrap(fault.Issuer, oneLine{err}, "the CA's signature does not verify, so the certificate was thrown away").
		WithHint("the CA's key may have changed: ask again, and compare it with what servers trust (jit doctor shows it)")
}

// oneLine shows joined errors in one sentence.
type oneLine struct{ error }

// Error joins the lines of the error.
func (e oneLine) Error() string {
	return string(bytes.ReplaceAll([]byte(e.error.Error()), []byte("\n"), []byte("; ")))
}

// Unwrap returns the error.
func (e oneLine) Unwrap() error { return e.error }
