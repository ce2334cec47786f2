package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jitaccess/jit/internal/integration/s3server"
)

// runDir holds what one run of the tests shares; TestMain removes it.
var runDir string

// moduleRoot is the root of the program's module. It is found before anything
// moves the working directory.
var moduleRoot string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	root, err := filepath.Abs("../..")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	moduleRoot = root
	if runDir, err = os.MkdirTemp("", "jit-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(runDir)
	defer func() {
		if gateway.started {
			_ = gateway.server.Close()
		}
	}()
	return m.Run()
}

// need skips the test unless ok, or fails it where JIT_REQUIRE has the word.
func need(t testing.TB, word string, ok bool, missing string) {
	t.Helper()
	if ok {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), word) {
		t.Fatalf("JIT_REQUIRE has %q, but %s", word, missing)
	}
	t.Skip(missing)
}

// needTools is need for programs on the PATH.
func needTools(t testing.TB, word string, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		_, err := exec.LookPath(tool)
		need(t, word, err == nil, tool+" is not installed")
	}
}

// gateway is the one S3 server that a process can run.
var gateway struct {
	once    sync.Once
	started bool
	server  *s3server.Server
	err     error
}

func startGateway(t testing.TB) *s3server.Server {
	t.Helper()
	gateway.once.Do(func() {
		gateway.server, gateway.err = s3server.Start(context.Background())
		gateway.started = gateway.err == nil
	})
	need(t, "s3", gateway.err == nil, fmt.Sprintf("the S3 server does not run: %v", gateway.err))
	return gateway.server
}
