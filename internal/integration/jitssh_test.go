package integration

import (
	"bytes"
	"context"
	"fmt"
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

// jit ssh takes what ssh takes, also where nobody is called.
func TestJitSSHTakesWhatSSHTakes(t *testing.T) {
	w := newWorld(t)
	w.logins = []string{me(t)}
	server := startSSHD(t, w.fileCA())
	w.start()
	for _, args := range [][]string{{"-V"}, {"-Q", "key-sig"}, {"-G", "other.example"}} {
		mine, theirs := w.jit(append([]string{"ssh"}, args...)...), finish(t, w.program(t.Context(), "ssh", args...))
		if mine.stdout != theirs.stdout || mine.stderr != theirs.stderr || mine.code != theirs.code {
			t.Errorf("%q: exit code %d, want %d\n%s\nwant\n%s", args, mine.code, theirs.code, mine.stderr, theirs.stderr)
		}
	}
	w.request("bastion")
	run := func(args ...string) result {
		t.Helper()
		return w.jit(append(append([]string{"ssh"}, throughJit(server, me(t))...), args...)...)
	}
	done := w.path("done")
	run("-f", "127.0.0.1", "echo yes >"+done).want(t, 0)
	for range 100 {
		if text, err := os.ReadFile(done); err == nil && string(text) == "yes\n" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if text, err := os.ReadFile(done); err != nil || string(text) != "yes\n" {
		t.Errorf("in the background: %q, %v", text, err)
	}
	// sftp and scp run their -S program as they would run ssh: with -s and a subsystem.
	w.write("as-ssh", "#!/bin/sh\nexec "+jitBinary(t)+" ssh \"$@\"\n")
	if err := os.Chmod(w.path("as-ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.write("file", "contents\n")
	w.write("batch", "put "+w.path("file")+" "+w.path("by-sftp")+"\n")
	options := []string{"-q", "-S", w.path("as-ssh"), "-P", server.port, "-o", "User=" + me(t), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"}
	finish(t, w.program(t.Context(), "sftp", append(options, "-b", w.path("batch"), "127.0.0.1")...)).want(t, 0)
	finish(t, w.program(t.Context(), "scp", append(options, w.path("file"), "127.0.0.1:"+w.path("by-scp"))...)).want(t, 0)
	for _, name := range []string{"by-scp", "by-sftp"} {
		if got, err := os.ReadFile(w.path(name)); err != nil || string(got) != "contents\n" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A connection that is open already was let in by another key, and would stay open
// when the grant ends.
func TestJitSSHSharesNoConnectionUnasked(t *testing.T) {
	w := newWorld(t)
	w.logins = []string{me(t)}
	server := startSSHD(t, w.fileCA())
	w.start()
	mine, control := w.path("mine"), w.path("control")
	finish(t, w.program(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", mine)).want(t, 0)
	public, err := os.ReadFile(mine + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	server.authorize(string(public))
	w.write("shared", "ControlMaster auto\nControlPath "+control+"\nControlPersist 60\n")
	args := append([]string{"-F", w.path("shared")}, throughJit(server, me(t))[2:]...)
	finish(t, w.program(t.Context(), "ssh", append(args, "-i", mine, "127.0.0.1", "true")...)).want(t, 0)
	t.Cleanup(func() {
		_ = w.program(context.Background(), "ssh", append(args, "-O", "exit", "127.0.0.1")...).Run()
	})
	g := w.request("bastion")
	w.jit(append(append([]string{"ssh"}, args...), "127.0.0.1", "true")...).want(t, 0)
	if log, err := os.ReadFile(server.log); err != nil || !bytes.Contains(log, []byte(g.ID)) {
		t.Errorf("the connection of another key was used: %v\n%s", err, log)
	}
	// Whoever asks for that connection gets it, and can close it without a grant.
	w.jit("revoke", "--all").want(t, 0)
	w.jit(append(append([]string{"ssh"}, args...), "-O", "exit", "127.0.0.1")...).want(t, 0)
}

// A certificate of another CA, which the host trusts too, must not be what lets the
// engineer in.
func TestJitSSHRefusesToOfferAnotherCertificate(t *testing.T) {
	w := newWorld(t)
	w.logins = []string{me(t)}
	server := startSSHD(t, w.fileCA())
	w.start()
	mine, ca := w.path("mine"), w.path("other-ca")
	for _, key := range []string{mine, ca} {
		finish(t, w.program(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)).want(t, 0)
	}
	finish(t, w.program(t.Context(), "ssh-keygen", "-q", "-s", ca, "-I", "other", "-n", me(t), mine+".pub")).want(t, 0)
	w.request("bastion")
	w.write("certified", "IdentityFile "+mine+"\n")
	args := append([]string{"ssh", "-F", w.path("certified")}, throughJit(server, me(t))[2:]...)
	if r := w.jit(append(args, "127.0.0.1", "true")...); r.code != 125 || !strings.Contains(r.stderr, "mine-cert.pub too") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
}

// The way through a bastion is taken with its own grant, however the way is told.
func TestJitSSHJumpsWithTheGrant(t *testing.T) {
	w := newWorld(t)
	w.logins, w.extensions = []string{me(t)}, []string{"permit-port-forwarding"}
	server := startSSHD(t, w.fileCA())
	w.start()
	w.write("hosts", fmt.Sprintf(`Host jump-1 jump-2 inner
  HostName 127.0.0.1
  Port %s
  User %s
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  BatchMode yes
Host inner
  ProxyJump jump-1
`, server.port, me(t)))
	w.request("bastion")
	for _, way := range [][]string{{"inner"}, {"-J", "jump-2", "inner"}, {"-J", "jump-1," + me(t) + "@jump-2", "inner"}} {
		args := append([]string{"ssh", "-F", w.path("hosts")}, way...)
		if r := w.jit(append(args, "echo in")...); r.code != 0 || r.stdout != "in\n" {
			t.Errorf("%q: exit code %d, %q\n%s", way, r.code, r.stdout, r.stderr)
		}
	}
}

// Of several grants the one that expires last is taken, of whichever entitlement.
func TestJitSSHTakesTheGrantThatExpiresLast(t *testing.T) {
	w := newWorld(t)
	w.logins, w.more = []string{me(t)}, []string{"bastion-too"}
	server := startSSHD(t, w.fileCA())
	w.start()
	w.request("bastion", "--for", "20m")
	last := w.request("bastion-too", "--for", "30m")
	w.jit(append(append([]string{"ssh"}, throughJit(server, me(t))...), "127.0.0.1", "true")...).want(t, 0)
	if log, err := os.ReadFile(server.log); err != nil || !bytes.Contains(log, []byte(last.ID)) {
		t.Errorf("it is not the last: %v\n%s", err, log)
	}
}
