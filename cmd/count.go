package cmd

import (
	"context"
	"fmt"
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
	if !a.io.ErrTTY || a.env.Term == "dumb" {
		return c
	}
	c.drawn.Go(func() {
		tick := time.NewTicker(countEvery)
		defer tick.Stop()
		shown := false
		for {
			select {
			case <-tick.C:
				fmt.Fprintf(a.io.Err, "\rjit: verified %d records …", c.done.Load())
				shown = true
			case <-ctx.Done():
				if shown {
					fmt.Fprint(a.io.Err, "\r\x1b[K")
				}
				return
			}
		}
	})
	return c
}

// stop takes the line away.
func (c *count) stop() {
	c.ended()
	c.drawn.Wait()
}
