package sshclient_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/sshclient"
)

// The real ssh runs the command that stands in the configuration, and what it
// was told as names never becomes a command.
func TestSSHAsksOurCommandAndNoOther(t *testing.T) {
	t.Parallel()
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("there is no ssh")
	}
	dir := t.TempDir()
	asked, config, script := filepath.Join(dir, "asked"), filepath.Join(dir, "config"), filepath.Join(dir, "j%t")
	write(t, script, "#!/bin/sh\nprintf '%s|' \"$@\" >"+asked+"\n", 0o700)
	quoted, err := sshclient.QuoteWord(script)
	if err != nil {
		t.Fatal(err)
	}
	places := sshclient.Places{Dir: filepath.Join(dir, "100%")}
	text, err := places.Render(quoted)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, text, 0o600)
	run := func(args ...string) string {
		c := exec.Command(ssh, append([]string{"-F", config, "-G"}, args...)...)
		c.Dir = dir
		out, _ := c.CombinedOutput() // newer versions refuse such names themselves
		return string(out)
	}
	out := run("ops@db-1")
	if got := read(t, asked); !strings.HasPrefix(got, "ssh|config|match|--name|db-1|--login|ops|--local|") || !strings.HasSuffix(got, "|--|db-1|") {
		t.Errorf("asked with %q", got)
	}
	for _, want := range []string{"identityagent " + places.Socket(), "identitiesonly yes"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, evil := range []string{"x';touch pwned;'", `x\`, "x\\';touch pwned;'"} {
		for _, args := range [][]string{{evil}, {"-l", evil, "db-1"}, {"-o", "HostName=" + evil, "db-1"}} {
			_ = os.Remove(asked)
			run(args...)
			if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
				t.Fatalf("%q ran a command", args)
			}
			if got := read(t, asked); strings.ContainsAny(got, `'\`) {
				t.Errorf("%q asked with %q", args, got)
			}
		}
	}
}

func TestPathsThatSSHWouldReadOtherwise(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{`/a"b`, "/a'b", `/a\b`, "/a$b", "/a\nb"} {
		places := sshclient.Places{Dir: dir}
		if _, err := places.Render("jit"); fault.ClassOf(err) != fault.Config || fault.HintOf(err) == "" {
			t.Errorf("%q: %v", dir, err)
		}
		if _, err := places.Include(); err == nil {
			t.Errorf("%q is included", dir)
		}
	}
}

func TestForTakesTheGrantOfTheHostAndTheLogin(t *testing.T) {
	t.Parallel()
	now := time.Now()
	held := func(id string, minutes int, kind grant.Kind, hosts, logins []string) credential.Held {
		return credential.Held{Hosts: hosts, Logins: logins, Grant: grant.Grant{
			ID: grant.ID(id), Kind: kind, Lease: grant.Lease{ExpiresAt: now.Add(time.Duration(minutes) * time.Minute)},
		}}
	}
	all := []credential.Held{
		held("short", 5, grant.SSH, []string{"db-*"}, []string{"ops"}),
		held("long", 9, grant.SSH, []string{"db-*"}, []string{"ops", "dba"}),
		held("aws", 99, grant.AWS, nil, []string{"ops"}),
		held("web", 50, grant.SSH, []string{"web-*"}, []string{"ops"}),
	}
	for _, tt := range []struct{ login, host, want, others string }{
		{"ops", "db-1", "long", ""},
		{"dba", "db-1", "long", "ops"},
		{"ada", "db-1", "", "dba ops"},
		{"ops", "web-1", "web", ""},
		{"ops", "mail", "", ""},
	} {
		got, ok, others := sshclient.For(all, tt.login, tt.host)
		if string(got.Grant.ID) != tt.want || ok != (tt.want != "") || strings.Join(others, " ") != tt.others {
			t.Errorf("%s@%s: %q %v %q", tt.login, tt.host, got.Grant.ID, ok, others)
		}
	}
}

func TestNameable(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"db-1": true, "10.0.0.1": true, "2001:db8::1": true, "_x": true,
		"": false, "..": false, "a/b": false, "-x": false, ".x": false, "a b": false, "%h": false,
	} {
		if got := sshclient.Nameable("ops", name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}
