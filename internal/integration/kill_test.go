//go:build linux

package integration

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/jitaccess/jit/pkg/audit"
)

// A victim is a request that is killed at one moment, in a world that outlives
// it: wallet, agent and log are those that the killed requests before it left.
type victim struct {
	*world
	entitlement string
	keys        *watchedAgent
	killed      int
	seen        map[string]audit.Record // all that the log ever had, by name
}

func newVictim(t *testing.T, entitlement string, arrange func(*world)) *victim {
	t.Helper()
	w := newWorld(t)
	w.fileCA()
	arrange(w)
	w.start()
	v := &victim{world: w, entitlement: entitlement, keys: w.watchedAgent(), seen: map[string]audit.Record{}}
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
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		v.t.Fatal(err)
	}
	close(started)
	_ = c.Wait()
	close(dead)
	disarm()
	status, _ := c.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case status.Signaled() && sprung.Load():
		v.killed++
	case status.Signaled() || status.ExitStatus() != 0:
		v.t.Errorf("a request that nobody killed ended with %v: %s", c.ProcessState, &stderr)
	}
	return sprung.Load()
}

// patience is how long a call is kept waiting before its caller is killed: time
// enough for a program that does not wait for it to get ahead of itself.
const patience = 50 * time.Millisecond

// atCall kills at the n-th call to a service: while it waits, which is then
// never served, or when it is served and not answered yet. Calls tells how many
// the service has had.
func (v *victim) atCall(service string, n int, served bool) (arm func(kill func()) func(), calls *atomic.Int64) {
	calls = new(atomic.Int64)
	return func(kill func()) func() {
		spring := func(called string) bool {
			if called != service || calls.Add(1) != int64(n) {
				return false
			}
			time.Sleep(patience)
			kill()
			return true
		}
		if served {
			v.watch.set(nil, func(called string) { spring(called) })
		} else {
			v.watch.set(spring, nil)
		}
		return func() { v.watch.set(nil, nil) }
	}, calls
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

// conclude verifies the chains and shows that work goes on.
func (v *victim) conclude(atLeast int) {
	v.t.Helper()
	v.jit("audit", "verify").want(v.t, 0)
	before := len(v.read("before the last request").issued)
	g := v.request(v.entitlement)
	after := v.read("after the last request").issued
	if len(after) != before+1 || after[g.ID].Hash != g.Record.Hash {
		v.t.Errorf("the request after %d kills left no record", v.killed)
	}
	v.check("at the end")
	v.jit("audit", "verify").want(v.t, 0)
	v.noSecretInTheClear()
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
			v.killFirstRuns()
			v.conclude(80)
		})
	}
}

// mostCalls is far more than a request makes.
const mostCalls = 20

// killAtCalls goes through every call of a request, to the agent too. Not every
// call is one that the request waits for: one that only opens a connection may
// be held up until after its end.
func (v *victim) killAtCalls() {
	v.t.Helper()
	for _, service := range []string{onJira, onSTS, onS3, onKMS, onAgent} {
		for _, served := range []bool{false, true} {
			for n := 1; ; n++ {
				if n > mostCalls {
					v.t.Fatalf("a request calls %s more than %d times", service, mostCalls)
				}
				arm, calls := v.atCall(service, n, served)
				v.attempt(arm)
				v.check(fmt.Sprintf("killed at call %d to %s (served: %v)", n, service, served))
				if calls.Load() < int64(n) {
					break
				}
			}
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
	const steps = 120
	for i := range steps {
		v.killAfter(whole * time.Duration(i) / steps)
	}
}

func (v *victim) killAfter(after time.Duration) {
	v.t.Helper()
	v.attempt(func(kill func()) func() {
		timer := time.AfterFunc(after, kill)
		return func() { timer.Stop() }
	})
	v.check(fmt.Sprintf("killed after %v", after))
}

// killFirstRuns kills the first request on a machine, which makes the wallet,
// its key and the cache of heads, and shows that a second one still can.
func (v *victim) killFirstRuns() {
	v.t.Helper()
	v.env["JIT_STATE_DIR"] = v.path("first")
	begin := time.Now()
	v.request(v.entitlement)
	whole := time.Since(begin)
	const machines = 24
	for i := range machines {
		state := v.path(fmt.Sprint("machine", i))
		v.env["JIT_STATE_DIR"] = state
		// What they all share is the time before anything is minted.
		v.killAfter(whole/3 + whole*time.Duration(i)/(machines*3/2))
		v.request(v.entitlement)
		v.check("after a first run that was killed")
	}
}
