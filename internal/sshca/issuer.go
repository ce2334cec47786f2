package sshca

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/pkg/audit"
)

// Options are what an Issuer is made of; all are required.
type Options struct {
	CA     *CA
	Now    func() time.Time
	Random io.Reader // cryptographic
}

// Issuer mints SSH certificates. It is safe for concurrent use.
type Issuer struct {
	ca     *CA
	now    func() time.Time
	random io.Reader
}

// New returns an issuer; it opens nothing yet.
func New(o Options) *Issuer {
	return &Issuer{ca: o.CA, now: o.Now, random: &serialReader{r: o.Random}}
}

// serialReader lets concurrent requests share a source that need not be safe
// for that.
type serialReader struct {
	mu sync.Mutex
	r  io.Reader
}

// Read reads from the source, one caller at a time.
func (s *serialReader) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Read(p)
}

// Warm opens the connection to KMS where the CA's key is there.
func (i *Issuer) Warm(ctx context.Context) { i.ca.warm(ctx) }

// Check says whether the CA can be opened; see CA.Check.
func (i *Issuer) Check(ctx context.Context) (Health, error) { return i.ca.Check(ctx) }

// PublicKey returns the CA's key as a line for TrustedUserCAKeys. It asks the
// user nothing and signs nothing.
func (i *Issuer) PublicKey(ctx context.Context) (string, error) {
	h, err := i.ca.Check(ctx)
	return h.PublicKey, err
}

// Prepare opens the CA, which may ask the user for a passphrase, makes the
// grant's key and settles everything that the certificate will say. It fails
// with a fault.Error and signs nothing.
func (i *Issuer) Prepare(ctx context.Context, order credential.Order) (credential.Minting, error) {
	if err := checkOrder(order); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, stopped(err)
	}
	ca, err := i.ca.place.open(ctx)
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil, stopped(err)
		}
		return nil, asIssuer(err, "the CA cannot be opened")
	}
	// After the user was asked, which takes as long as the user does.
	if now := i.now(); !order.Grant.ExpiresAt.After(now) {
		return nil, fault.New(fault.Issuer, "the lease ended before the certificate could be signed").
			WithHint("ask again")
	}
	private, err := i.newKey()
	if err != nil {
		return nil, err
	}
	serial, err := i.newSerial()
	if err != nil {
		return nil, err
	}
	body, err := newBody(order, private.Public(), serial, ca)
	if err != nil {
		return nil, err
	}
	m := &minting{issuer: i, ca: ca, order: order, body: body}
	m.private = func() ed25519.PrivateKey { return private }
	m.facts = factsOf(body, order.Grant.Lease, ca.notice)
	return m, nil
}

func factsOf(body *ssh.Certificate, lease grant.Lease, notice string) credential.Facts {
	f := credential.Facts{
		Lease: lease,
		SSH: &audit.SSH{
			KeyID:       body.KeyId,
			Serial:      body.Serial,
			Fingerprint: ssh.FingerprintSHA256(body.Key),
			CA:          ssh.FingerprintSHA256(body.SignatureKey),
			Principals:  body.ValidPrincipals,
		},
	}
	if notice != "" {
		f.Notices = []string{notice}
	}
	return f
}

// newKey makes a fresh Ed25519 key. The seed is read here because the standard
// library's generator no longer reads from the source that it is given.
func (i *Issuer) newKey() (ed25519.PrivateKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(i.random, seed); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "draw a key")
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// newSerial draws a serial number that is not 0, which means "none" to a
// revocation list.
func (i *Issuer) newSerial() (uint64, error) {
	for {
		var b [8]byte
		if _, err := io.ReadFull(i.random, b[:]); err != nil {
			return 0, fault.Wrap(fault.Internal, err, "draw a serial number")
		}
		if serial := binary.BigEndian.Uint64(b[:]); serial != 0 {
			return serial, nil
		}
	}
}
