// Package keyring keeps small secrets in the keyring of the operating system:
// the Secret Service on Linux, the Keychain on macOS, the Credential Manager on
// Windows. Every call is bounded, because a locked keyring waits for a prompt
// that nobody may ever see.
package keyring

import (
	"context"
	"errors"
	"time"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// Service is the service under which jit keeps everything in a keyring; the user
// of an entry tells what it is.
const Service = "jit"

// MaxValue is the longest value, in bytes, that a keyring is given. It is what
// Windows stores (CRED_MAX_CREDENTIAL_BLOB_SIZE, 5*512), and it holds on every
// system, so that what one machine keeps all of them keep. It is also well
// under what macOS' security takes on one line.
const MaxValue = 2560

// How long a call may take: with somebody there to answer a prompt, and
// without.
const (
	interactiveWait = 30 * time.Second
	silentWait      = 5 * time.Second
)

// Hints for a machine whose keyring cannot be used, for Options.Fallback.
const (
	WalletFallback = "start and unlock a keyring such as gnome-keyring, or set wallet: file in config.yaml to keep the key in a file that only you can read"
	TokenFallback  = "start and unlock a keyring such as gnome-keyring, or give the token by JIT_JIRA_TOKEN or by jira.token_command in config.yaml"
)

// ErrNotFound says that the keyring answered and has no such secret.
var ErrNotFound = errors.New("not in the keyring")

// Options are what a Keyring needs to know about its surroundings.
type Options struct {
	// Interactive gives a person 30 seconds to unlock the keyring, where other
	// callers wait for 5.
	Interactive bool
	// Unattended has a keyring that is locked refuse, rather than ask its user
	// for the password. Only that of Linux and the BSDs can be asked whether it
	// is locked; elsewhere the system may show a window.
	Unattended bool
	// SessionBus is DBUS_SESSION_BUS_ADDRESS; other systems than Linux and the
	// BSDs ignore it. Where it is empty and there is no bus at its usual place
	// the keyring is not asked: the library would start a bus of its own, which
	// nobody stops and whose keyring is empty.
	SessionBus string
	// Fallback is the hint of an error that says that there is no keyring.
	Fallback string
}

// Keyring is the keyring of the operating system.
type Keyring struct {
	wait     time.Duration
	bus      string
	fallback string
	locked   func() (bool, error) // nil: whoever must unlock it may be asked
}

// New returns a keyring; nothing is asked of it yet.
func New(o Options) *Keyring {
	k := &Keyring{wait: silentWait, bus: o.SessionBus, fallback: o.Fallback}
	if o.Interactive {
		k.wait = interactiveWait
	}
	if o.Unattended {
		k.locked = locked
	}
	return k
}

// Get returns the secret of that name. The error is ErrNotFound where the keyring has none,
// else a fault.Error of class Config or Cancelled.
func (k *Keyring) Get(ctx context.Context, service, user string) (credential.Secret, error) {
	if err := checkNames(service, user); err != nil {
		return credential.Secret{}, err
	}
	value, err := k.bounded(ctx, func() (string, error) { return gokeyring.Get(service, user) })
	return credential.NewSecret(value), err
}

// Set keeps a secret, in place of an earlier one of that name. It refuses a
// value that is empty or longer than MaxValue. A keyring whose prompt was
// dismissed may report success: who must be sure reads the value back.
func (k *Keyring) Set(ctx context.Context, service, user string, value credential.Secret) error {
	if err := checkNames(service, user); err != nil {
		return err
	}
	switch n := len(value.Reveal()); {
	case n == 0:
		return fault.New(fault.Internal, "an empty secret is not kept in the keyring")
	case n > MaxValue:
		return k.tooBig(n)
	}
	_, err := k.bounded(ctx, func() (string, error) { return "", gokeyring.Set(service, user, value.Reveal()) })
	if errors.Is(err, gokeyring.ErrSetDataTooBig) {
		return k.tooBig(len(value.Reveal()))
	}
	return err
}

// Delete forgets a secret; it is no error if there is none.
func (k *Keyring) Delete(ctx context.Context, service, user string) error {
	if err := checkNames(service, user); err != nil {
		return err
	}
	_, err := k.bounded(ctx, func() (string, error) { return "", gokeyring.Delete(service, user) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
