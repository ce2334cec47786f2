//go:build unix

package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

// screen is a shell on a real terminal of 80 by 24, in an embedded world.
type screen struct {
	t      *testing.T
	w      *sandbox.World
	socket string
	dir    string
	seen   *output
}

// prompt is what the shell shows when it waits.
const prompt = "READY>"

// open opens a shell in a world. Each has a tmux server of its own, which ends
// with the test. Without tmux the test is skipped, unless JIT_REQUIRE has the
// word tmux.
func open(t *testing.T, o sandbox.Options, edit ...func(*sandbox.World)) *screen {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		requireOrSkip(t, "tmux", "tmux is not installed")
	}
	o.Dir = filepath.Join(t.TempDir(), "world")
	w, err := sandbox.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edit {
		e(w)
	}
	// A socket's path may have only some hundred bytes, and t.TempDir is long.
	sockets, err := os.MkdirTemp("", "jit-tmux")
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, w: w, dir: homeDir(t), seen: &output{secrets: map[string]string{}}, socket: filepath.Join(sockets, "s")}
	t.Cleanup(s.close)
	jit, err := exec.LookPath("jit")
	if err != nil {
		t.Fatal(err)
	}
	// The environment is in a file: arguments are for everybody to see.
	var env strings.Builder
	for _, v := range append(w.Environ([]string{"PATH=" + filepath.Dir(jit) + ":" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.dir}),
		"TERM=screen-256color", atOnce, "DBUS_SESSION_BUS_ADDRESS="+noBus, "SHELL=/bin/sh", "PS1="+prompt+" ", "ENV=") {
		name, value, _ := strings.Cut(v, "=")
		fmt.Fprintf(&env, "export %s='%s'\n", name, value)
	}
	start := filepath.Join(s.dir, "start.sh")
	if err := os.WriteFile(start, []byte("cd "+s.dir+"\n"+env.String()+"exec /bin/sh -i\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "env", "-i", "/bin/sh", start)
	s.wait(prompt)
	return s
}

// homeDir is a directory for a shell, which may write its history there while it is
// being ended: what is written meanwhile is removed too.
func homeDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jit-home")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !until(20*time.Millisecond, func() bool { return os.RemoveAll(dir) == nil }) {
			t.Errorf("%s cannot be removed", dir)
		}
	})
	return dir
}

func (s *screen) close() {
	s.seen.secretsOf(s.w)
	// A server that has gone already is fine.
	_ = exec.Command("tmux", "-S", s.socket, "kill-server").Run()
	if err := errors.Join(s.w.Close(), os.RemoveAll(filepath.Dir(s.socket))); err != nil {
		s.t.Error(err)
	}
	for _, found := range s.seen.search() {
		s.t.Error(found)
	}
}

