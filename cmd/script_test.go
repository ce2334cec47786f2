package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/sandbox/fakejira"
	"github.com/jitaccess/jit/pkg/audit"
)

// TestMain lets the scripts run this test binary as jit: the real Main, in a
// process of its own.
func TestMain(m *testing.M) {
	usualUmask()
	testscript.Main(m, map[string]func(){"jit": func() { os.Exit(Main()) }, "test-browser": browse})
}

// output collects what every jit of every script printed, so that one search
// finds a secret wherever it slipped out.
type output struct {
	mu      sync.Mutex
	printed []printed
	secrets map[string]string // value → where it is from
}

type printed struct{ where, text string }

func (o *output) add(where string, texts ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, text := range texts {
		o.printed = append(o.printed, printed{where, text})
	}
}

func (o *output) secret(value, from string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(value) >= 6 {
		o.secrets[value] = from
	}
}

// privateKey begins every private key, whatever key it is.
const privateKey = "PRIVATE KEY-----"

// search looks for every secret in everything that was printed. A short one,
// which other digits may hold by chance, must stand alone.
func (o *output) search() (found []string) {
	for _, p := range o.printed {
		if strings.Contains(p.text, privateKey) {
			found = append(found, p.where+" printed a private key")
		}
	}
	for value, from := range o.secrets {
		holds := func(text string) bool { return strings.Contains(text, value) }
		if len(value) < 12 {
			holds = regexp.MustCompile(`\b` + regexp.QuoteMeta(value) + `\b`).MatchString
		}
		for _, p := range o.printed {
			if holds(p.text) {
				found = append(found, p.where+" printed the "+from)
			}
		}
	}
	return found
}

func TestTheSearchFindsSecrets(t *testing.T) {
	o := &output{secrets: map[string]string{}}
	o.secret("a-token-of-some-length", "token")
	o.secret("736151", "code")
	o.add("harmless", "1736151000", "")
	if found := o.search(); len(found) != 0 {
		t.Errorf("found %q in nothing", found)
	}
	o.add("one", "x=a-token-of-some-lengthy")
	o.add("two", "the code is 736151.")
	o.add("three", "-----BEGIN OPENSSH "+privateKey)
	if found := o.search(); len(found) != 3 {
		t.Errorf("found %q of three", found)
	}
}

func TestScripts(t *testing.T) {
	runScripts(t, noBus, testscript.Params{Dir: filepath.Join("testdata", "script")})
}

// noBus is where no keyring is, so that no test reaches that of whoever runs it.
const noBus = "unix:path=/nonexistent"

// atOnce keeps the race detector from waiting for a second at the end of every
// process.
const atOnce = "GORACE=atexit_sleep_ms=0"

// runScripts runs scripts in worlds of their own, with the keyring that is on a
// bus, and then looks for secrets in all that they printed or left on disk.
func runScripts(t *testing.T, bus string, p testscript.Params) {
	all := &output{secrets: map[string]string{}}
	p.Setup = func(env *testscript.Env) error { return enter(env, bus, all) }
	p.Cmds = commands(all)
	p.RequireExplicitExec = true
	t.Run("script", func(t *testing.T) { testscript.Run(t, p) })
	if len(all.secrets) == 0 {
		t.Error("no secret was collected, so none could be found")
	}
	for _, found := range all.search() {
		t.Error(found)
	}
}

// commands are those of the scripts beside testscript's own.
func commands(all *output) map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":       func(ts *testscript.TestScript, neg bool, args []string) { exits(ts, neg, args, all) },
		"secretly":    func(ts *testscript.TestScript, neg bool, args []string) { secretly(ts, neg, args, all) },
		"interrupted": func(ts *testscript.TestScript, neg bool, args []string) { interrupted(ts, neg, args, all) },
		"later":       func(ts *testscript.TestScript, neg bool, args []string) { later(ts, neg, args, all) },
		"world":       func(ts *testscript.TestScript, neg bool, args []string) { world(ts, neg, args, all) },
		"expand":      expand,
	}
}

// worldKey finds a script's world among its values.
type worldKey struct{}

