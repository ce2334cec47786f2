package integration

import (
	"errors"
	"net"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// watchedAgent is an ssh-agent in the test's process that tells the world's
// watcher of each key, ignores lifetimes where it is stubborn, and knows none
// where it is timeless.
type watchedAgent struct {
	agent.ExtendedAgent
	socket   string
	stubborn bool
	timeless bool
	watch    *watcher
}

// watchedAgent serves an agent until the test ends.
func (w *world) watchedAgent() *watchedAgent { return w.namedAgent("watched") }

func (w *world) namedAgent(name string) *watchedAgent {
	w.t.Helper()
	a := &watchedAgent{
		ExtendedAgent: agent.NewKeyring().(agent.ExtendedAgent),
		socket:        w.path(name), watch: w.watch,
	}
	l, err := net.Listen("unix", a.socket)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(a, c); c.Close() }()
		}
	}()
	return a
}

// Add keeps the key.
func (a *watchedAgent) Add(key agent.AddedKey) error {
	if a.timeless && key.LifetimeSecs != 0 {
		return errors.New("no such constraint")
	}
	if a.stubborn {
		key.LifetimeSecs = 0
	}
	if a.watch.arrive(onAgent) {
		return errors.New("lost")
	}
	err := a.ExtendedAgent.Add(key)
	a.watch.leave(onAgent)
	return err
}

// keyIDs are those of the certificates that the agent has.
func (a *watchedAgent) keyIDs(t testing.TB) []string {
	t.Helper()
	keys, err := a.List()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, k := range keys {
		public, err := ssh.ParsePublicKey(k.Blob)
		if err != nil {
			t.Fatal(err)
		}
		if cert, ok := public.(*ssh.Certificate); ok {
			ids = append(ids, cert.KeyId)
		}
	}
	return ids
}
