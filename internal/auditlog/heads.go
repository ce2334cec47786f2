package auditlog

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/jitaccess/jit/pkg/audit"
)

// heads remembers the last record of each chain that this machine wrote to, in
// memory and, where there is a directory for it, in a file a chain. It is only
// a shortcut: a head that others have gone past costs a 412, and a file that
// cannot be read or written costs a search, so neither is reported.
type heads struct {
	dir string // "" keeps nothing
	log string // the log's address

	mu  sync.Mutex
	now map[string]audit.Ref // by the writer whose chain it is, without .2
}

// lockWait is how long one process waits for another that appends to the same
// chain. After it both go on, and the store decides.
const (
	lockWait  = 5 * time.Second
	lockPause = 3 * time.Millisecond
)

// cached is what a file holds. Sum keeps a damaged one from making a hole in
// the chain.
type cached struct {
	Log    string    `json:"log"`
	Writer string    `json:"writer"`
	Head   audit.Ref `json:"head"`
	Time   time.Time `json:"time,omitzero"` // of a checkpoint
	Sum    string    `json:"sum"`
}

func newHeads(stateDir, log string) *heads {
	h := &heads{log: log, now: map[string]audit.Ref{}}
	if stateDir != "" {
		h.dir = filepath.Join(stateDir, "heads")
	}
	return h
}

func (c cached) sum() string {
	return audit.Hash([]byte(strings.Join([]string{c.Log, c.Writer, audit.Name(c.Head.Writer, c.Head.Seq), c.Head.Hash}, "\n")))
}

func (h *heads) path(writer string) string {
	return filepath.Join(h.dir, audit.Hash([]byte(h.log + "\n" + writer))[:32])
}

// get returns the head of a writer's chain, and whether it is remembered.
func (h *heads) get(writer string) (audit.Ref, bool) {
	h.mu.Lock()
	head, ok := h.now[writer]
	h.mu.Unlock()
	if h.dir == "" {
		return head, ok
	}
	stored, found := h.load(h.path(writer))
	if found && stored.Writer == writer && (!ok || later(stored.Head, head)) {
		return stored.Head, true
	}
	return head, ok
}

// load reads one file; what does not prove to be a head of this log is none.
func (h *heads) load(path string) (cached, bool) {
	c, ok := h.read(path)
	return c, ok && c.plausible()
}

// read returns what is in a file of this log that is not damaged.
func (h *heads) read(path string) (cached, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return cached{}, false
	}
	var c cached
	if json.Unmarshal(data, &c) != nil || c.Log != h.log || c.Sum != c.sum() {
		return cached{}, false
	}
	return c, true
}

// plausible reports whether the head is one of the writer's chain, or of its
// continuations: an append goes on from it, and must not land on another's.
func (c cached) plausible() bool {
	base, _ := audit.SplitWriter(c.Head.Writer)
	return audit.IsWriter(c.Head.Writer) && base == c.Writer && c.Head.Seq > 0 && c.Head.Seq < audit.MaxSeq
}

func later(a, b audit.Ref) bool {
	_, aPart := audit.SplitWriter(a.Writer)
	_, bPart := audit.SplitWriter(b.Writer)
	return aPart > bPart || aPart == bPart && a.Seq > b.Seq
}

// set remembers a head.
func (h *heads) set(writer string, head audit.Ref) {
	h.mu.Lock()
	h.now[writer] = head
	h.mu.Unlock()
	if h.dir == "" {
		return
	}
	h.write(cached{Log: h.log, Writer: writer, Head: head})
}

// write puts one file in place, whole or not at all.
func (h *heads) write(c cached) {
	c.Sum = c.sum()
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return
	}
	data, err := json.Marshal(c)
	if err != nil {
		return
	}
	f, err := os.CreateTemp(h.dir, ".new-*")
	if err != nil {
		return
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), h.path(c.Writer))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
}

// all are the heads in files, of every chain of this log.
func (h *heads) all() []audit.Ref {
	if h.dir == "" {
		return nil
	}
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		return nil
	}
	var refs []audit.Ref
	for _, e := range entries {
		if c, ok := h.load(filepath.Join(h.dir, e.Name())); ok {
			refs = append(refs, c.Head)
		}
	}
	return refs
}

// lock keeps the other processes of this machine from appending to the chain
// meanwhile, so that they do not all lose to one. The operating system ends it
// with the process.
func (h *heads) lock(ctx context.Context, writer string) (unlock func()) {
	none := func() {}
	if h.dir == "" || os.MkdirAll(h.dir, 0o700) != nil {
		return none
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock := flock.New(h.path(writer) + ".lock")
	if ok, err := lock.TryLockContext(ctx, lockPause); !ok || err != nil {
		return none
	}
	return func() { _ = lock.Close() }
}
