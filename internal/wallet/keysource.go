package wallet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/keyring"
)

// ErrNoKey says that no key has been made yet, or that it is gone.
var ErrNoKey = errors.New("the wallet has no key")

// KeySource is where the key of a wallet is kept.
type KeySource interface {
	// Load returns the key's text, or ErrNoKey, or a fault.Error.
	Load(ctx context.Context) (credential.Secret, error)
	// Store keeps the key's text; it is called under the wallet's lock.
	Store(ctx context.Context, text credential.Secret) error
	// Where says where the key is, for a sentence: "in the keyring".
	Where() string
}

// KeyInKeyring keeps the key of a state directory in the keyring, under a name
// that is derived from the directory.
func KeyInKeyring(k *keyring.Keyring, stateDir string) KeySource {
	return &keyInKeyring{keyring: k, dir: stateDir}
}

type keyInKeyring struct {
	keyring *keyring.Keyring
	dir     string
}

// user is the key's name in the keyring. Two names of one directory share it.
func (s *keyInKeyring) user() (string, error) {
	dir, err := filepath.EvalSymlinks(s.dir)
	if err != nil {
		return "", fault.Wrap(fault.Config, err, "the state directory cannot be found")
	}
	sum := sha256.Sum256([]byte(dir))
	return "wallet " + hex.EncodeToString(sum[:8]), nil
}

func (s *keyInKeyring) Load(ctx context.Context) (credential.Secret, error) {
	user, err := s.user()
	if err != nil {
		return credential.Secret{}, err
	}
	text, err := s.keyring.Get(ctx, keyring.Service, user)
	if errors.Is(err, keyring.ErrNotFound) {
		return text, ErrNoKey
	}
	return text, err
}

func (s *keyInKeyring) Store(ctx context.Context, text credential.Secret) error {
	user, err := s.user()
	if err != nil {
		return err
	}
	return s.keyring.Set(ctx, keyring.Service, user, text)
}

func (s *keyInKeyring) Where() string { return "in the keyring" }

// KeyInFile keeps the key in the file wallet.key of the state directory, which
// only its owner may read. It stops other users and nothing else, so it is used
// only where the config says wallet: file.
func KeyInFile(stateDir string) KeySource {
	return keyInFile{path: filepath.Join(stateDir, keyName)}
}

type keyInFile struct{ path string }

// maxKeyFile bounds what is read of the key file, in bytes.
const maxKeyFile = 1 << 10

func (s keyInFile) Load(context.Context) (credential.Secret, error) {
	info, err := os.Lstat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return credential.Secret{}, ErrNoKey
	case err != nil:
		return credential.Secret{}, s.unreadable(err)
	case !info.Mode().IsRegular():
		return credential.Secret{}, s.unreadable(errors.New("not a regular file"))
	}
	if err := checkPrivate(s.path, info, 0o600); err != nil {
		return credential.Secret{}, err
	}
	f, err := os.Open(s.path)
	if err != nil {
		return credential.Secret{}, s.unreadable(err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err = errors.Join(err, f.Close()); err != nil {
		return credential.Secret{}, s.unreadable(err)
	}
	return credential.NewSecret(string(b)), nil
}

func (s keyInFile) Store(_ context.Context, text credential.Secret) error {
	if err := replaceFile(s.path, []byte(text.Reveal()+"\n")); err != nil {
		return writeFailed(err)
	}
	if err := syncDir(filepath.Dir(s.path)); err != nil {
		return writeFailed(err)
	}
	return nil
}

func (s keyInFile) Where() string { return "in " + s.path }

func (s keyInFile) unreadable(err error) error {
	return fault.Wrap(fault.Config, err, "the wallet's key in %s cannot be read", s.path).
		WithHint("look at who may read it, or move it away: the next request makes a new key")
}
