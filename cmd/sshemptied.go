package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2/maybe"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sshca"
)

// emptyLater has a process take expired keys out of the agent at a socket, which
// knows no lifetimes. The socket is written down first: a key agent that runs
// already was started with another one.
func (a *app) emptyLater(socket string) error {
	places, err := a.sshPlaces()
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(socket))
	path := filepath.Join(places.Emptied(), hex.EncodeToString(sum[:8]))
	if err = os.MkdirAll(places.Emptied(), 0o700); err == nil {
		err = maybe.WriteFile(path, []byte(socket), 0o600)
	}
	if err != nil {
		return fault.Wrap(fault.Config, err, "it cannot be noted which ssh-agent has the key").
			WithHint("look at the permissions of %s", places.Dir)
	}
	return a.startAgent()
}

// emptyAgents takes what has expired out of the user's own ssh-agent, and out of
// each that was written down, and strikes those off that have no key of ours any
// more. One that does not answer has no keys that could be used.
func (a *app) emptyAgents(ctx context.Context) {
	if socket := a.agentSocket(); socket != "" {
		_, _ = sshca.NewKeyAgent(socket).Purge(ctx, a.now())
	}
	places, err := a.sshPlaces()
	if err != nil {
		return
	}
	entries, err := os.ReadDir(places.Emptied())
	if err != nil {
		return // none was written down
	}
	for _, e := range entries {
		path := filepath.Join(places.Emptied(), e.Name())
		socket, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		agent := sshca.NewKeyAgent(string(socket))
		_, _ = agent.Purge(ctx, a.now())
		if holds, err := agent.Holds(ctx); err == nil && !holds {
			_ = os.Remove(path)
		}
	}
}