func (s *screen) tmux(args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(context.Background(), "tmux", append([]string{"-S", s.socket}, args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("tmux %q: %v\n%s", args, err, errs.String())
	}
	return string(out)
}

// text is what is and was on the screen, long lines whole.
func (s *screen) text() string {
	var b strings.Builder
	for line := range strings.Lines(s.tmux("capture-pane", "-p", "-J", "-S", "-")) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// wait waits until the screen shows something. What it names must be new: only
// run empties the screen.
func (s *screen) wait(want string) string {
	s.t.Helper()
	pattern := regexp.MustCompile(want)
	var text string
	if !until(20*time.Millisecond, func() bool { text = s.text(); return pattern.MatchString(text) }) {
		s.t.Fatalf("the screen never showed %q but\n%s", want, text)
	}
	s.seen.add("the screen", text)
	return text
}

// typed types a line, and keys such as C-c by their names.
func (s *screen) typed(line string) {
	s.t.Helper()
	s.tmux("send-keys", "-l", line)
	s.tmux("send-keys", "Enter")
}

func (s *screen) key(name string) { s.tmux("send-keys", name) }

// run types a command whose exit code and terminal settings then show.
func (s *screen) run(command string) {
	s.t.Helper()
	s.tmux("send-keys", "-R") // a clear screen, so that nothing old is taken for new
	s.tmux("clear-history")
	s.typed(command + `; echo "code=$? "$(stty -a | grep -o "[-]*echo ")`)
}

// ends waits for the end of a command and requires its exit code, with the
// terminal's echo as it was.
func (s *screen) ends(code int) string {
	s.t.Helper()
	text := s.wait(`(?m)^(.*[^"])?code=[0-9]+ -?echo`)
	if !strings.Contains(text, fmt.Sprintf("code=%d echo", code)) {
		s.t.Fatalf("want code %d and a terminal that echoes:\n%s", code, text)
	}
	return text
}

func (s *screen) hidden(secret, from string) {
	s.t.Helper()
	s.seen.secret(secret, from)
	s.typed(secret)
}

func TestTerminalProgress(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("jit request DEMO-1 -e demo-ssh --reason 'a long reason, to see what it does to the line'")
	text := s.ends(exitOK)
	for _, want := range []string{"jit: DEMO-1: ticket, policy, mint, record, keep …", "jit: granted demo-ssh for DEMO-1 until "} {
		if !strings.Contains(text, want) {
			t.Errorf("the screen does not show %q:\n%s", want, text)
		}
	}
	// As it is drawn, nothing that jit says is broken over lines by progress.
	if n := strings.Count(s.tmux("capture-pane", "-p", "-S", "-"), "ticket"); n > 2 {
		t.Errorf("progress is on %d lines", n)
	}
	s.run("jit request DEMO-2")
	if text := s.ends(exitDenied); !strings.Contains(text, "jit: error: DEMO-2 unlocks nothing") {
		t.Errorf("the screen shows\n%s", text)
	}
	if coloured := s.tmux("capture-pane", "-p", "-e", "-S", "-"); !strings.Contains(coloured, "\x1b[31m") {
		t.Error("an error is not red on a terminal")
	}
	s.run("NO_COLOR=1 jit request DEMO-2")
	s.ends(exitDenied)
	if coloured := s.tmux("capture-pane", "-p", "-e", "-S", "-"); strings.Contains(coloured, "\x1b[31m") {
		t.Error("NO_COLOR does not keep colour away")
	}
	s.run("jit audit list")
	if text := s.ends(exitOK); !strings.Contains(text, "ENTITLEMENT") || !strings.Contains(text, "denied") {
		t.Errorf("the list is no table:\n%s", text)
	}
}

func TestTerminalInit(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("JIT_JIRA_TOKEN= jit init --config $HOME/new/config.yaml")
	s.wait(`Jira's URL:$`)
	s.typed("http://jira.acme.example")
	s.wait(`(?s)plain http.*Jira's URL:$`)
	s.typed(s.w.JiraURL)
	s.wait(`Your e-mail at Jira Cloud.*:$`)
	s.typed(fakejira.Email(sandbox.User))
	s.wait(`Jira token \(it is not shown\):$`)
	s.hidden("wrong-token-0123456789", "wrong token")
	// What is wrong may be the token, the e-mail or the site: all are asked for
	// again, with what was typed to fall back on.
	s.wait(`(?s)wrong, expired or revoked.*Jira's URL \[http://127.*\]:$`)
	s.typed("")
	s.wait(`Your e-mail at Jira Cloud.*\[.*\]:$`)
	s.typed("")
	s.wait(`Jira token \(it is not shown\):$`)
	s.hidden(s.w.JiraToken, "Jira token")
	s.wait(`(?s)Jira knows you as Ada of Acme.*warning: the token was not kept.*Keep the wallet's key.*\[keyring\]:$`)
	s.typed("paper")
	s.wait(`(?s)neither keyring nor file.*\[keyring\]:$`)
	s.typed("file")
	s.wait(`The policy's file or directory \[.*/new/policy.yaml\]:$`)
	s.typed("")
	s.wait(`write an example to start from\? \(Y/n\):$`)
	s.typed("")
	s.wait(`AWS profile .*:$`)
	s.typed("")
	s.wait(`AWS region .*:$`)
	s.typed(sandbox.Region)
	s.wait(`(?s)AWS knows you as arn:aws:iam::111122223333:user/ada.*The audit log's URL .*\[file://.*\]:$`)
	s.typed("ftp://nowhere")
	s.wait(`(?s)The audit log's URL .*jit: error: .*The audit log's URL .*\]:$`)
	s.typed("file://" + filepath.Join(s.dir, "log"))
	text := s.ends(exitOK)
	if !strings.Contains(text, "/new/config.yaml") || !strings.Contains(text, "jit: hint: check everything with jit doctor") {
		t.Errorf("the screen shows\n%s", text)
	}
	s.run("jit doctor --config $HOME/new/config.yaml")
	if text := s.ends(exitOK); strings.Contains(text, "FAIL") {
		t.Errorf("what init wrote does not hold:\n%s", text)
	}
	s.run("jit init --config $HOME/new/config.yaml")
	s.wait(`Replace the configuration at .* \(y/N\):$`)
	s.typed("n")
	s.ends(exitCancelled)
}

func TestTerminalCtrlCAtAQuestion(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{}, withPassphrase, withMFA)
	for _, c := range []struct{ command, question string }{
		{"JIT_JIRA_TOKEN= jit login", `Jira token for .*:$`},
		{"jit init --config $HOME/new.yaml", `Jira's URL:$`},
		{"jit request DEMO-1 -e demo-mfa", `Code of the MFA device .*:$`},
		{"jit request DEMO-1 -e demo-ssh", `passphrase for the CA's key .*:$`},
	} {
		s.run(c.command)
		s.wait(c.question)
		s.key("C-c")
		text := s.ends(exitCancelled)
		if !strings.Contains(text, "jit: cancelled") || strings.Contains(text, "jit: error") {
			t.Errorf("%s shows\n%s", c.command, text)
		}
	}
	s.run("jit status")
	s.ends(exitOK)
	s.run("jit audit verify")
	s.ends(exitOK)
}

// withMFA makes the policy one with an entitlement that wants a code.
func withMFA(w *sandbox.World) {
	_ = role(nil, w, &output{secrets: map[string]string{}}, []string{"mfa"})
	policy, err := os.ReadFile(w.PolicyPath())
	if err != nil {
		panic(err)
	}
	more := `  demo-mfa:
    ticket: {projects: [DEMO], status_categories: [indeterminate]}
    lease: {default: 15m, max: 1h}
    aws: {role_arn: "` + sandbox.Role + `", mfa_serial: "arn:aws:iam::111122223333:mfa/ada"}
`
	if err := os.WriteFile(w.PolicyPath(), append(policy, more...), 0o600); err != nil {
		panic(err)
	}
}

const caPassphrase = "correct horse battery"

// withPassphrase puts a CA with a passphrase in the place of the world's.
func withPassphrase(w *sandbox.World) {
	if err := os.WriteFile(w.Path("ca"), encryptedKey(caPassphrase), 0o600); err != nil {
		panic(err)
	}
}

func TestTerminalAsksForCodesAndPassphrases(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{}, withPassphrase, withMFA)
	s.run("jit request DEMO-1 -e demo-mfa")
	s.wait(`Code of the MFA device arn:aws:iam::111122223333:mfa/ada:$`)
	s.typed(mfaCode) // a code is shown as it is typed: it is worth nothing once used
	s.ends(exitOK)
	s.run("jit request DEMO-1 -e demo-ssh")
	s.wait(`passphrase for the CA's key .*/ca:$`)
	s.hidden("wrong passphrase here", "wrong passphrase")
	s.wait(`(?s)passphrase for .*passphrase for the CA's key .*/ca:$`)
	s.hidden(caPassphrase, "CA's passphrase")
	if text := s.ends(exitOK); !strings.Contains(text, "jit: granted demo-ssh") {
		t.Errorf("the screen shows\n%s", text)
	}
}

