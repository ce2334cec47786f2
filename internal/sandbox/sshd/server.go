// Package sshd is an SSH server for the sandbox and for tests. It trusts one CA
// for user certificates, as OpenSSH does with TrustedUserCAKeys, and runs no
// command: a session tells who logged in and ends.
package sshd

import (
	"errors"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// handshake is how long a client may take to log in.
const handshake = 20 * time.Second

const (
	forceCommand = "force-command"
	permitPTY    = "permit-pty"
)

// Options say what the server is and whom it trusts.
type Options struct {
	HostKey ssh.Signer
	CA      ssh.PublicKey
	Now     func() time.Time
}

// Login is one session that a certificate opened.
type Login struct {
	User    string
	KeyID   string
	Serial  uint64
	Command string // as asked for, or the forced one; "" for a shell
	PTY     bool
}

// Server is a server that listens. Close ends it.
type Server struct {
	listener net.Listener
	opts     Options
	wg       sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
	logins []Login
}

// certificate is the key under which a connection's certificate is kept.
type certificate struct{}

// Serve starts to serve the listener, which the server then owns.
func Serve(listener net.Listener, o Options) *Server {
	s := &Server{listener: listener, opts: o, conns: map[net.Conn]bool{}}
	s.wg.Go(s.accept)
	return s
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Logins returns the sessions so far.
func (s *Server) Logins() []Login {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Login(nil), s.logins...)
}

// Close ends the server and all connections, and waits for them.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		_ = c.Close() // the other side may have been quicker
	}
	s.mu.Unlock()
	s.wg.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Server) accept() {
	config := &ssh.ServerConfig{PublicKeyCallback: s.authenticate, ServerVersion: "SSH-2.0-jit-sandbox"}
	config.AddHostKey(s.opts.HostKey)
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		if !s.track(c) {
			_ = c.Close()
			return
		}
		s.wg.Go(func() {
			defer s.untrack(c)
			s.serve(c, config)
		})
	}
}

func (s *Server) track(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c] = true
	return true
}

func (s *Server) untrack(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// authenticate admits a certificate of the CA for the login that it names. The
// library checks signature, dates, source address and unknown options.
func (s *Server) authenticate(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
	checker := ssh.CertChecker{
		SupportedCriticalOptions: []string{forceCommand},
		Clock:                    s.opts.Now,
		IsUserAuthority: func(auth ssh.PublicKey) bool {
			return string(auth.Marshal()) == string(s.opts.CA.Marshal())
		},
	}
	cert, ok := key.(*ssh.Certificate)
	// The library takes a certificate without principals for everybody's;
	// OpenSSH refuses it, and so do we.
	if !ok || len(cert.ValidPrincipals) == 0 {
		return nil, errors.New("only certificates that name a login are taken")
	}
	if _, err := checker.Authenticate(meta, key); err != nil {
		return nil, err
	}
	return &ssh.Permissions{
		CriticalOptions: cert.CriticalOptions,
		Extensions:      cert.Extensions,
		ExtraData:       map[any]any{certificate{}: cert},
	}, nil
}

func (s *Server) serve(c net.Conn, config *ssh.ServerConfig) {
	if err := c.SetDeadline(time.Now().Add(handshake)); err != nil {
		return
	}
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return // the client learns why; there is nobody else to tell
	}
	if err := c.SetDeadline(time.Time{}); err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for ch := range channels {
		if ch.ChannelType() != "session" {
			_ = ch.Reject(ssh.Prohibited, "the sandbox has sessions only")
			continue
		}
		channel, requests, err := ch.Accept()
		if err != nil {
			return
		}
		s.wg.Go(func() { s.session(conn, channel, requests) })
	}
}
