package sshclient_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sshclient"
)

func TestForwarding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		asked, socket string
		want          []string
		fails         bool
	}{
		{"no", "/run/agent", nil, false},
		{"", "", nil, false},
		{"yes", "/run/my agent%1", []string{"-o", `ForwardAgent="/run/my agent%%1"`}, false},
		{"/run/other", "/run/agent", nil, false},
		{"yes", "", nil, true},
	} {
		got, err := sshclient.Resolved{ForwardAgent: tt.asked}.Forwarding(tt.socket)
		if !slices.Equal(got, tt.want) || (err != nil) != tt.fails || err != nil && (fault.ClassOf(err) != fault.Usage || fault.HintOf(err) == "") {
			t.Errorf("%q with %q: %q, %v", tt.asked, tt.socket, got, err)
		}
	}
}

func TestResolveAsksTheRealSSH(t *testing.T) {
	t.Parallel()
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("there is no ssh")
	}
	config := filepath.Join(t.TempDir(), "config")
	text := "Host db\n  HostName db-1.acme.example\n  User ops\nMatch user dba\n  ForwardAgent yes\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	resolve := func(args ...string) (sshclient.Command, sshclient.Resolved, error) {
		t.Helper()
		c, err := sshclient.Parse(append([]string{"-F", config}, args...))
		if err != nil {
			t.Fatal(err)
		}
		r, err := sshclient.Resolve(t.Context(), ssh, os.Environ(), c)
		return c, r, err
	}
	c, r, err := resolve("db", "uptime", "-A")
	if err != nil || r.HostName != "db-1.acme.example" || r.User != "ops" || r.ForwardAgent != "no" || r.ProxyJump != "" || len(r.Files) == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = sshclient.Resolve(t.Context(), ssh, os.Environ(), c.As("dba")); err != nil || r.User != "dba" || r.ForwardAgent != "yes" {
		t.Errorf("as dba: %+v, %v", r, err)
	}
	// Options after the host are ssh's too.
	if _, r, err = resolve("db", "-A", "-o", "HostName=other", "uptime"); err != nil || r.HostName != "other" || r.ForwardAgent != "yes" {
		t.Errorf("%+v, %v", r, err)
	}
	// What the host is to run decides too whether ssh takes the command.
	if _, r, err = resolve("-f", "-J", "ops@jump:22", "db", "sleep 1"); err != nil || r.ProxyJump != "ops@jump:22" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, _, err = resolve("-s", "db"); err == nil || strings.Contains(err.Error(), "usage:") {
		t.Errorf("a subsystem without a name: %v", err)
	}
	if _, _, err = resolve("-o", "NoSuchSetting=1", "db"); fault.ClassOf(err) != fault.Usage {
		t.Errorf("what ssh refuses: %v", err)
	}
}