// enter gives a script an embedded world of its own. With a file named
// data-center in its archive, the world's Jira is one.
func enter(env *testscript.Env, bus string, all *output) error {
	_, err := os.Stat(filepath.Join(env.WorkDir, "data-center"))
	w, err := sandbox.Start(context.Background(), sandbox.Options{Dir: filepath.Join(env.WorkDir, "world"), DataCenter: err == nil})
	if err != nil {
		return err
	}
	env.Defer(func() {
		all.secretsOf(w)
		for path, text := range files(env.WorkDir) {
			all.add("the file "+path, text)
		}
		if err := w.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "the world did not close:", err)
		}
	})
	env.Values[worldKey{}] = w
	ada := w.Edition().ID(sandbox.User)
	writer := audit.EscapeID(ada)
	// The script's own PATH comes first: it has this test binary as jit.
	path := env.Getenv("PATH")
	env.Vars = append(w.Environ(env.Vars), "PATH="+path,
		"GOOD_TOKEN="+w.JiraToken, "GOOD_SECRET="+w.Base.Secret, "GOOD_KEY="+w.Base.ID,
		"JIRA_URL="+w.JiraURL, "JIRA_EMAIL="+fakejira.Email(sandbox.User), "S3_URL="+w.S3URL, "ESCAPES=\x1b]0;owned\x07\x1b[31mred", "POLICY="+w.PolicyPath(), "CA="+w.Path("ca"),
		"AUDIT="+w.AuditDir(), "ADA="+ada, "WRITER="+writer, "CHAIN="+filepath.Join(w.AuditDir(), writer),
		"DBUS_SESSION_BUS_ADDRESS="+bus, atOnce)
	return os.WriteFile(filepath.Join(env.WorkDir, "token"), []byte(w.JiraToken+"\n"), 0o600)
}

// secretsOf collects every secret of a world, those that were minted in it
// included.
func (o *output) secretsOf(w *sandbox.World) {
	o.secret(w.JiraToken, "Jira token")
	o.secret(w.AdminToken, "sandbox's token")
	o.secret(w.Base.Secret, "base AWS secret")
	for _, s := range w.STS.Sessions() {
		o.secret(s.Key.Secret, "minted AWS secret")
		o.secret(s.Key.Token, "minted AWS session token")
	}
	// Keys in the world's files: of the wallet as it is, and of the CA a line.
	for _, name := range []string{filepath.Join("state", "wallet.key"), "ca"} {
		data, err := os.ReadFile(w.Path(name))
		if err != nil {
			continue // not every world has a wallet
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); len(line) > 40 {
				o.secret(line, "key in "+name)
			}
		}
	}
}

// files reads everything that a script left on disk, but for the files whose
// job it is to hold a secret. The sealed wallet is not among those.
func files(dir string) map[string]string {
	private := []string{"ca", "curlrc", "aws-config", "aws-credentials", "wallet.key", "jit", "token"}
	found := map[string]string{}
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || slices.Contains(private, d.Name()) || strings.HasSuffix(d.Name(), ".secret") {
			return nil //nolint:nilerr // what cannot be read shows nothing to anybody
		}
		if data, err := os.ReadFile(path); err == nil {
			found[path] = string(data)
		}
		return nil
	})
	return found
}

// exits runs a command and requires its exit code: exits CODE COMMAND [ARG…].
func exits(ts *testscript.TestScript, neg bool, args []string, all *output) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	run(ts, args)
	all.add(strings.Join(args[1:], " "), ts.ReadFile("stdout"), ts.ReadFile("stderr"))
}

// minted finds the secrets in the output of credential-process and env.
var minted = regexp.MustCompile(`(SecretAccessKey|SessionToken|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN)["' =:]+([A-Za-z0-9+/=_-]{20,})`)

// secretly is exits for a command whose output is meant to hold secrets. What
// it prints must then not be found anywhere else.
func secretly(ts *testscript.TestScript, neg bool, args []string, all *output) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: secretly CODE COMMAND [ARG...]")
	}
	run(ts, args)
	for _, m := range minted.FindAllStringSubmatch(ts.ReadFile("stdout"), -1) {
		all.secret(m[2], m[1])
	}
	all.add(strings.Join(args[1:], " "), ts.ReadFile("stderr"))
}

func run(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%s: %v", strings.Join(args[1:], " "), err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("%s: exit code %d, want %d\n%s", strings.Join(args[1:], " "), code, want, ts.ReadFile("stderr"))
	}
}
