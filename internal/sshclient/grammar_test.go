package sshclient_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
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

func TestParseTellsWhatSSHIsFor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args         []string
		asks, shares bool
		config       string
	}{
		{[]string{"-V"}, true, false, ""},
		{[]string{"-Q", "key-sig"}, true, false, ""},
		{[]string{"-vG", "db-1"}, true, false, ""},
		{[]string{"-S", "ctl", "-O", "exit", "db-1"}, true, true, ""},
		{[]string{"-M", "-F", "mine", "db-1"}, false, true, "mine"},
		{[]string{"-oControlPath=ctl", "db-1"}, false, true, ""},
		{[]string{"-o", "controlmaster auto", "db-1"}, false, true, ""},
		{[]string{"-Fmine", "db-1", "-M"}, false, true, "mine"},
		{[]string{"db-1", "echo", "-V"}, false, false, ""},
	} {
		c, err := sshclient.Parse(tt.args)
		if err != nil || c.Asks != tt.asks || c.Shares != tt.shares || c.Config != tt.config {
			t.Errorf("%q: %+v, %v", tt.args, c, err)
		}
	}
}

func TestDirectLeavesTheJumpOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, want []string }{
		{[]string{"-J", "jump", "db-1", "uptime"}, []string{"db-1", "uptime"}},
		{[]string{"-v", "-Jjump", "db-1"}, []string{"-v", "db-1"}},
		{[]string{"db-1", "-J", "jump", "ls", "-J"}, []string{"db-1", "ls", "-J"}},
		{[]string{"db-1"}, []string{"db-1"}},
	} {
		c, err := sshclient.Parse(tt.args)
		if got := c.Direct().Args; err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, %v", tt.args, got, err)
		}
		if got := c.As("ops").Direct().Args; !slices.Equal(got, append([]string{"-l", "ops"}, tt.want...)) {
			t.Errorf("%q as ops: %q", tt.args, got)
		}
	}
}

func TestLastHop(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sshclient.Hop{
		"jump":                         {Host: "jump"},
		"ops@jump:2222":                {User: "ops", Host: "jump", Port: "2222"},
		"a,b:1,ssh://ops@[::1]:22":     {Before: "a,b:1", User: "ops", Host: "::1", Port: "22"},
		"ssh://jump,ssh://ops@inner:1": {Before: "ssh://jump", User: "ops", Host: "inner", Port: "1"},
	} {
		if got, ok := sshclient.LastHop(text); !ok || got != want {
			t.Errorf("%s: %+v, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "a,", "ssh://", "http://x", "a b"} {
		if got, ok := sshclient.LastHop(text); ok {
			t.Errorf("%q: %+v", text, got)
		}
	}
	h := sshclient.Hop{Before: "a", User: "ops", Host: "jump", Port: "22"}
	want := `env '/x%%y/jit' ssh -F 'my %%h' -J 'a' -l 'ops' -p '22' -W '[%h]:%p' -- 'jump'`
	if got, ok := h.Through("env '/x%y/jit'", "my %h"); !ok || got != want {
		t.Errorf("%s, %t", got, ok)
	}
	if got, ok := (sshclient.Hop{Host: "x'y"}).Through("jit", ""); ok {
		t.Errorf("%s", got)
	}
}

func TestBest(t *testing.T) {
	t.Parallel()
	at := func(id, entitlement string, minutes int, hosts []string, logins ...string) credential.Held {
		return credential.Held{
			Grant: grant.Grant{
				ID: grant.ID(id), Kind: grant.SSH, Entitlement: entitlement,
				Lease: grant.NewLease(began, time.Duration(minutes)*time.Minute),
			},
			Hosts: hosts, Logins: logins,
		}
	}
	held := []credential.Held{
		at("a", "one", 10, []string{"db-*"}, "ops"), at("b", "two", 20, []string{"db-1"}, "root"),
		at("c", "three", 30, []string{"web"}, "ops"), at("d", "four", 5, nil, "dba"),
	}
	for _, tt := range []struct{ entitlement, login, name, want string }{
		{"", "", "db-1", "b"},
		{"", "ops", "db-1", "a"},
		{"", "root", "db-1", "b"},
		{"", "dba", "db-1", "d"},
		{"", "nobody", "db-1", "b"},
		{"one", "root", "db-1", "a"},
		{"", "", "web", "c"},
		{"", "", "other", "d"},
		{"none", "", "db-1", ""},
	} {
		got, ok := sshclient.Best(held, tt.entitlement, tt.login, tt.name)
		if string(got.Grant.ID) != tt.want || ok != (tt.want != "") {
			t.Errorf("%+v: %q, %t", tt, got.Grant.ID, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-v", "ops@db-1", "top")
	f.Add("-oUser=x", "--", "-x")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		got, err := sshclient.Parse([]string{a, b, c})
		if err == nil && !got.Asks && (got.Host == "" || got.Host[0] == '-') {
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
