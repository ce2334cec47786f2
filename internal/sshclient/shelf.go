package sshclient

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// Keys finds the keys of the grants in force.
type Keys func(context.Context) ([]credential.SSH, error)

// shelf is an agent of every grant in force. It asks for them anew at each
// question, so it keeps no key, and what was revoked is gone at once.
type shelf struct {
	readOnly
	ctx  context.Context // agent.Agent has no room for one
	keys Keys
	now  func() time.Time
}

var _ agent.ExtendedAgent = (*shelf)(nil)

// ServeAll serves the keys of all grants in force at a path until the context
// ends. The caller sees to it that nobody else serves there, and that the
// directory is its user's alone.
func ServeAll(ctx context.Context, path string, keys Keys, now func() time.Time) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fault.Wrap(fault.Internal, err, "the place of the key agent is taken").WithHint("remove %s", path)
	}
	var c net.ListenConfig
	l, err := c.Listen(ctx, "unix", path)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "the key agent cannot listen").
			WithHint("is %s short enough for a socket? a shorter place can be named with JIT_STATE_DIR", path)
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() }) // which removes the socket
	defer stop()
	accept(l, &shelf{ctx: context.WithoutCancel(ctx), keys: keys, now: now})
	return nil
}

func (s *shelf) holders() ([]*holder, error) {
	keys, err := s.keys(s.ctx)
	if err != nil {
		return nil, err
	}
	held := make([]*holder, 0, len(keys))
	for _, key := range keys {
		h, err := newHolder(key, s.now)
		if err != nil {
			return nil, err
		}
		held = append(held, h)
	}
	return held, nil
}

// List returns the certificates in force.
func (s *shelf) List() ([]*agent.Key, error) {
	held, err := s.holders()
	if err != nil {
		return nil, err
	}
	var list []*agent.Key
	for _, h := range held {
		keys, err := h.List()
		if err != nil {
			return nil, err
		}
		list = append(list, keys...)
	}
	return list, nil
}

// Sign signs for one of the certificates in force.
func (s *shelf) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	return s.SignWithFlags(key, data, 0)
}

// SignWithFlags signs for one of the certificates in force.
func (s *shelf) SignWithFlags(key ssh.PublicKey, data []byte, flags agent.SignatureFlags) (*ssh.Signature, error) {
	held, err := s.holders()
	if err != nil {
		return nil, err
	}
	for _, h := range held {
		if string(key.Marshal()) == string(h.cert.Marshal()) {
			return h.SignWithFlags(key, data, flags)
		}
	}
	return nil, errNoKey
}
