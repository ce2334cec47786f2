package sshsig

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"
)

const (
	magic   = "SSHSIG"
	version = 1
	begin   = "-----BEGIN SSH SIGNATURE-----"
	end     = "-----END SSH SIGNATURE-----"
	// column is where ssh-keygen breaks the base64.
	column = 70
	// maxArmored is more than any signature takes, in bytes: one with RSA of
	// 16,384 bits has about 6 KiB.
	maxArmored = 64 << 10
)

// blob is a signature as PROTOCOL.sshsig lays it out, behind its magic words.
type blob struct {
	Version   uint32
	PublicKey []byte
	Namespace string
	Reserved  []byte
	Hash      string
	Signature []byte
}

// signed is what the key signs, behind the magic words.
type signed struct {
	Namespace string
	Reserved  []byte
	Hash      string
	Digest    []byte
}

// digestOf hashes a message with one of the two functions of the format.
func digestOf(name string, message []byte) ([]byte, error) {
	switch name {
	case "sha512":
		sum := sha512.Sum512(message)
		return sum[:], nil
	case "sha256":
		sum := sha256.Sum256(message)
		return sum[:], nil
	}
	return nil, fmt.Errorf("%w: it has the hash %q", ErrMalformed, name)
}

// toSign are the bytes that the key signs.
func toSign(namespace, hash string, message []byte) ([]byte, error) {
	digest, err := digestOf(hash, message)
	if err != nil {
		return nil, err
	}
	return append([]byte(magic), ssh.Marshal(signed{Namespace: namespace, Hash: hash, Digest: digest})...), nil
}

// armor wraps a blob as ssh-keygen does.
func armor(b blob) []byte {
	text := base64.StdEncoding.EncodeToString(append([]byte(magic), ssh.Marshal(b)...))
	var out bytes.Buffer
	out.WriteString(begin + "\n")
	for len(text) > column {
		out.WriteString(text[:column] + "\n")
		text = text[column:]
	}
	out.WriteString(text + "\n" + end + "\n")
	return out.Bytes()
}

// unarmor reads what armor wrote, and what ssh-keygen does. Nothing but white
// space may stand around it.
func unarmor(armored []byte) (blob, error) {
	if len(armored) > maxArmored {
		return blob{}, fmt.Errorf("%w: it has more than %d bytes", ErrMalformed, maxArmored)
	}
	text, ok := bytes.CutPrefix(bytes.TrimSpace(armored), []byte(begin))
	text, closed := bytes.CutSuffix(text, []byte(end))
	if !ok || !closed {
		return blob{}, fmt.Errorf("%w: it does not stand between %s and %s", ErrMalformed, begin, end)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(string(bytes.Join(bytes.Fields(text), nil)))
	if err != nil {
		return blob{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	body, ok := bytes.CutPrefix(raw, []byte(magic))
	if !ok {
		return blob{}, fmt.Errorf("%w: it does not begin with %s", ErrMalformed, magic)
	}
	var b blob
	if err := ssh.Unmarshal(body, &b); err != nil {
		return blob{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if b.Version != version {
		return blob{}, fmt.Errorf("%w: it has version %d of the format, and 1 is known", ErrMalformed, b.Version)
	}
	if b.Namespace == "" {
		return blob{}, fmt.Errorf("%w: it is for no namespace", ErrMalformed)
	}
	return b, nil
}

// signature reads the signature of a blob; nothing may follow it but what a
// security key adds.
func (b blob) signature() (*ssh.Signature, error) {
	var s ssh.Signature
	if err := ssh.Unmarshal(b.Signature, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return &s, nil
}

// algorithmFor is the signature algorithm that a key of this type signs with;
// SHA-1 with RSA counts for nothing.
func algorithmFor(keyType string) string {
	if keyType == ssh.KeyAlgoRSA {
		return ssh.KeyAlgoRSASHA512
	}
	return keyType
}

// errWeak says that a signature is by RSA with SHA-1.
var errWeak = errors.New("it is by RSA with SHA-1")
