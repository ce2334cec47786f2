package sshd

import (
	"fmt"

	"golang.org/x/crypto/ssh"
)

// session answers the requests of one session until something was started,
// which ends it.
func (s *Server) session(conn *ssh.ServerConn, channel ssh.Channel, requests <-chan *ssh.Request) {
	defer func() { _ = channel.Close() }() // the client may have closed it first
	defer func() { go ssh.DiscardRequests(requests) }()
	pty := false
	for r := range requests {
		switch r.Type {
		case "pty-req":
			_, pty = conn.Permissions.Extensions[permitPTY]
			reply(r, pty)
		case "env":
			reply(r, false)
		case "exec":
			var asked struct{ Command string }
			if err := ssh.Unmarshal(r.Payload, &asked); err != nil {
				reply(r, false)
				continue
			}
			reply(r, true)
			s.run(conn, channel, asked.Command, pty)
			return
		case "shell":
			reply(r, true)
			s.run(conn, channel, "", pty)
			return
		default:
			reply(r, false)
		}
	}
}

func reply(r *ssh.Request, ok bool) {
	if r.WantReply {
		_ = r.Reply(ok, nil) // a client that went away is no concern of ours
	}
}

// run writes what a command shows here, and ends the session with status 0.
func (s *Server) run(conn *ssh.ServerConn, channel ssh.Channel, command string, pty bool) {
	cert, ok := conn.Permissions.ExtraData[certificate{}].(*ssh.Certificate)
	if !ok {
		return // authenticate admits nobody without one
	}
	forced, isForced := conn.Permissions.CriticalOptions[forceCommand]
	if isForced {
		command = forced
	}
	login := Login{User: conn.User(), KeyID: cert.KeyId, Serial: cert.Serial, Command: command, PTY: pty}
	s.mu.Lock()
	s.logins = append(s.logins, login)
	s.mu.Unlock()
	text := login.User + "\n"
	if command != "whoami" {
		text = banner(login, isForced)
	}
	if pty {
		text = crlf(text)
	}
	if _, err := channel.Write([]byte(text)); err != nil {
		return
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
}

func banner(l Login, forced bool) string {
	text := fmt.Sprintf("logged in as %s with the certificate %q, serial %d\n", l.User, l.KeyID, l.Serial)
	switch {
	case forced:
		text += fmt.Sprintf("the certificate forces the command %q, which the sandbox does not run\n", l.Command)
	case l.Command == "":
		text += "the sandbox has no shell\n"
	default:
		text += fmt.Sprintf("the sandbox does not run %q\n", l.Command)
	}
	return text
}

// crlf ends lines as a raw terminal needs them.
func crlf(s string) string {
	var out []byte
	for _, b := range []byte(s) {
		if b == '\n' {
			out = append(out, '\r')
		}
		out = append(out, b)
	}
	return string(out)
}
