package sshca

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"math"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// ourKeyID is what grant.SSHKeyID makes; the agent's other keys are not ours
// to remove.
var ourKeyID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^jit [^ ]+ [^ ]+ [a-z2-7]{26}$`)
})

// KeyAgent is the user's ssh-agent, as the place for a grant's key.
type KeyAgent struct {
	socket string
	// emptied starts what takes expired keys out, for an agent that knows no
	// lifetimes; nil where nothing does.
	emptied func() error
}

// EmptiedBy has an agent that knows no lifetimes take keys all the same, once
// start has begun what will take them out again (with Purge).
func (a *KeyAgent) EmptiedBy(start func() error) *KeyAgent {
	return &KeyAgent{socket: a.socket, emptied: start}
}

// NewKeyAgent returns the agent that listens at socket: SSH_AUTH_SOCK, or a
// named pipe on Windows. It connects to nothing yet.
func NewKeyAgent(socket string) *KeyAgent { return &KeyAgent{socket: socket} }

// Add puts a key with its certificate into the agent until the certificate
// expires, and takes out those of ours that have expired, because servers
// refuse a client that offers too many. An agent that knows no lifetimes gets
// no key, as it would offer it for ever, but where EmptiedBy sees to that.
func (a *KeyAgent) Add(ctx context.Context, key *credential.SSH, now time.Time) error {
	added, err := addedKey(key, now)
	if err != nil {
		return err
	}
	conn, err := dialAgent(ctx, a.socket, agentTimeout)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := purge(conn, func(c *ssh.Certificate) bool { return expired(c, now) }); err != nil {
		return err
	}
	err = conn.Add(added)
	if err != nil && conn.refused() && a.emptied != nil && !a.gpg() {
		added.LifetimeSecs = 0
		if err := a.emptied(); err != nil {
			return err
		}
		err = conn.Add(added)
	}
	if err != nil {
		return a.notAdded(conn, err)
	}
	return a.confirm(conn, added.Certificate)
}

// addedKey reads a credential into what an agent takes.
func addedKey(key *credential.SSH, now time.Time) (agent.AddedKey, error) {
	raw, err := ssh.ParseRawPrivateKey([]byte(key.PrivateKey.Reveal()))
	private, ok := raw.(*ed25519.PrivateKey)
	if err != nil || !ok {
		return agent.AddedKey{}, fault.New(fault.Internal, "the grant's private key does not read back")
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key.Certificate))
	if err != nil {
		return agent.AddedKey{}, fault.Wrap(fault.Internal, err, "the grant's certificate does not read back")
	}
	cert, ok := public.(*ssh.Certificate)
	if !ok {
		return agent.AddedKey{}, fault.New(fault.Internal, "the grant's certificate is a plain key")
	}
	if subject, err := ssh.NewPublicKey(private.Public()); err != nil || string(subject.Marshal()) != string(cert.Key.Marshal()) {
		return agent.AddedKey{}, fault.New(fault.Internal, "the grant's certificate is for another key")
	}
	end := key.ExpiresAt
	if before := time.Unix(int64(min(cert.ValidBefore, math.MaxInt64)), 0); before.Before(end) {
		end = before
	}
	left := int64(end.Sub(now) / time.Second)
	if left < 1 {
		return agent.AddedKey{}, fault.New(fault.NoGrant, "the certificate has expired")
	}
	return agent.AddedKey{
		PrivateKey:   *private,
		Certificate:  cert,
		Comment:      cert.KeyId,
		LifetimeSecs: uint32(min(left, math.MaxUint32)),
	}, nil
}

// confirm makes sure that the agent has the certificate: one that takes the
// key alone would offer a key that no server knows.
func (a *KeyAgent) confirm(conn *agentConn, cert *ssh.Certificate) error {
	held, err := conn.List()
	if err != nil {
		return a.broken(conn, err)
	}
	want := string(cert.Marshal())
	for _, k := range held {
		if string(k.Blob) == want {
			return nil
		}
	}
	f := fault.New(fault.Config, "ssh-agent took the key without its certificate, so it was taken out again").
		WithHint("%s", a.refusalHint())
	if err := conn.Remove(cert.Key); err != nil && !conn.refused() {
		f.Err = conn.why(err)
	}
	return f
}

// notAdded says why an agent may have refused a key with a lifetime.
func (a *KeyAgent) notAdded(conn *agentConn, err error) error {
	if !conn.refused() {
		return a.broken(conn, err)
	}
	switch {
	case a.gpg():
		return fault.New(fault.Config, "gpg-agent takes no certificates").WithHint("%s", a.refusalHint())
	case a.pipe():
		return fault.New(fault.Config, "the agent of Windows takes no keys with a lifetime, and would keep this one for ever").
			WithHint("%s", a.refusalHint())
	}
	return fault.New(fault.Config, "ssh-agent refused the key: it takes no certificates, knows no lifetimes, or is locked").
		WithHint("%s", a.refusalHint())
}

func (a *KeyAgent) refusalHint() string {
	return "jit ssh works without an agent; for others, run OpenSSH's own ssh-agent"
}

func (a *KeyAgent) gpg() bool { return strings.Contains(a.socket, "gpg-agent") }

func (a *KeyAgent) pipe() bool { return strings.HasPrefix(a.socket, `\\.\pipe\`) }

func (a *KeyAgent) broken(conn *agentConn, err error) error {
	return fault.Wrap(fault.Config, conn.why(err), "ssh-agent did not answer").WithHint(agentHint)
}

// Purge takes certificates of ours that have expired out of the agent, and
// returns how many.
func (a *KeyAgent) Purge(ctx context.Context, now time.Time) (int, error) {
	conn, err := dialAgent(ctx, a.socket, agentTimeout)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return purge(conn, func(c *ssh.Certificate) bool { return expired(c, now) })
}

// Holds reports whether the agent has a certificate of ours, expired or not. It is
// no error if no agent is there, which holds none.
func (a *KeyAgent) Holds(ctx context.Context) (bool, error) {
	conn, err := a.reach(ctx)
	if conn == nil {
		return false, err
	}
	defer conn.Close()
	found, err := ours(conn, func(*ssh.Certificate) bool { return true })
	return len(found) > 0, err
}

// Remove takes the certificate with a key id (credential.SSH.KeyID) and its
// key out of the agent. It is no error if it is not there, or no agent is.
func (a *KeyAgent) Remove(ctx context.Context, keyID string) error {
	this := func(c *ssh.Certificate) bool { return c.KeyId == keyID }
	conn, err := a.reach(ctx)
	if conn == nil {
		return err
	}
	defer conn.Close()
	if _, err := purge(conn, this); err != nil {
		return err
	}
	left, err := ours(conn, this)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fault.New(fault.Config, "ssh-agent refuses to give the key up")
	}
	return nil
}

// reach connects to the agent. It is nil without an error where there is none: it
// is gone then, and every key in it.
func (a *KeyAgent) reach(ctx context.Context) (*agentConn, error) {
	conn, err := dialAgent(ctx, a.socket, agentTimeout)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, nil
	}
	return conn, err
}

func expired(c *ssh.Certificate, now time.Time) bool {
	return c.ValidBefore <= uint64(max(now.Unix(), 0))
}

// ours are those of our certificates in the agent that which picks.
func ours(conn *agentConn, which func(*ssh.Certificate) bool) ([]*ssh.Certificate, error) {
	held, err := conn.List()
	if err != nil {
		return nil, fault.Wrap(fault.Config, conn.why(err), "ssh-agent does not list its keys").WithHint(agentHint)
	}
	var found []*ssh.Certificate
	for _, k := range held {
		public, err := ssh.ParsePublicKey(k.Blob)
		cert, ok := public.(*ssh.Certificate)
		if err == nil && ok && ourKeyID().MatchString(cert.KeyId) && which(cert) {
			found = append(found, cert)
		}
	}
	return found, nil
}

// purge removes those of our certificates that which picks. A certificate that
// the agent refuses to remove may have gone by itself since it was listed.
func purge(conn *agentConn, which func(*ssh.Certificate) bool) (removed int, err error) {
	found, err := ours(conn, which)
	if err != nil {
		return 0, err
	}
	for _, cert := range found {
		switch err := conn.Remove(cert); {
		case err == nil:
			removed++
		case !conn.refused():
			return removed, fault.Wrap(fault.Config, conn.why(err), "ssh-agent did not answer").WithHint(agentHint)
		}
	}
	return removed, nil
}
