package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/sandbox/fakejira"
	"github.com/jitaccess/jit/pkg/audit"
)

// browse is a browser for tests: it fetches the address that it is given, as
// the extension for containers is asked for it, too.
func browse() {
	address := os.Args[len(os.Args)-1]
	if query, ok := strings.CutPrefix(address, "ext+granted-containers:"); ok {
		values, err := url.ParseQuery(query)
		if err != nil {
			os.Exit(1)
		}
		address = values.Get("url")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(address)
	if err != nil {
		os.Exit(1)
	}
	_ = answer.Body.Close()
}

// What the examples name, as the policy of the worlds that they run in.
const (
	examplePolicy = `version: 1
entitlements:
`
	exampleAWS = `  prod-readonly:
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 30m, max: 2h}
    aws: {role_arn: "` + sandbox.Role + `"}
`
	exampleSSH = `  bastion:
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 15m, max: 1h}
    ssh: {logins: [ops], extensions: [permit-pty], hosts: ["bastion-*"]}
`
	exampleCases = `tests: 1
defaults: {ticket: {key: OPS-7}}
cases:
  - {name: an incident, expect: {"*": allow}}
  - {name: a ticket of another project, ticket: {key: DEV-1}, expect: {"*": {deny: [project]}}}
  - {name: a ticket that is done, ticket: {status: {name: Done, category: done}}, expect: {"*": {deny: [status_category]}}}
  - {name: a change of somebody else, principal: bob, expect: {"*": {deny: [assignee]}}}
  - {name: a day, ttl: 24h, expect: {"*": {deny: [lease]}}}
`
)

// stage is a world in which the examples can be run.
type stage struct {
	w   *sandbox.World
	dir string // the home and working directory
	env []string
}

func newStage(t *testing.T, only string) *stage {
	t.Helper()
	dir := t.TempDir()
	w, err := sandbox.Start(context.Background(), sandbox.Options{Dir: filepath.Join(dir, "world")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	ada := w.Edition().ID(sandbox.User)
	w.Jira.AddIssue(fakejira.Issue{
		Key: "OPS-7", Project: "OPS", Type: "Incident", Summary: "Disk is failing on db-3", Status: fakejira.StatusInProgressOf,
		Assignee: ada, Reporter: w.Edition().ID("carol"),
	})
	s := &stage{w: w, dir: dir}
	s.lay(t, only, ada)
	jit, err := exec.LookPath("jit")
	if err != nil {
		t.Fatal(err)
	}
	path := []string{filepath.Join(dir, "bin"), filepath.Dir(jit), os.Getenv("PATH")}
	s.env = append(w.Environ([]string{"PATH=" + strings.Join(path, ":"), "HOME=" + dir, "TMPDIR=" + dir}),
		"PATH="+strings.Join(path, ":"), "SHELL=/bin/sh", "BROWSER=test-browser", "DBUS_SESSION_BUS_ADDRESS="+noBus, "TERM=dumb", atOnce)
	return s
}

// lay writes what the examples name: policies, a map of writers, and programs
// that are not what is tested. The keys in their environment are.
func (s *stage) lay(t *testing.T, only, ada string) {
	t.Helper()
	policy := examplePolicy + exampleAWS + exampleSSH
	if only == "prod-readonly" {
		policy = examplePolicy + exampleAWS
	}
	config, err := os.ReadFile(s.w.SSHConfig())
	if err != nil {
		t.Fatal(err)
	}
	hosts := strings.Replace(strings.Replace(string(config), "Host demo-*", "Host bastion-*", 1), "User demo", "User ops", 1)
	const hasKeys = "#!/bin/sh\ntest -n \"$AWS_SESSION_TOKEN\"\n"
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		ssh = "false"
	}
	for name, text := range map[string]string{
		s.w.PolicyPath(): policy, "policy.yaml": policy, "policy.d/a.yaml": policy, "old.yaml": policy,
		strings.TrimSuffix(s.w.PolicyPath(), ".yaml") + ".test.yaml": exampleCases,
		"policy.test.yaml": exampleCases, "policy.d/a.test.yaml": exampleCases,
		"ssh_config":    hosts,
		"ca.pub":        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJd2Yxq7IoQ3Lw1Pz1nZp8bJt2Qm0h0iM2oYd3u7i3aX ca\n",
		"writers.yaml":  fmt.Sprintf("%q: %q\n", audit.EscapeID(ada), ada),
		"bin/aws":       hasKeys,
		"bin/terraform": hasKeys,
		"bin/jq":        "#!/bin/sh\ngrep -q '\"event\"'\n",
		"bin/ssh":       "#!/bin/sh\nexec " + ssh + " -F '" + filepath.Join(s.dir, "ssh_config") + "' \"$@\"\n",
		".local/share/bash-completion/completions/old": "",
	} {
		if !filepath.IsAbs(name) {
			name = filepath.Join(s.dir, name)
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o700)); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs a line in a shell and returns its exit code and what it complained.
func (s *stage) run(t *testing.T, shell, line string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	args := []string{"-c", line}
	if shell == "bash" {
		args = []string{"-o", "pipefail", "-c", line}
	}
	c := exec.CommandContext(ctx, shell, args...)
	var errs strings.Builder
	c.Dir, c.Env, c.Stderr = s.dir, s.env, &errs
	err := c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), errs.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, errs.String()
}

func TestExamplesRun(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the examples are written for the shells of Unix")
	}
	for line, e := range examples() {
		if e.parsed != "" {
			continue
		}
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			e.play(t, line)
		})
	}
}

func (e example) play(t *testing.T, line string) {
	shell := e.shell
	if shell == "" {
		shell = "bash"
	}
	for _, needed := range []string{shell, "ssh"} {
		if _, err := exec.LookPath(needed); err != nil && (needed == shell || strings.Contains(line, "jit ssh")) {
			requireOrSkip(t, needed, needed+" is not installed")
		}
	}
	s := newStage(t, e.only)
	if e.real {
		s.leave(t)
	}
	s.all(t, e.before)
	code, errs := s.run(t, shell, line)
	// What stands in $(…) or before a pipe may fail and leave 0 behind.
	if code != e.code || (strings.Contains(errs, "jit: error") != (e.code != 0)) {
		t.Errorf("exit code %d, want %d\n%s", code, e.code, errs)
	}
	s.all(t, e.then)
}

// all runs lines, each of which is to exit 0.
func (s *stage) all(t *testing.T, lines []string) {
	t.Helper()
	for _, line := range lines {
		if code, errs := s.run(t, "bash", line); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", line, code, errs)
		}
	}
}

// leave gives the stage a configuration that is no sandbox's: what a sandbox
// refuses to touch is then in the stage's own home. Nothing answers at its URLs.
func (s *stage) leave(t *testing.T) {
	t.Helper()
	path := filepath.Join(s.dir, "real.yaml")
	text := "jira: {url: \"https://jira.invalid\", email: ada@acme.com}\npolicy: policy.yaml\nwallet: file\n" +
		"audit: {log: \"file://" + s.dir + "/log\"}\nssh: {ca: \"file://" + s.w.Path("ca") + "\"}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "JIT_CONFIG="+path)
}
