package sshclient

import (
	"errors"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// errReadOnly is the answer to whoever would change the agent.
var errReadOnly = errors.New("this agent serves one key and takes no changes")

// readOnly is the part of an agent that would change it.
type readOnly struct{}

// Add is refused.
func (readOnly) Add(agent.AddedKey) error { return errReadOnly }

// Remove is refused.
func (readOnly) Remove(ssh.PublicKey) error { return errReadOnly }

// RemoveAll is refused.
func (readOnly) RemoveAll() error { return errReadOnly }

// Lock is refused.
func (readOnly) Lock([]byte) error { return errReadOnly }

// Unlock is refused.
func (readOnly) Unlock([]byte) error { return errReadOnly }

// Signers gives none: the key is for whoever speaks the protocol.
func (readOnly) Signers() ([]ssh.Signer, error) { return nil, errReadOnly }

// Extension knows none. OpenSSH asks to bind a session to a host, which tells an
// agent where it is forwarded; see Resolved.Forwarding for why this one is not.
func (readOnly) Extension(string, []byte) ([]byte, error) { return nil, agent.ErrExtensionUnsupported }

// errNoKey is the answer to whoever names a key that is not served, or no
// longer.
var errNoKey = errors.New("this agent has no such key")
