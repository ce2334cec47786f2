package sshclient

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
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
	if err := plain(parent); err != nil {
		return nil, fault.Wrap(fault.Config, err, "the key cannot be served").WithHint("TMPDIR names another place")
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
			WithHint("look at the permissions of %s and whether its path is short enough for a socket; TMPDIR names another", parent)
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
// that OpenSSH had for it before 8.5, which later ones know too. For certificates
// of the same kind see Rivals.
func (a *Agent) Options() []string {
	return []string{
		"-o", PathOption("IdentityAgent", a.Socket()), "-o", "IdentitiesOnly=yes",
		"-o", PathOption("IdentityFile", a.Public()), "-o", "PubkeyAcceptedKeyTypes=" + a.kind,
	}
}

// Rivals are those of files, as Resolved has them, that hold another certificate
// of the same kind as the agent's, which ssh would offer too. Home is the user's.
func (a *Agent) Rivals(files []string, home string) []string {
	var rivals []string
	for _, file := range files {
		if rest, ok := strings.CutPrefix(file, "~/"); ok {
			file = filepath.Join(home, rest)
		}
		for _, path := range []string{file, file + "-cert.pub"} {
			if path == a.Public() || slices.Contains(rivals, path) {
				continue
			}
			if text, err := os.ReadFile(path); err == nil && certificateKind(text) == a.kind {
				rivals = append(rivals, path)
			}
		}
	}
	return rivals
}

// certificateKind is the kind of the certificate that a file holds, or "".
func certificateKind(text []byte) string {
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return ""
	}
	if _, ok := public.(*ssh.Certificate); !ok {
		return ""
	}
	return public.Type()
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
