// Package auditlog keeps the audit log in an S3 bucket or in a directory: one
// chain of records a writer, each record created where none is and never
// changed.
package auditlog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// Options are what a log needs beside its address.
type Options struct {
	// S3 makes the client of an s3:// log, when one is first needed; region is
	// the address's, or "". NewS3 makes one from an AWS configuration.
	S3 func(ctx context.Context, region string) (S3API, error)
	// StateDir is where heads of chains are cached; "" caches in memory only.
	StateDir string
	// Version of jit, for the records; may be empty.
	Version string
	// Random tells records of the same event apart; nil takes crypto/rand.
	Random io.Reader
}

// Log is an audit log. It is an access.Log, an access.Warmer and an
// audit.Store, and safe for concurrent use.
type Log struct {
	backend
	heads   *heads
	version string
	random  io.Reader
	pause   func(ctx context.Context, d time.Duration)

	mu    sync.Mutex
	turns map[string]chan struct{} // by writer: whoever puts one in may append
}

// Open returns the log at an address, s3://BUCKET/PREFIX?region=REGION or
// file:///DIRECTORY. It does no I/O. The error has class Config.
func Open(address string, o Options) (*Log, error) {
	loc, err := parseURL(address)
	if err != nil {
		return nil, err
	}
	if loc.dir != "" {
		return newLog(newDirBackend(loc.dir), loc, o), nil
	}
	if o.S3 == nil {
		return nil, fault.New(fault.Internal, "an s3:// log was opened without a client")
	}
	return newLog(&s3Backend{loc: loc, open: o.S3}, loc, o), nil
}

func newLog(b backend, loc location, o Options) *Log {
	l := &Log{
		backend: b, heads: newHeads(o.StateDir, loc.String()), version: o.Version, random: o.Random,
		pause: sleep, turns: map[string]chan struct{}{},
	}
	if l.random == nil {
		l.random = rand.Reader
	}
	return l
}

// Warm opens the connection to the store, so that the first record costs one
// round trip. It reports nothing.
func (l *Log) Warm(ctx context.Context) { l.warm(ctx) }

// Known are the last records that this machine wrote, for audit.Options: it can
// tell when they are gone.
func (l *Log) Known() []audit.Ref { return l.heads.all() }

// turn waits until no other goroutine appends to the writer's chain.
func (l *Log) turn(ctx context.Context, writer string) (done func(), err error) {
	l.mu.Lock()
	turn := l.turns[writer]
	if turn == nil {
		turn = make(chan struct{}, 1)
		l.turns[writer] = turn
	}
	l.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Audit, ctx.Err(), "the audit log is busy with other records of %s", writer).
			WithHint("try again, and see whether the log answers slowly")
	}
}

// uid draws what tells a record from every other.
func (l *Log) uid() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(l.random, b[:]); err != nil {
		return "", fault.Wrap(fault.Audit, err, "no random number could be drawn for the record")
	}
	return hex.EncodeToString(b[:]), nil
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
