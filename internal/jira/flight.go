package jira

import (
	"context"

	"github.com/jitaccess/jit/internal/fault"
)

// flight is one question to Jira about who we are, for all who wait for it.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	id      identity
	err     error
}

// identify returns who we are: what is known, or the answer to a question under
// way, or to a new one. An answer with groups serves those who need none. The
// question is not tied to the context of who asked first; it ends when nobody
// waits for it any more.
func (c *Client) identify(ctx context.Context, groups bool) (identity, error) {
	c.mu.Lock()
	for _, with := range []bool{groups, true} {
		if id, ok := c.known[with]; ok {
			c.mu.Unlock()
			return id, nil
		}
	}
	f := c.flights[groups]
	if f == nil {
		f = c.flights[true]
	}
	if f == nil {
		f = c.launch(ctx, groups)
	}
	f.waiting++
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.id, f.err
	case <-ctx.Done():
		c.leave(f)
		return identity{}, c.broken(ctx, call{subject: "who we are"}, ctx.Err())
	}
}

// launch starts the question; the caller holds the lock.
func (c *Client) launch(ctx context.Context, groups bool) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel}
	c.flights[groups] = f
	go func() {
		defer cancel()
		id, err := c.askMyself(ctx, groups)
		c.land(f, groups, id, err)
	}()
	return f
}

// land keeps the answer, unless it was given up or forgotten meanwhile, and
// hands it to those who wait.
func (c *Client) land(f *flight, groups bool, id identity, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[groups] == f {
		delete(c.flights, groups)
		if before, ok := c.known[!groups]; ok && err == nil && before.principal.ID != id.principal.ID {
			err = fault.New(fault.Auth, "Jira at %s says that we are %s, and before that we were %s",
				c.host, c.harmless(id.principal.ID), c.harmless(before.principal.ID)).
				WithHint("a proxy or a cache may be mixing up accounts")
		}
		if err == nil {
			c.known[groups] = id
		}
	}
	f.id, f.err = id, err
	close(f.done)
}

// leave stops waiting, and the question with the last who waited.
func (c *Client) leave(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.waiting--
	if f.waiting > 0 {
		return
	}
	f.cancel()
	for with, other := range c.flights {
		if other == f {
			delete(c.flights, with)
		}
	}
}
