package integration

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// throughJit are options for the user's own ssh, as jit passes them on.
func throughJit(s sshd, login string) []string {
	return []string{
		"-F", "none", "-p", s.port, "-l", login,
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
		"-o", "BatchMode=yes", "-o", "PreferredAuthentications=publickey", "-o", "ConnectTimeout=10",
	}
}

// The sshd is Debian's, and there is no ssh-agent at all.
func TestJitSSHLogsInWithoutAnAgent(t *testing.T) {
	w := newWorld(t)
	w.logins = []string{me(t)}
	server := startSSHD(t, w.fileCA())
	w.start()
	scratch := shortDir(t)
	w.env["TMPDIR"] = scratch
	run := func(command ...string) result {
		t.Helper()
		args := append([]string{"ssh"}, throughJit(server, me(t))...)
		return w.jit(append(append(args, "127.0.0.1"), command...)...)
	}
	if r := run("echo in"); r.code != 125 {
		t.Fatalf("without a grant: exit code %d", r.code)
	}
	g := w.request("bastion")
	if r := run("echo in").want(t, 0); r.stdout != "in\n" {
		t.Errorf("standard output %q", r.stdout)
	}
	if r := run("exit 42"); r.code != 42 {
		t.Errorf("exit code %d, want the command's 42", r.code)
	}
	log, err := os.ReadFile(server.log)
	if err != nil || !bytes.Contains(log, []byte(g.ID)) {
		t.Errorf("sshd's log does not name %s: %v\n%s", g.ID, err, log)
	}
	left, err := filepath.Glob(filepath.Join(scratch, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q %v", left, err)
	}
}

func TestJitSSHCarriesRsyncAndGit(t *testing.T) {
	w := newWorld(t)
	needTools(t, "ssh", "rsync", "git")
	w.logins = []string{me(t)}
	server := startSSHD(t, w.fileCA())
	w.start()
	w.request("bastion")
	shell := strings.Join(append([]string{jitBinary(t), "ssh"}, throughJit(server, me(t))...), " ")
	w.write("file", "contents\n")
	copied := w.path("copied")
	finish(t, w.program(t.Context(), "rsync", "-e", shell, w.path("file"), "127.0.0.1:"+copied)).want(t, 0)
	if got, err := os.ReadFile(copied); err != nil || string(got) != "contents\n" {
		t.Errorf("%q, %v", got, err)
	}
	repo := w.path("repo")
	if out, err := exec.Command("git", "init", "-q", "--bare", repo).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w.env["GIT_SSH_COMMAND"] = shell
	finish(t, w.program(t.Context(), "git", "ls-remote", "ssh://127.0.0.1"+repo)).want(t, 0)
}

func TestJitSSHServesNoExpiredKey(t *testing.T) {
	w := newWorld(t)
	w.logins = []string{me(t)}
	server := startSSHD(t, w.fileCA())
	w.start()
	g := w.request("bastion", "--for", "2s")
	time.Sleep(time.Until(g.ExpiresAt) + time.Second)
	if r := w.jit(append(append([]string{"ssh"}, throughJit(server, me(t))...), "127.0.0.1", "echo in")...); r.code != 125 {
		t.Errorf("exit code %d", r.code)
	}
}

// Whoever asks to forward an agent means their own: the host could use the
// grant's key for as long as it holds.
func TestJitSSHForwardsTheUsersAgentAndNotTheKey(t *testing.T) {
	w := newWorld(t)
	w.logins, w.extensions = []string{me(t)}, []string{"permit-agent-forwarding"}
	server := startSSHD(t, w.fileCA())
	w.start()
	w.request("bastion") // before there is an agent, which would get the key too
	list := func(how ...string) result {
		t.Helper()
		args := append(append([]string{"ssh"}, throughJit(server, me(t))...), how...)
		return w.jit(append(args, "127.0.0.1", "ssh-add -l")...)
	}
	ways := [][]string{{"-A"}, {"-o", "ForwardAgent=yes"}, {"-Av"}}
	for _, how := range ways {
		if r := list(how...); r.code != 125 || !strings.Contains(r.stderr, "no agent to forward") {
			t.Errorf("%q without an agent: exit code %d\n%s", how, r.code, r.stderr)
		}
	}
	w.startAgent()
	mine := w.path("mine")
	finish(t, w.program(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "key-of-my-own", "-f", mine)).want(t, 0)
	finish(t, w.program(t.Context(), "ssh-add", "-q", mine)).want(t, 0)
	for _, how := range ways {
		if r := list(how...).want(t, 0); !strings.Contains(r.stdout, "key-of-my-own") || strings.Contains(r.stdout, "CERT") {
			t.Errorf("%q: the host sees\n%s", how, r.stdout)
		}
	}
	if r := list(); r.code == 0 {
		t.Errorf("nobody asked, and the host sees\n%s", r.stdout)
	}
}