func TestTerminalLogin(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("JIT_JIRA_TOKEN= jit login")
	s.wait(`Jira token for http.*:$`)
	s.hidden("wrong-token-0123456789", "wrong token")
	s.ends(exitAuth)
	s.run("JIT_JIRA_TOKEN= jit login")
	s.wait(`Jira token for http.*:$`)
	s.typed("")
	s.ends(exitUsage)
	s.run("JIT_JIRA_TOKEN= jit login")
	s.wait(`Jira token for http.*:$`)
	s.hidden(s.w.JiraToken, "Jira token")
	s.wait(`code=`)
}

func TestTerminalSandboxOpensAShell(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.run("jit sandbox")
	// For SSH it names what needs no ssh-agent.
	if text := s.wait(`(?s)this shell is in the sandbox.*` + prompt + `$`); !strings.Contains(text, "jit ssh -F $JIT_SANDBOX/ssh_config demo-host") || strings.Contains(text, "ssh-agent") {
		t.Errorf("it begins with\n%s", text)
	}
	s.typed("jit request DEMO-1 -e demo-ssh && ls -d $JIT_SANDBOX")
	s.wait(`(?m)granted demo-ssh for DEMO-1`)
	s.wait(`(?m)^/.*/jit-sandbox-[0-9]+$`)
	// Ctrl-C is the shell's; the world outlives it. It takes away what is typed
	// ahead, so that the next command waits for the prompt.
	s.wait(prompt + `$`)
	s.key("C-c")
	s.wait(`(?s)(` + prompt + `.*){3}`)
	s.typed("command -v jit && exit 7")
	s.ends(7)
	left, err := filepath.Glob(filepath.Join(s.dir, "jit-sandbox-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("the sandbox left %q (%v)", left, err)
	}
}
