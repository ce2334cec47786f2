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
)

// TestMain lets the scripts run this test binary as jit: the real Main, in a
// process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"jit": func() { os.Exit(Main()) }})
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
	if len(value) >= 8 {
		o.secrets[value] = from
	}
}

func TestScripts(t *testing.T) {
	all := &output{secrets: map[string]string{}}
	t.Run("script", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir:   filepath.Join("testdata", "script"),
			Setup: func(env *testscript.Env) error { return enter(env, all) },
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"exits":    func(ts *testscript.TestScript, neg bool, args []string) { exits(ts, neg, args, all) },
				"secretly": func(ts *testscript.TestScript, neg bool, args []string) { secretly(ts, neg, args, all) },
				"world":    world,
			},
			RequireExplicitExec: true,
		})
	})
	for _, p := range all.printed {
		for value, from := range all.secrets {
			if strings.Contains(p.text, value) {
				t.Errorf("%s printed the %s", p.where, from)
			}
		}
	}
	if !testing.Short() && len(all.secrets) == 0 {
		t.Error("no secret was collected, so none could be found")
	}
}

// worldKey finds a script's world among its values.
type worldKey struct{}

// enter gives a script an embedded world of its own.
func enter(env *testscript.Env, all *output) error {
	w, err := sandbox.Start(context.Background(), sandbox.Options{Dir: filepath.Join(env.WorkDir, "world")})
	if err != nil {
		return err
	}
	env.Defer(func() {
		all.secret(w.JiraToken, "Jira token")
		all.secret(w.AdminToken, "sandbox's token")
		all.secret(w.Base.Secret, "base AWS secret")
		for path, text := range files(w) {
			all.add("the file "+path, text)
		}
		if err := w.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "the world did not close:", err)
		}
	})
	env.Values[worldKey{}] = w
	// The script's own PATH comes first: it has this test binary as jit.
	path := env.Getenv("PATH")
	env.Vars = append(w.Environ(env.Vars), "PATH="+path,
		"GOOD_TOKEN="+w.JiraToken, "GOOD_SECRET="+w.Base.Secret,
		"JIRA_URL="+w.JiraURL, "JIRA_EMAIL="+fakejira.Email(sandbox.User), "POLICY="+w.PolicyPath(), "CA="+w.Path("ca"))
	if err := os.WriteFile(filepath.Join(env.WorkDir, "token"), []byte(w.JiraToken+"\n"), 0o600); err != nil {
		return err
	}
	return nil
}

// files reads everything that the world left on disk, but for the files whose
// job it is to hold a secret. The sealed wallet is not among those.
func files(w *sandbox.World) map[string]string {
	private := []string{"ca", "curlrc", "aws-config", "aws-credentials", "wallet.key", "jit"}
	found := map[string]string{}
	_ = filepath.WalkDir(w.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || slices.Contains(private, d.Name()) {
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

// world changes the embedded world: world transition KEY STATUS, world assign
// KEY USER, world move KEY PROJECT, world delete KEY, world spoil-log.
func world(ts *testscript.TestScript, neg bool, args []string) {
	w, ok := ts.Value(worldKey{}).(*sandbox.World)
	if !ok || neg || len(args) == 0 {
		ts.Fatalf("usage: world VERB ...")
	}
	var err error
	switch verb := strings.Join(args[:1], ""); {
	case verb == "transition" && len(args) == 3:
		err = w.Jira.Transition(args[1], args[2], "carol")
	case verb == "assign" && len(args) == 3:
		err = w.Jira.Assign(args[1], args[2], "carol")
	case verb == "move" && len(args) == 3:
		_, err = w.Jira.Move(args[1], args[2], "carol")
	case verb == "delete" && len(args) == 2:
		w.Jira.Delete(args[1])
	case verb == "spoil-log":
		err = errors.Join(os.RemoveAll(w.AuditDir()), os.WriteFile(w.AuditDir(), nil, 0o600))
	default:
		err = fmt.Errorf("what is %q?", args)
	}
	ts.Check(err)
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
