package accesstest

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing/fstest"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

var (
	_ access.Log  = (*Log)(nil)
	_ audit.Store = (*Log)(nil)
)

// Log is an in-memory access.Log, and the audit.Store that reads it. It is safe
// for concurrent use.
type Log struct {
	mu     sync.Mutex
	files  fstest.MapFS
	heads  map[string]audit.Ref
	drawn  int
	fail   error // of the next append
	lost   error // of the next append, whose record is written all the same
	broken error // of every append
}

// NewLog returns an empty log.
func NewLog() *Log {
	return &Log{files: fstest.MapFS{}, heads: map[string]audit.Ref{}}
}

// FailNext makes the next Append fail with err before anything is written.
func (l *Log) FailNext(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = err
}

// LoseReply makes the next Append write its record and fail with err all the
// same, as one does whose answer never came.
func (l *Log) LoseReply(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = err
}

// Break makes every later Append fail with err; nil mends it.
func (l *Log) Break(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = err
}

// Append puts an event at the end of a writer's chain. Like any log it does not
// mind a context that has ended.
func (l *Log) Append(_ context.Context, writer string, event audit.Event) (audit.Ref, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	failed := l.fail
	if l.fail = nil; failed == nil {
		failed = l.broken
	}
	if failed != nil {
		return audit.Ref{}, failed
	}
	if strings.Contains(writer, ".") {
		return audit.Ref{}, fault.New(fault.Audit, "%q cannot be a writer", writer)
	}
	if event.UID == "" {
		l.drawn++
		event.UID = "uid-" + strconv.Itoa(l.drawn)
	}
	head, ok := l.heads[writer]
	if !ok {
		head = audit.Ref{Writer: writer, Hash: audit.FirstPrev}
	}
	data, err := audit.Encode(event, writer, head.Seq+1, head.Hash)
	if err != nil {
		return audit.Ref{}, fault.Wrap(fault.Audit, err, "the audit record cannot be made")
	}
	head.Seq, head.Hash = head.Seq+1, audit.Hash(data)
	l.heads[writer] = head
	l.files[audit.Name(writer, head.Seq)] = &fstest.MapFile{Data: data}
	if lost := l.lost; lost != nil {
		l.lost = nil
		return audit.Ref{}, lost
	}
	return head, nil
}

// Records returns a writer's records, in order.
func (l *Log) Records(writer string) ([]audit.Record, error) {
	files := l.copy()
	var records []audit.Record
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(name, writer+"/") {
			continue
		}
		r, err := audit.Decode(files[name].Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		records = append(records, r)
	}
	return records, nil
}

// Top, Files and Read show the log to a verifier.

// Top yields the writers' folders.
func (l *Log) Top(ctx context.Context) iter.Seq2[string, error] {
	return audit.FS(l.copy()).Top(ctx)
}

// Files yields the names of a writer's records.
func (l *Log) Files(ctx context.Context, writer string) iter.Seq2[string, error] {
	return audit.FS(l.copy()).Files(ctx, writer)
}

// Read returns a record's bytes.
func (l *Log) Read(ctx context.Context, name string) ([]byte, error) {
	return audit.FS(l.copy()).Read(ctx, name)
}

func (l *Log) copy() fstest.MapFS {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.files)
}
