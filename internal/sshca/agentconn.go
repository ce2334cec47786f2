package sshca

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/fault"
)

// agentTimeout bounds what an agent answers by itself: lists, additions.
const agentTimeout = 10 * time.Second

const agentHint = "start one with eval \"$(ssh-agent)\", or name the running one in SSH_AUTH_SOCK"

// agentConn is a connection to ssh-agent that ends with a context.
type agentConn struct {
	agent.ExtendedAgent
	wire *wire
	free func()
	// over is why the connection was ended under the client, or nil.
	over func() error
}

// dialAgent connects to an agent, and gives it limit to answer everything.
func dialAgent(ctx context.Context, socket string, limit time.Duration) (*agentConn, error) {
	if socket == "" {
		return nil, fault.New(fault.Issuer, "no ssh-agent is running: SSH_AUTH_SOCK is not set").WithHint(agentHint)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	conn, err := dialSocket(ctx, socket)
	if err != nil {
		defer cancel()
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		f := fault.Wrap(fault.Issuer, err, "ssh-agent cannot be reached")
		if errors.Is(err, fs.ErrPermission) {
			return nil, f.WithHint("SSH_AUTH_SOCK names the agent of somebody else")
		}
		return nil, f.WithHint(agentHint)
	}
	w := &wire{conn: conn}
	stop := context.AfterFunc(ctx, w.close)
	return &agentConn{
		// Without a Close to be seen the client needs no goroutine, which a
		// synchronous named pipe could not serve.
		ExtendedAgent: agent.NewClient(struct{ io.ReadWriter }{w}),
		wire:          w,
		free:          func() { stop(); cancel(); w.close() },
		over:          func() error { return context.Cause(ctx) },
	}, nil
}

// Close ends the connection.
func (c *agentConn) Close() { c.free() }

// why prefers the reason for which the connection was ended to err, the
// client's complaint about it.
func (c *agentConn) why(err error) error {
	if cause := c.over(); cause != nil {
		return cause
	}
	return err
}

// refused reports whether the last reply was SSH_AGENT_FAILURE: the agent
// understood, and said no. The client's errors do not tell that from a lost
// connection.
func (c *agentConn) refused() bool { return c.wire.failure() }

// wire remembers how the reply to the last request began.
type wire struct {
	conn io.ReadWriteCloser
	once sync.Once

	mu    sync.Mutex
	reply []byte
}

// failureReply is a whole SSH_AGENT_FAILURE message: length 1, type 5
// (https://datatracker.ietf.org/doc/html/draft-ietf-sshm-ssh-agent).
const failureReply = "\x00\x00\x00\x01\x05"

// Write sends a request, which begins a new reply.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.reply = w.reply[:0]
	w.mu.Unlock()
	return w.conn.Write(p)
}

// Read receives a part of the reply.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.conn.Read(p)
	w.mu.Lock()
	if room := len(failureReply) - len(w.reply); room > 0 {
		w.reply = append(w.reply, p[:min(n, room)]...)
	}
	w.mu.Unlock()
	return n, err
}

func (w *wire) failure() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.reply) == failureReply
}

// close is called twice when the context ends; the connection is read-only by
// then, so an error of closing it tells nothing.
func (w *wire) close() { w.once.Do(func() { _ = w.conn.Close() }) }
