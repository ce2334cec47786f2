package sshclient_test

import (
	"slices"
	"testing"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sshclient"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args       []string
		host, user string
	}{
		{[]string{"db-1"}, "db-1", ""},
		{[]string{"ops@db-1", "uptime", "-p"}, "db-1", "ops"},
		{[]string{"-p", "22", "-l", "ops", "db-1"}, "db-1", "ops"},
		{[]string{"-tt", "-p22", "-lops", "db-1", "top"}, "db-1", "ops"},
		{[]string{"-vNL", "8080:localhost:80", "db-1"}, "db-1", ""},
		{[]string{"db-1", "-l", "ops", "-t", "top", "-l", "x"}, "db-1", "ops"},
		{[]string{"-o", "User=ops", "db-1"}, "db-1", "ops"},
		{[]string{"-oUser ops", "x@db-1"}, "db-1", "ops"},
		{[]string{"-l", "first", "second@db-1"}, "db-1", "first"},
		{[]string{"--", "db-1", "-l"}, "db-1", ""},
		{[]string{"ssh://ops@db-1:2222"}, "db-1", "ops"},
		{[]string{"ssh://[::1]:2222"}, "::1", ""},
		{[]string{"a@b@db-1"}, "db-1", "a@b"},
		{[]string{"-W", "other:22", "-J", "jump", "db-1"}, "db-1", ""},
		{[]string{"-4", "-G", "db-1"}, "db-1", ""},
	} {
		c, err := sshclient.Parse(tt.args)
		if err != nil || c.Host != tt.host || c.User != tt.user || !slices.Equal(c.Args, tt.args) {
			t.Errorf("%q: %+v, %v", tt.args, c, err)
		}
	}
	for _, args := range [][]string{nil, {"-v"}, {"-p"}, {"-Z", "db-1"}, {"ops@"}, {"--entitlement", "x", "db-1"}, {"-p", "22"}, {"ssh://"}, {"x@-oProxyCommand=id"}, {""}} {
		if c, err := sshclient.Parse(args); fault.ClassOf(err) != fault.Usage || err == nil {
			t.Errorf("%q: %+v, %v", args, c, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-v", "ops@db-1", "top")
	f.Add("-oUser=x", "--", "-x")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		got, err := sshclient.Parse([]string{a, b, c})
		if err == nil && (got.Host == "" || got.Host[0] == '-') {
			t.Errorf("%q %q %q: %+v", a, b, c, got)
		}
	})
}

func TestWithPutsOursFirst(t *testing.T) {
	t.Parallel()
	c, err := sshclient.Parse([]string{"-v", "db-1"})
	if got := c.With("-o", "IdentitiesOnly=yes"); err != nil || !slices.Equal(got, []string{"-o", "IdentitiesOnly=yes", "-v", "db-1"}) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		patterns, names []string
		want            bool
	}{
		{nil, []string{"anything"}, true},
		{[]string{"bastion-*"}, []string{"bastion-1"}, true},
		{[]string{"bastion-*"}, []string{"b", "BASTION-1.acme.example"}, true},
		{[]string{"db-?", "web-[12]"}, []string{"web-2"}, true},
		{[]string{"db-?"}, []string{"db-10"}, false},
		{[]string{"bastion"}, []string{"bastion-1", "xbastion"}, false},
		{[]string{"[", "db"}, []string{"db"}, true},
	} {
		if got := sshclient.Matches(tt.patterns, tt.names...); got != tt.want {
			t.Errorf("%q for %q: %t", tt.patterns, tt.names, got)
		}
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	one, two := credential.SSH{Logins: []string{"ops"}}, credential.SSH{Logins: []string{"ops", "dba"}}
	for _, tt := range []struct {
		key             credential.SSH
		named, resolved string
		want            string
		fails           bool
	}{
		{one, "ops", "ada", "ops", false},
		{one, "", "ada", "ops", false},
		{one, "", "ops", "", false}, // ssh's own configuration will do
		{two, "", "dba", "", false},
		{two, "dba", "", "dba", false},
		{two, "", "ada", "", true},
		{one, "root", "ops", "", true},
	} {
		got, err := sshclient.Login(tt.key, tt.named, tt.resolved)
		if got != tt.want || (err != nil) != tt.fails || err != nil && fault.HintOf(err) == "" {
			t.Errorf("%+v: %q, %v", tt, got, err)
		}
	}
}
