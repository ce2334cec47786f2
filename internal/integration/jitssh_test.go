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

// A key that the user's own configuration or command line names would be let in,
// and is not offered: the host's log is to name the grant or nobody.
func TestJitSSHOffersTheCertificateAlone(t *testing.T) {
	w := newWorld(t)
	w.logins = []string{me(t)}
	server := startSSHD(t, w.fileCA())
	w.start()
	w.fileCA() // which the host does not trust
	w.configure()
	mine, certified := w.path("mine"), w.path("certified")
	for _, key := range []string{mine, certified} {
		finish(t, w.program(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)).want(t, 0)
	}
	public, err := os.ReadFile(mine + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	server.authorize(string(public))
	plain := append(throughJit(server, me(t)), "-i", mine, "127.0.0.1", "echo in")
	finish(t, w.program(t.Context(), "ssh", plain...)).want(t, 0)
	w.request("bastion")
	r := w.jit(append([]string{"ssh", "-o", "LogLevel=DEBUG"}, plain...)...)
	if offers := strings.Count(r.stderr, "Offering public key"); r.code != 255 || offers != 1 {
		t.Errorf("exit code %d after %d offers\n%s", r.code, offers, r.stderr)
	}
}

// Whoever kills jit takes the key away: ssh goes on, but nothing signs any more,
// and the next jit ssh removes what is left.
func TestJitSSHKilledServesNothing(t *testing.T) {
	w := newWorld(t)
	w.logins = []string{me(t)}
	server := startSSHD(t, w.fileCA())
	w.start()
	w.env["TMPDIR"] = shortDir(t)
	w.request("bastion")
	args := append([]string{"ssh"}, throughJit(server, me(t))...)
	c := w.command(t.Context(), append(args, "127.0.0.1", "echo in; sleep 60")...)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 3)); err != nil { // it is in
		t.Fatal(err)
	}
	found, err := filepath.Glob(w.env["TMPDIR"] + "/jit-ssh-*/agent")
	if err != nil || len(found) != 1 {
		t.Fatalf("%q, %v", found, err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	list := w.program(t.Context(), "ssh-add", "-l")
	list.Env = append(list.Env, "SSH_AUTH_SOCK="+found[0])
	finish(t, list).want(t, 2) // no agent
	dir, old := filepath.Dir(found[0]), time.Now().Add(-time.Hour)
	if err := os.Chtimes(dir, old, old); err != nil {
		t.Fatal(err)
	}
	w.jit(append(args, "127.0.0.1", "echo in")...).want(t, 0)
	if _, err := os.Stat(dir); err == nil {
		t.Error("what a killed one left is still there")
	}
}
