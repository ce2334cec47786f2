package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// built makes jit as a release is made, once for all tests. JIT_BINARY names
// one that is built already.
var built = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("JIT_BINARY"); path != "" {
		return path, nil
	}
	path := filepath.Join(runDir, "jit")
	return path, build(moduleRoot, path)
})

// build makes a program of the package in dir.
func build(dir, path string) error {
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return errors.New(string(out))
	}
	return nil
}

func jitBinary(t testing.TB) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// result is what a process left.
type result struct {
	stdout, stderr string
	code           int
	cpu            time.Duration // user plus system
}

// finish runs a command to its end.
func finish(t testing.TB, c *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	c.WaitDelay = 5 * time.Second // a daemon that it started may hold the pipes
	err := c.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("%v: %v", c.Args, err)
	}
	return result{
		stdout: stdout.String(), stderr: stderr.String(), code: c.ProcessState.ExitCode(),
		cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime(),
	}
}

// want fails the test unless the process ended with this code.
func (r result) want(t testing.TB, code int) result {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", r.code, code, r.stdout, r.stderr)
	}
	return r
}

// grant is what `jit request --json` and `jit status --json` print.
type grant struct {
	ID          string    `json:"id"`
	Ticket      string    `json:"ticket"`
	TicketID    string    `json:"ticket_id"`
	Entitlement string    `json:"entitlement"`
	Principal   string    `json:"principal"`
	Kind        string    `json:"kind"`
	NotBefore   time.Time `json:"not_before"`
	ExpiresAt   time.Time `json:"expires_at"`
	Record      struct {
		Writer string `json:"writer"`
		Seq    uint64 `json:"seq"`
		Hash   string `json:"hash"`
	} `json:"record"`
}

// decode reads the JSON on a process's standard output.
func decode[T any](t testing.TB, r result) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.stdout), &v); err != nil {
		t.Fatalf("%v in %q (standard error: %s)", err, r.stdout, r.stderr)
	}
	return v
}

// command is `jit ARGS` in the world.
func (w *world) command(ctx context.Context, args ...string) *exec.Cmd {
	w.t.Helper()
	return w.program(ctx, jitBinary(w.t), args...)
}

// program is any command in the world: nothing of the environment of the tests
// reaches it but the PATH.
func (w *world) program(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = w.dir
	for k, v := range w.env {
		c.Env = append(c.Env, k+"="+v)
	}
	return c
}

// jit runs `jit ARGS`.
func (w *world) jit(args ...string) result {
	w.t.Helper()
	return finish(w.t, w.command(w.t.Context(), args...))
}

// request runs `jit request OPS-7 -e ENTITLEMENT --json`, which must succeed.
func (w *world) request(entitlement string, more ...string) grant {
	w.t.Helper()
	args := append([]string{"request", "OPS-7", "-e", entitlement, "--json"}, more...)
	return decode[grant](w.t, w.jit(args...).want(w.t, 0))
}
