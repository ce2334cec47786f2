//go:build linux

package integration

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A victim is a request that is killed at one moment, in a world that outlives
// it: wallet, agent and log are those that the killed requests before it left.
type victim struct {
	*world
	entitlement string
	keys        *watchedAgent
	killed      int
}

func newVictim(t *testing.T, entitlement string, arrange func(*world)) *victim {
	t.Helper()
	w := newWorld(t)
	w.fileCA()
	arrange(w)
	w.start()
	v := &victim{world: w, entitlement: entitlement, keys: w.watchedAgent()}
	w.env["SSH_AUTH_SOCK"] = v.keys.socket
	w.request(entitlement)
	return v
}

// attempt runs a request and hands whoever arms the trap a function that kills
// it, and returns when it is dead. It reports whether the trap was sprung.
func (v *victim) attempt(arm func(kill func()) (disarm func())) bool {
	v.t.Helper()
	c := v.command(v.t.Context(), "request", "OPS-7", "-e", v.entitlement, "--json")
	dead := make(chan struct{})
	started := make(chan struct{})
	var sprung atomic.Bool
	kill := sync.OnceFunc(func() {
		<-started
		sprung.Store(true)
		_ = c.Process.Kill()
		<-dead
	})
	disarm := arm(kill)
	if err := c.Start(); err != nil {
		v.t.Fatal(err)
	}
	close(started)
	_ = c.Wait()
	close(dead)
	disarm()
	if sprung.Load() {
		v.killed++
	} else if code := c.ProcessState.ExitCode(); code != 0 {
		v.t.Errorf("a request that nobody killed ended with %d", code)
	}
	return sprung.Load()
}

// patience is how long a call is kept waiting before its caller is killed: time
// enough for a program that does not wait for it to get ahead of itself.
const patience = 50 * time.Millisecond

// atCall kills at the n-th call to any service: while it waits, which is then
// never served, or when it is served and not answered yet.
func (v *victim) atCall(n int, served bool) func(kill func()) func() {
	return func(kill func()) func() {
		var calls atomic.Int64
		spring := func(string) bool {
			if calls.Add(1) != int64(n) {
				return false
			}
			time.Sleep(patience)
			kill()
			return true
		}
		if served {
			v.watch.set(nil, func(service string) { spring(service) })
		} else {
			v.watch.set(spring, nil)
		}
		return func() { v.watch.set(nil, nil) }
	}
}

// atFile kills at the n-th thing that happens to a file below dirs.
func (v *victim) atFile(n int, dirs ...string) func(kill func()) func() {
	return func(kill func()) func() {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
		if err != nil {
			v.t.Fatal(err)
		}
		for _, dir := range dirs {
			watchTree(v.t, fd, dir)
		}
		events := os.NewFile(uintptr(fd), "inotify")
		over := make(chan struct{})
		go func() {
			defer close(over)
			buf := make([]byte, 64<<10)
			for seen := 0; ; {
				got, err := events.Read(buf)
				if err != nil {
					return
				}
				for at := 0; at < got; {
					seen++
					if seen == n {
						kill()
					}
					at += unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(buf[at+12:]))
				}
			}
		}()
		return func() { events.Close(); <-over }
	}
}

