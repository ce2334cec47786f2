package terminal

import (
	"io"
	"sync"
)

// output remembers the first error of writing, so that a command need not look
// at each line it prints: a full disk behind standard output must not pass for
// success.
type output struct {
	w   io.Writer
	mu  sync.Mutex
	err error
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	o.err = err
	return n, err
}

// OutError returns the first error of writing to standard output, or nil.
func (s *Streams) OutError() error {
	o, ok := s.Out.(*output)
	if !ok {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
