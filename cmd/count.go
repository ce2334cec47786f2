package cmd

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// countEvery is how often the line is drawn anew, in the time that the eye takes
// for steady.
const countEvery = 200 * time.Millisecond

// count shows on a terminal how many records were verified so far, on one short
// line of standard error that is gone in the end. How many there are is not
// known before all have been listed. Elsewhere, and on a dumb terminal, which
// cannot take a line back, nothing is shown.
type count struct {
	done  atomic.Uint64
	ended context.CancelFunc
	drawn sync.WaitGroup
}

func (a *app) startCount(ctx context.Context) *count {
	c := &count{}
	ctx, c.ended = context.WithCancel(ctx)
	if a.io.ErrTTY && a.env.Term != "dumb" {
		c.drawn.Go(func() { c.draw(ctx, a.io.Err) })
	}
	return c
}

// draw shows the count until it is stopped, and then takes the line away.
func (c *count) draw(ctx context.Context, w io.Writer) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	shown := false
	for {
		select {
		case <-tick.C:
			fmt.Fprintf(w, "\rjit: verified %d records …", c.done.Load())
			shown = true
		case <-ctx.Done():
			if shown {
				fmt.Fprint(w, "\r\x1b[K")
			}
			return
		}
	}
}

// stop takes the line away.
func (c *count) stop() {
	c.ended()
	c.drawn.Wait()
}
