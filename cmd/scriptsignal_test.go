package cmd

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/sandbox/fakests"
	"github.com/jitaccess/jit/internal/terminal"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// until polls, and reports whether what must come came in time.
func until(every time.Duration, ok func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(every) {
		if ok() {
			return true
		}
	}
	return false
}

// interrupted sends Ctrl-C to a command while a service keeps it waiting, and
// requires its exit code: interrupted CODE jira|sts|s3|s3-read|token COMMAND [ARG…]. With s3
// the writes go on after the signal; with the others nobody ever answers.
func interrupted(ts *testscript.TestScript, neg bool, args []string, all *output) {
	w, ok := ts.Value(worldKey{}).(*sandbox.World)
	if !ok || neg || len(args) < 3 {
		ts.Fatalf("usage: interrupted CODE SERVICE COMMAND [ARG...]")
	}
	waiting, release := hang(ts, w, args[1])
	pid := ts.MkAbs("pid")
	ts.Check(os.RemoveAll(pid))
	signalled := make(chan error, 1)
	go func() { signalled <- signalWhen(waiting, pid, release) }()
	// exec keeps the process, so that pid is the command's.
	run(ts, append([]string{args[0], "sh", "-c", `echo $$ >"$0" && exec "$@"`, pid}, args[2:]...))
	ts.Check(<-signalled)
	all.add(strings.Join(args[2:], " "), ts.ReadFile("stdout"), ts.ReadFile("stderr"))
}

func signalWhen(waiting func() bool, pidFile string, release func()) error {
	defer release()
	if !until(2*time.Millisecond, waiting) {
		return errors.New("the service was never asked")
	}
	data, err := os.ReadFile(pidFile)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return err
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Signal(syscall.SIGINT)
}

// hang makes a service keep its callers waiting. It returns whether one waits,
// and what ends it.
func hang(ts *testscript.TestScript, w *sandbox.World, service string) (waiting func() bool, release func()) {
	switch service {
	case "jira":
		before := len(w.Jira.Calls())
		w.Jira.Hook(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
		return func() bool { return len(w.Jira.Calls()) > before }, func() { w.Jira.Hook(nil) }
	case "sts":
		assumed := func() (n int) {
			for _, call := range w.STS.Calls() {
				if call == "AssumeRole" {
					n++
				}
			}
			return n
		}
		before := assumed()
		w.STS.Inject(&fakests.Fault{Action: "AssumeRole", Delay: time.Hour})
		return func() bool { return assumed() > before }, func() { w.STS.Inject(nil) }
	case "token": // jira.token_command, which makes this file
		return func() bool { _, err := os.Stat(ts.MkAbs("asked")); return err == nil }, func() {}
	case "s3", "s3-read":
		method := map[string]string{"s3": http.MethodPut, "s3-read": http.MethodGet}[service]
		g := &gate{next: w.S3, method: method, asked: make(chan struct{}, 64), open: make(chan struct{})}
		ts.Setenv("AWS_ENDPOINT_URL_S3", serve(ts, g))
		return func() bool { return len(g.asked) > 0 }, func() {
			if service == "s3" {
				close(g.open)
			}
		}
	}
	ts.Fatalf("nothing hangs by %s", service)
	return nil, nil
}

// gate holds calls of one method back until it is opened.
type gate struct {
	next   http.Handler
	method string
	asked  chan struct{}
	open   chan struct{}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == g.method {
		g.asked <- struct{}{}
		select {
		case <-g.open:
		case <-r.Context().Done():
			return
		}
	}
	g.next.ServeHTTP(w, r)
}

// serve serves until the script ends, and returns the URL.
func serve(ts *testscript.TestScript, h http.Handler) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	server := &http.Server{Handler: h, ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(l) }()
	ts.Defer(func() { _ = server.Close() })
	return "http://" + l.Addr().String()
}

// later runs jit in this process with the clock ahead, since nothing moves the
// clock of another: later DURATION CODE jit [ARG…]. It writes later.out and
// later.err.
func later(ts *testscript.TestScript, neg bool, args []string, all *output) {
	if neg || len(args) < 4 || args[2] != "jit" {
		ts.Fatalf("usage: later DURATION CODE jit ARG...")
	}
	ahead, err := time.ParseDuration(args[0])
	ts.Check(err)
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	var out, errs bytes.Buffer
	a := &app{
		notices: &notices{},
		env: config.Env{
			ConfigPath: ts.Getenv("JIT_CONFIG"), StateDir: ts.Getenv("JIT_STATE_DIR"), Shell: ts.Getenv("SHELL"),
			JiraToken: credential.NewSecret(ts.Getenv("JIT_JIRA_TOKEN")),
			AWSEndpoints: map[string]string{
				"STS": ts.Getenv("AWS_ENDPOINT_URL_STS"), "S3": ts.Getenv("AWS_ENDPOINT_URL_S3"), "KMS": ts.Getenv("AWS_ENDPOINT_URL_KMS"),
				"SIGNIN": ts.Getenv("AWS_ENDPOINT_URL_SIGNIN"),
			},
		},
		io:     &terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &errs},
		now:    func() time.Time { return time.Now().Add(ahead) },
		random: rand.Reader,
	}
	got := a.run(context.Background(), args[3:])
	ts.Check(errors.Join(os.WriteFile(ts.MkAbs("later.out"), out.Bytes(), 0o600), os.WriteFile(ts.MkAbs("later.err"), errs.Bytes(), 0o600)))
	all.add(strings.Join(args[2:], " "), out.String(), errs.String())
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d\n%s", strings.Join(args[2:], " "), got, want, errs.String())
	}
}
