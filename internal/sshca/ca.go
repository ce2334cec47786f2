package sshca

import (
	"context"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/credential"
)

// CAOptions is what the places of a CA's key need; each scheme uses its own.
type CAOptions struct {
	// Passphrase asks the user for the passphrase of a key file. nil means that
	// nobody can be asked, and an encrypted key is then refused.
	Passphrase func(prompt string) (credential.Secret, error)
	// AgentSocket is where ssh-agent listens: SSH_AUTH_SOCK, or a named pipe on
	// Windows. "" means that there is none.
	AgentSocket string
	// KMS opens a client for a region, "" being that of the AWS configuration.
	// It is called at most once for a client that it returned.
	KMS func(ctx context.Context, region string) (KMS, error)
	// Cache keeps the public key of a KMS key between processes, so that a
	// request costs only Sign; nil keeps it for the process.
	Cache Cache
}

// CA is the key that signs certificates. It is safe for concurrent use.
type CA struct {
	location Location
	place    place
}

// place is where a CA's key is kept.
type place interface {
	// open makes the key ready to sign; it may ask the user.
	open(ctx context.Context) (*key, error)
	// inspect reads the public key afresh, and never asks the user. note is a
	// sentence for doctor, or "".
	inspect(ctx context.Context) (public ssh.PublicKey, note string, err error)
}

// key is a CA's key that is ready to sign.
type key struct {
	public ssh.PublicKey
	// bind returns a signer whose calls end with ctx. Its errors are a
	// fault.Error or a credential.UnknownError.
	bind func(ctx context.Context) (ssh.Signer, error)
	// maxBody is the longest certificate body that it signs, in bytes; 0 for
	// no limit.
	maxBody int
	// distrust is told that a signature did not verify with public; or nil.
	distrust func() error
	// notice is a sentence for the user, or "".
	notice string
}

// NewCA returns the CA whose key is at a location; it opens nothing yet.
func NewCA(l Location, o CAOptions) *CA {
	ca := &CA{location: l}
	switch l.Scheme {
	case File:
		ca.place = &keyFile{path: l.Path, passphrase: o.Passphrase}
	case Agent:
		ca.place = &agentPlace{socket: o.AgentSocket, fingerprint: l.Fingerprint}
	case AWSKMS:
		ca.place = &kmsPlace{location: l, dial: o.KMS, cache: o.Cache}
	default:
		ca.place = nowhere{}
	}
	return ca
}

// Health is what Check found.
type Health struct {
	Location    string // as ssh.ca names it
	Fingerprint string // of the CA's key, SHA256:…
	PublicKey   string // a line for TrustedUserCAKeys
	Note        string // a sentence besides, or ""
}

// Check says whether the CA can be opened, as far as that can be told without
// asking the user and without signing.
func (ca *CA) Check(ctx context.Context) (Health, error) {
	public, note, err := ca.place.inspect(ctx)
	if err != nil {
		return Health{}, err
	}
	return Health{
		Location:    ca.location.String(),
		Fingerprint: ssh.FingerprintSHA256(public),
		PublicKey:   authorizedKey(public),
		Note:        note,
	}, nil
}

// Signer opens the key for signatures of any kind, which may ask the user for a
// passphrase; its calls end with ctx. It fails with a fault.Error.
func (ca *CA) Signer(ctx context.Context) (ssh.Signer, error) {
	k, err := ca.place.open(ctx)
	if err != nil {
		return nil, err
	}
	return k.bind(ctx)
}

// warmer is the ability of a place that is across the network.
type warmer interface{ warm(ctx context.Context) }

// warm opens the connections that signing will need.
func (ca *CA) warm(ctx context.Context) {
	if w, ok := ca.place.(warmer); ok {
		w.warm(ctx)
	}
}

// authorizedKey is a public key as one line without a comment.
func authorizedKey(public ssh.PublicKey) string {
	return strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(public)), "\n")
}

// nowhere is the place of a Location that was not parsed.
type nowhere struct{}

func (nowhere) open(context.Context) (*key, error) { return nil, refuse("names no key") }

func (nowhere) inspect(context.Context) (ssh.PublicKey, string, error) {
	return nil, "", refuse("names no key")
}
