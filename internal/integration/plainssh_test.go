package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// plainSSH is a world in which ssh itself asks jit, by a configuration that jit
// has installed.
func plainSSH(t *testing.T) (*world, []string) {
	t.Helper()
	w := newWorld(t)
	needTools(t, "ssh", "ssh", "scp", "sftp")
	w.logins, w.hosts = []string{me(t)}, []string{`"127.0.0.*"`}
	server := startSSHD(t, w.fileCA())
	w.start()
	mine := fmt.Sprintf(`Host 127.0.0.1
  Port %s
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  BatchMode yes
`, server.port)
	w.write("ssh_config", mine)
	w.jit("ssh", "config", "--install", "--yes", "--file", w.path("ssh_config")).want(t, 0)
	t.Cleanup(func() {
		run := func(args ...string) result { return finish(t, w.command(context.Background(), args...)) }
		run("revoke", "--all")
		for range 100 { // the agent ends by itself
			if _, err := os.Stat(w.env["JIT_STATE_DIR"] + "/ssh/agent"); err != nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		run("ssh", "config", "--undo", "--yes", "--file", w.path("ssh_config")).want(t, 0)
		if got, err := os.ReadFile(w.path("ssh_config")); err != nil || string(got) != mine {
			t.Errorf("not as it was: %q, %v", got, err)
		}
	})
	return w, []string{"-F", w.path("ssh_config")}
}

func TestPlainSSHUsesTheGrant(t *testing.T) {
	w, config := plainSSH(t)
	run := func(name string, args ...string) result {
		t.Helper()
		return finish(t, w.program(t.Context(), name, append(append([]string{}, config...), args...)...))
	}
	if r := run("ssh", "127.0.0.1", "echo in"); r.code != 255 || strings.Contains(r.stderr, "jit") {
		t.Fatalf("without a grant: exit code %d, %s", r.code, r.stderr)
	}
	w.request("bastion")
	if r := run("ssh", "127.0.0.1", "echo in").want(t, 0); r.stdout != "in\n" {
		t.Errorf("standard output %q", r.stdout)
	}
	w.write("file", "contents\n")
	run("scp", "-q", w.path("file"), "127.0.0.1:"+w.path("by-scp")).want(t, 0)
	w.write("batch", "put "+w.path("file")+" "+w.path("by-sftp")+"\n")
	run("sftp", "-q", "-b", w.path("batch"), "127.0.0.1").want(t, 0)
	for _, name := range []string{"by-scp", "by-sftp"} {
		if got, err := os.ReadFile(w.path(name)); err != nil || string(got) != "contents\n" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if r := run("ssh", "somebody@127.0.0.1", "echo in"); r.code != 255 || !strings.Contains(r.stderr, "the grant for 127.0.0.1 is for "+me(t)) {
		t.Errorf("as somebody else: exit code %d, %s", r.code, r.stderr)
	}
	w.jit("revoke", "--all").want(t, 0)
	if r := run("ssh", "127.0.0.1", "echo in"); r.code != 255 {
		t.Errorf("after the revocation: exit code %d", r.code)
	}
}

// One agent serves however many ask for it at once, and it signs nothing for a
// grant that was revoked, though its socket is still there.
func TestPlainSSHStartsOneAgentWhichForgetsAtOnce(t *testing.T) {
	w, config := plainSSH(t)
	w.request("bastion")
	results := make(chan error, 8)
	for range cap(results) {
		c := w.program(t.Context(), "ssh", append(append([]string{}, config...), "127.0.0.1", "true")...)
		go func() { results <- c.Run() }()
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	socket := w.env["JIT_STATE_DIR"] + "/ssh/agent"
	list := func() string {
		c := exec.Command("ssh-add", "-l")
		c.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
		out, _ := c.CombinedOutput()
		return string(out)
	}
	if got := list(); strings.Count(got, "CERT") != 1 {
		t.Errorf("the agent lists\n%s", got)
	}
	w.jit("revoke", "--all").want(t, 0)
	if got := list(); strings.Contains(got, "CERT") {
		t.Errorf("after the revocation the agent lists\n%s", got)
	}
}

// ssh asks by way of the user's shell, which may be any.
func TestPlainSSHAsksThroughEveryShell(t *testing.T) {
	w, config := plainSSH(t)
	w.request("bastion")
	for _, shell := range []string{"sh", "bash", "dash", "zsh", "ksh", "fish", "tcsh", "elvish", "nu"} {
		path, err := exec.LookPath(shell)
		need(t, "shells", err == nil, shell+" is not installed")
		w.env["SHELL"] = path
		if r := finish(t, w.program(t.Context(), "ssh", append(config, "127.0.0.1", "echo in")...)); r.code != 0 || r.stderr != "" {
			t.Errorf("%s: exit code %d\n%s", shell, r.code, r.stderr)
		}
	}
}

// An entitlement that names no hosts says nothing of any: the user's own hosts are
// not to lose the keys that they know.
func TestPlainSSHLeavesOtherHostsAlone(t *testing.T) {
	w, config := plainSSH(t)
	resolved := func(host string) string {
		t.Helper()
		return finish(t, w.program(t.Context(), "ssh", append(config, "-G", me(t)+"@"+host)...)).want(t, 0).stdout
	}
	other, ours := resolved("other.example"), resolved("127.0.0.1")
	w.request("bastion")
	if got := resolved("other.example"); got != other {
		t.Errorf("another host:\n%s\nand before\n%s", got, other)
	}
	if got := resolved("127.0.0.1"); got == ours || !strings.Contains(got, "controlpath none") && strings.Contains(got, "controlpath") {
		t.Errorf("the host is not asked for, or its connection is shared:\n%s", got)
	}
	w.jit("revoke", "--all").want(t, 0)
	w.hosts = nil
	w.configure()
	w.request("bastion")
	for host, before := range map[string]string{"other.example": other, "127.0.0.1": ours} {
		if got := resolved(host); got != before {
			t.Errorf("without hosts, %s:\n%s", host, got)
		}
	}
}

// ssh tells the local user's name both where that was asked for and where nothing
// was; the configuration may name another login.
func TestPlainSSHAsWhoeverWasNamed(t *testing.T) {
	w, _ := plainSSH(t)
	w.logins = []string{me(t), "somebody"}
	w.configure()
	text, err := os.ReadFile(w.path("ssh_config"))
	if err != nil {
		t.Fatal(err)
	}
	// The user's own file is where ssh -G, which knows no -F, would look.
	if err := os.MkdirAll(w.path(".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.write(".ssh/config", string(text)+"  User somebody\n")
	w.write("with_user", string(text)+"  User somebody\n")
	w.request("bastion")
	if r := finish(t, w.program(t.Context(), "ssh", "-F", w.path("with_user"), me(t)+"@127.0.0.1", "echo in")).want(t, 0); r.stdout != "in\n" {
		t.Errorf("%q", r.stdout)
	}
}

// What serves plain ssh also takes expired keys out of agents that keep their keys
// for ever, however many of them there are.
func TestAgentsWithoutLifetimesLoseTheKeyAtExpiry(t *testing.T) {
	w := newWorld(t)
	w.logins = []string{me(t)}
	server := startSSHD(t, w.fileCA())
	w.start()
	keys := []*watchedAgent{w.namedAgent("first"), w.namedAgent("second")}
	var last grant
	for _, a := range keys {
		a.timeless = true
		w.env["SSH_AUTH_SOCK"] = a.socket
		last = w.request("bastion", "--for", "4s")
		w.ssh(server, me(t)).want(t, 0)
		if ids := a.keyIDs(t); len(ids) != 1 || !strings.Contains(ids[0], last.ID) {
			t.Fatalf("it has %q", ids)
		}
	}
	held := func() int { return len(keys[0].keyIDs(t)) + len(keys[1].keyIDs(t)) }
	for deadline := time.Now().Add(30 * time.Second); held() > 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("they still have %d keys", held())
		}
	}
	if now := time.Now(); now.Before(last.ExpiresAt) {
		t.Errorf("they lost the keys %s early", last.ExpiresAt.Sub(now))
	}
}