func watchTree(t testing.TB, fd int, root string) {
	t.Helper()
	const what = unix.IN_CREATE | unix.IN_OPEN | unix.IN_MODIFY | unix.IN_CLOSE | unix.IN_MOVE | unix.IN_DELETE
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		_, err = unix.InotifyAddWatch(fd, path, what)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// record is what a test needs to know of an entry of the log.
type record struct {
	Unmapped struct {
		Jit struct {
			Event  string `json:"event"`
			Grant  string `json:"grant"`
			Writer string `json:"writer"`
			Seq    uint64 `json:"seq"`
		} `json:"jit"`
	} `json:"unmapped"`
	hash string
}

// issued returns the issued records of the log by grant.
func (v *victim) issued() map[string]record {
	v.t.Helper()
	byGrant := map[string]record{}
	for name, data := range v.entries() {
		r := record{hash: hashOf(data)}
		if err := json.Unmarshal(data, &r); err != nil {
			v.t.Fatalf("%s: %v", name, err)
		}
		if r.Unmapped.Jit.Event == "issued" {
			byGrant[r.Unmapped.Jit.Grant] = r
		}
	}
	return byGrant
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// entries returns the log's records by name, wherever it is.
func (v *victim) entries() map[string][]byte {
	entries := map[string][]byte{}
	dir, onDisk := strings.CutPrefix(v.log, "file://")
	if !onDisk {
		for _, key := range v.objects.Keys(v.bucket) {
			if data, ok := v.objects.Get(v.bucket, key); ok && isRecord(key) {
				entries[key] = data
			}
		}
		return entries
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && isRecord(path) {
			entries[path], err = os.ReadFile(path)
		}
		return err
	})
	return entries
}

// isRecord reports whether a name ends in a writer and ten digits.
func isRecord(name string) bool {
	seq, ok := strings.CutSuffix(filepath.Base(name), ".json")
	return ok && len(seq) == 10 && strings.Trim(seq, "0123456789") == ""
}

// check shows that whatever can be read has its record.
func (v *victim) check(moment string) {
	v.t.Helper()
	issued := v.issued()
	status := v.jit("status", "--json")
	if status.code != 0 {
		v.t.Fatalf("%s: status ended with %d: %s", moment, status.code, status.stderr)
	}
	for _, g := range decode[[]grant](v.t, status) {
		r, ok := issued[g.ID]
		if !ok || r.hash != g.Record.Hash || r.Unmapped.Jit.Seq != g.Record.Seq {
			v.t.Fatalf("%s: the wallet has grant %s, whose record is %+v", moment, g.ID, r)
		}
	}
	for _, id := range v.keys.keyIDs(v.t) {
		if _, ok := issued[id[strings.LastIndexByte(id, ' ')+1:]]; !ok {
			v.t.Fatalf("%s: the agent has %q, which has no record", moment, id)
		}
	}
	// Nothing that was sealed can have become unreadable.
	if v.entitlement == "data" {
		v.jit("credential-process", "-e", "data").want(v.t, 0)
	}
}

// conclude verifies the chains and shows that work goes on.
func (v *victim) conclude(atLeast int) {
	v.t.Helper()
	v.jit("audit", "verify").want(v.t, 0)
	before := len(v.issued())
	g := v.request(v.entitlement)
	if after := v.issued(); len(after) != before+1 || after[g.ID].hash != g.Record.Hash {
		v.t.Errorf("the request after %d kills left no record", v.killed)
	}
	v.check("at the end")
	v.jit("audit", "verify").want(v.t, 0)
	if v.killed < atLeast {
		v.t.Errorf("only %d requests were killed: the traps do not spring", v.killed)
	}
	v.t.Logf("%d requests were killed", v.killed)
}

func TestKilledAtEachStep(t *testing.T) {
	onDisk := func(w *world) { w.log = "file://" + w.path("log") }
	inBucket := func(*world) {}
	for _, tc := range []struct {
		entitlement, log string
		arrange          func(*world)
	}{
		{"data", "bucket", inBucket},
		{"bastion", "bucket", inBucket},
		{"bastion", "disk", onDisk},
	} {
		t.Run(tc.entitlement+" log in "+tc.log, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, tc.entitlement, tc.arrange)
			v.killAtCalls()
			v.killAtFiles()
			v.killAtRandom()
			v.conclude(60)
		})
	}
}

// mostCalls is far more than a request makes.
const mostCalls = 40

// killAtCalls goes through every call of a request, to the agent too.
func (v *victim) killAtCalls() {
	v.t.Helper()
	for _, served := range []bool{false, true} {
		for n := 1; v.attempt(v.atCall(n, served)); n++ {
			if n > mostCalls {
				v.t.Fatalf("a request makes more than %d calls", mostCalls)
			}
			v.check(fmt.Sprintf("killed at call %d (served: %v)", n, served))
		}
	}
}

// killAtFiles goes through everything that a request does to files.
func (v *victim) killAtFiles() {
	v.t.Helper()
	dirs := []string{v.env["JIT_STATE_DIR"]}
	if dir, ok := strings.CutPrefix(v.log, "file://"); ok {
		dirs = append(dirs, dir)
	}
	misses := 0
	for n := 1; misses < 3 && n < 200; n++ {
		if !v.attempt(v.atFile(n, dirs...)) {
			misses++
		}
		v.check(fmt.Sprintf("killed at file event %d", n))
	}
}

// killAtRandom sweeps over the time that a request takes.
func (v *victim) killAtRandom() {
	v.t.Helper()
	begin := time.Now()
	v.request(v.entitlement)
	whole := time.Since(begin)
	const steps = 60
	for i := range steps {
		after := whole * time.Duration(i) / steps
		v.attempt(func(kill func()) func() {
			timer := time.AfterFunc(after, kill)
			return func() { timer.Stop() }
		})
		v.check(fmt.Sprintf("killed after %v", after))
	}
}
