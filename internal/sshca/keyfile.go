package sshca

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// maxKeyFile is more than any private key takes, in bytes: RSA of 16,384 bits
// is about 12 KiB.
const maxKeyFile = 64 << 10

// passphraseTries is how often a passphrase is asked for, as ssh-add does.
const passphraseTries = 3

// keyFile is a CA's key in a file that only we can read.
type keyFile struct {
	path       string
	passphrase func(prompt string) (credential.Secret, error)

	mu     sync.Mutex
	opened ssh.Signer // kept, so that a passphrase is asked for once
}

func (f *keyFile) open(context.Context) (*key, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.opened == nil {
		signer, err := f.load()
		if err != nil {
			return nil, err
		}
		f.opened = signer
	}
	signer := f.opened
	return &key{
		public: signer.PublicKey(),
		bind:   func(context.Context) (ssh.Signer, error) { return signer, nil },
	}, nil
}

func (f *keyFile) load() (ssh.Signer, error) {
	data, err := readKeyFile(f.path)
	if err != nil {
		return nil, err
	}
	raw, err := parseKey(data)
	if _, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		raw, err = f.decrypt(data)
	}
	if err != nil {
		return nil, f.unreadable(err)
	}
	return newSigner(raw)
}

// decrypt asks for the passphrase until it fits or the user has had enough
// tries.
func (f *keyFile) decrypt(data []byte) (crypto.Signer, error) {
	if f.passphrase == nil {
		return nil, fault.New(fault.Config, "the CA's key %s has a passphrase, and nobody can be asked for it here", f.path).
			WithHint("run the command on a terminal, or load the key with ssh-add and set ssh.ca to agent:SHA256:…")
	}
	for range passphraseTries {
		secret, err := f.passphrase("passphrase for the CA's key " + f.path)
		if err != nil {
			return nil, asked(err)
		}
		raw, err := parseKeyWith(data, secret)
		if !errors.Is(err, x509.IncorrectPasswordError) {
			return raw, err
		}
	}
	return nil, fault.New(fault.Issuer, "the passphrase does not open the CA's key %s", f.path).
		WithHint("ssh-keygen -y -f %s tells whether a passphrase fits", f.path)
}

// asked keeps the class of an error that whoever asks has chosen.
func asked(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fault.Wrap(fault.Usage, err, "the passphrase of the CA's key was not given")
}

func (f *keyFile) unreadable(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fault.Wrap(fault.Config, err, "%s is not a private key that can be used", f.path).
		WithHint("ssh-keygen -p -f %s rewrites a key in OpenSSH's format", f.path)
}

// inspect reads the public half, which an OpenSSH file shows without its
// passphrase.
func (f *keyFile) inspect(context.Context) (ssh.PublicKey, string, error) {
	data, err := readKeyFile(f.path)
	if err != nil {
		return nil, "", err
	}
	raw, err := parseKey(data)
	if missing, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		return f.encrypted(missing.PublicKey)
	}
	if err != nil {
		return nil, "", f.unreadable(err)
	}
	signer, err := newSigner(raw)
	if err != nil {
		return nil, "", err
	}
	return signer.PublicKey(), "", nil
}

func (f *keyFile) encrypted(public ssh.PublicKey) (ssh.PublicKey, string, error) {
	if public == nil {
		return nil, "", fault.New(fault.Config, "the CA's key %s has a passphrase and a format that hides its public half", f.path).
			WithHint("ssh-keygen -p -f %s rewrites it in OpenSSH's format", f.path)
	}
	if err := checkKeyType(public); err != nil {
		return nil, "", err
	}
	if f.passphrase == nil {
		return public, "the key has a passphrase, and nobody can be asked for it here", nil
	}
	return public, "the key has a passphrase, which each request for SSH asks for", nil
}

// readKeyFile reads a file that holds a private key, and refuses one that
// others could have read.
func readKeyFile(path string) ([]byte, error) {
	file, err := openKeyFile(path)
	if err != nil {
		return nil, fileFault(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, fileFault(path, err)
	case !info.Mode().IsRegular():
		return nil, fault.New(fault.Config, "the CA's key %s is not a regular file", path)
	}
	if err := checkPrivate(path, info); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return nil, fileFault(path, err)
	}
	if len(data) > maxKeyFile {
		return nil, fault.New(fault.Config, "%s is larger than %d bytes, so it is no private key", path, maxKeyFile)
	}
	return data, nil
}

func fileFault(path string, err error) error {
	// A PathError would name the path again.
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	f := fault.Wrap(fault.Config, err, "the CA's key %s cannot be read", path)
	if errors.Is(err, os.ErrNotExist) {
		return f.WithHint("ssh-keygen -t ed25519 -f %s makes one; servers then trust %s.pub", path, path)
	}
	return f
}

// parseKey reads an unencrypted private key. It returns an
// *ssh.PassphraseMissingError for an encrypted one.
func parseKey(data []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(data)
	if block != nil && block.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, errors.New("encrypted PKCS#8 is not read here")
	}
	raw, err := ssh.ParseRawPrivateKey(data)
	if err != nil {
		return nil, err
	}
	return asSigner(raw)
}

func parseKeyWith(data []byte, passphrase credential.Secret) (crypto.Signer, error) {
	if passphrase.Empty() {
		return nil, x509.IncorrectPasswordError // for which bcrypt has an error of its own
	}
	raw, err := ssh.ParseRawPrivateKeyWithPassphrase(data, []byte(passphrase.Reveal()))
	if err != nil {
		return nil, err
	}
	return asSigner(raw)
}

func asSigner(raw any) (crypto.Signer, error) {
	signer, ok := raw.(crypto.Signer)
	if !ok {
		return nil, fault.New(fault.Config, "the CA's key is of a sort that cannot sign (%T)", raw).WithHint(keyHint)
	}
	return signer, nil
}
