package config_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/fault"
)

func TestPlacesOfFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths below are Unix's")
	}
	for _, tc := range []struct {
		name          string
		env           map[string]string
		flag          string
		config, state string
	}{
		{"home", map[string]string{"HOME": "/h"}, "", "/h/.config/jit/config.yaml", "/h/.local/state/jit"},
		{"xdg", map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}, "", "/c/jit/config.yaml", "/s/jit"},
		// The XDG specification says that a relative path is invalid and ignored.
		{"relative xdg", map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "c", "XDG_STATE_HOME": "s"}, "", "/h/.config/jit/config.yaml", "/h/.local/state/jit"},
		{"variables", map[string]string{"HOME": "/h", "JIT_CONFIG": "/x.yaml", "JIT_STATE_DIR": "/y"}, "", "/x.yaml", "/y"},
		{"flag", map[string]string{"HOME": "/h", "JIT_CONFIG": "/x.yaml"}, "/z.yaml", "/z.yaml", "/h/.local/state/jit"},
		{"nothing", map[string]string{}, "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "JIT_CONFIG", "JIT_STATE_DIR"} {
				t.Setenv(name, tc.env[name])
			}
			env := config.Environment()
			check := func(what, got string, err error, want string) {
				if want == "" && fault.ClassOf(err) != fault.Config || want != "" && (err != nil || got != want) {
					t.Errorf("%s: %q, %v, want %q", what, got, err, want)
				}
			}
			path, err := env.Config(tc.flag)
			check("config", path, err, tc.config)
			path, err = env.State()
			check("state", path, err, tc.state)
		})
	}
}

func TestExpand(t *testing.T) {
	t.Setenv("HOME", "/h")
	env := config.Environment()
	for in, want := range map[string]string{
		"":           "",
		"~/p.yaml":   "/h/p.yaml",
		"p.yaml":     "/d/p.yaml",
		"../p.yaml":  "/p.yaml",
		"/e/p.yaml":  "/e/p.yaml",
		"~ada/p.yml": "/d/~ada/p.yml",
	} {
		if runtime.GOOS == "windows" {
			t.Skip("the paths are Unix's")
		}
		if got := env.Expand(in, "/d"); filepath.ToSlash(got) != want {
			t.Errorf("Expand(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTheTokenDoesNotPrint(t *testing.T) {
	t.Setenv("JIT_JIRA_TOKEN", "hunter2")
	if got := config.Environment().JiraToken; got.Reveal() != "hunter2" || got.String() == "hunter2" {
		t.Errorf("token %v", got)
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "127.0.0.1": true, "::ffff:127.0.0.1": true, "127.9.0.2": true, "::1": true,
		"": false, "example.com": false, "localhost.example.com": false, "10.0.0.1": false, "0.0.0.0": false, "127.0.0.1.example.com": false, "2130706433": false,
		"sts.localhost": false, "a.LOCALHOST": false, ".localhost": false, "localhost.": false, "127.1": false, "::1%lo": false,
	} {
		if got := config.Loopback(host); got != want {
			t.Errorf("Loopback(%q) = %v", host, got)
		}
	}
}

// A grant that the environment has is taken as it stands: who shows it checks it.
func TestTheShellsOwnGrant(t *testing.T) {
	for name, value := range map[string]string{
		"JIT_GRANT": "g", "JIT_TICKET": "OPS-7", "JIT_ENTITLEMENT": "prod", "JIT_EXPIRES_AT": "1800000000", "ZDOTDIR": "/z",
	} {
		t.Setenv(name, value)
	}
	env := config.Environment()
	if want := (config.Own{Grant: "g", Ticket: "OPS-7", Entitlement: "prod", ExpiresAt: "1800000000"}); env.Own != want || env.Zdotdir != "/z" {
		t.Errorf("got %+v, %q", env.Own, env.Zdotdir)
	}
}
