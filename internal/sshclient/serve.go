package sshclient

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

const (
	dirPrefix  = "jit-ssh-"
	socketName = "agent"
	publicName = "id-cert.pub"
)

// Agent serves one key on a socket of its own until it is closed. The private
// key is in memory only.
type Agent struct {
	dir      string
	kind     string // of the certificate
	listener net.Listener
}

// Serve starts an agent for a grant's key in a new directory below parent. It
// refuses to sign once the certificate has expired by now. What a killed process
// has left in parent is removed.
func Serve(ctx context.Context, parent string, key credential.SSH, now func() time.Time) (*Agent, error) {
	held, err := newHolder(key, now)
	if err != nil {
		return nil, err
	}
	sweep(ctx, parent, now())
	dir, err := os.MkdirTemp(parent, dirPrefix) // of mode 0700
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the key cannot be served").WithHint("look at the permissions of %s", parent)
	}
	a := &Agent{dir: dir, kind: held.cert.Type()}
	var c net.ListenConfig
	a.listener, err = c.Listen(ctx, "unix", a.Socket())
	if err == nil {
		err = os.WriteFile(a.Public(), []byte(key.Certificate+"\n"), 0o600)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Internal, errors.Join(err, a.Close()), "the key cannot be served").
			WithHint("look at the permissions of %s and whether its path is short enough for a socket", parent)
	}
	go accept(a.listener, held)
	return a, nil
}

// Socket is where the agent listens.
func (a *Agent) Socket() string { return filepath.Join(a.dir, socketName) }

// Public is a file with the certificate, which has nothing secret.
func (a *Agent) Public() string { return filepath.Join(a.dir, publicName) }

// Options has ssh offer the agent's certificate and nothing else. IdentitiesOnly
// leaves the keys that the user's configuration or an -i names; being of another
// kind than a certificate, they are not accepted. The option goes by the name
// that OpenSSH had for it before 8.5, which later ones know too.
func (a *Agent) Options() []string {
	return []string{
		"-o", PathOption("IdentityAgent", a.Socket()), "-o", "IdentitiesOnly=yes",
		"-o", PathOption("IdentityFile", a.Public()), "-o", "PubkeyAcceptedKeyTypes=" + a.kind,
	}
}

// Close ends the agent and removes its directory.
func (a *Agent) Close() error {
	var closed error
	if a.listener != nil {
		closed = a.listener.Close()
	}
	return errors.Join(closed, os.RemoveAll(a.dir))
}

// accept serves connections until the listener is closed.
func accept(l net.Listener, held agent.Agent) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close() }()
			_ = agent.ServeAgent(held, conn) // it ends with the client
		}()
	}
}

// staleAfter is how old a directory is before it may be swept: one that is
// younger may have no socket yet.
const staleAfter = time.Minute

// sweep removes directories of agents that nobody serves any more. What cannot
// be removed is somebody else's, and is left.
func sweep(ctx context.Context, parent string, now time.Time) {
	found, err := filepath.Glob(filepath.Join(parent, dirPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range found {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || now.Sub(info.ModTime()) < staleAfter {
			continue
		}
		if !Answers(ctx, filepath.Join(dir, socketName)) {
			_ = os.RemoveAll(dir)
		}
	}
}

// Answers reports whether somebody serves a socket.
func Answers(ctx context.Context, socket string) bool {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return false
	}
	_ = conn.Close() // there was somebody, however it ends
	return true
}
