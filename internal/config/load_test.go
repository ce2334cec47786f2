package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/fault"
)

const good = `jira:
  url: https://acme.atlassian.net
  email: ada@acme.com
policy: policy.yaml
audit:
  log: file:///var/log/jit
`

// write puts a configuration into a fresh directory.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, user, system string) (*config.Config, error) {
	t.Helper()
	path := write(t, "config.yaml", user)
	systemPath := filepath.Join(t.TempDir(), "none.yaml")
	if system != "" {
		systemPath = write(t, "system.yaml", system)
	}
	return config.Load(path, systemPath, config.Environment())
}

func TestLoadFillsDefaultsAndPaths(t *testing.T) {
	c, err := load(t, good, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Wallet != config.WalletKeyring {
		t.Errorf("wallet %q", c.Wallet)
	}
	if want := filepath.Join(filepath.Dir(c.Path), "policy.yaml"); c.Policy != want {
		t.Errorf("policy %q, want %q: relative to the file", c.Policy, want)
	}
	if c.System != "" {
		t.Errorf("a system file was read: %q", c.System)
	}
}

func TestSystemFileWinsForEachKeyItSets(t *testing.T) {
	user := good + "aws: {profile: mine, region: eu-west-1}\nwallet: file\n"
	c, err := load(t, user, "audit: {log: \"s3://acme-audit/jit\"}\naws: {region: us-east-1}\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Audit.Log != "s3://acme-audit/jit" || c.AWS.Region != "us-east-1" {
		t.Errorf("the system's keys do not win: %+v", c)
	}
	if c.AWS.Profile != "mine" || c.Wallet != config.WalletFile || c.Jira.Email != "ada@acme.com" {
		t.Errorf("keys that the system leaves out are lost: %+v", c)
	}
}

func TestRelativePolicyIsBesideTheFileThatNamesIt(t *testing.T) {
	user := write(t, "config.yaml", good)
	system := write(t, "system.yaml", "policy: policy.yaml\n")
	c, err := config.Load(user, system, config.Environment())
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(system), "policy.yaml"); c.Policy != want {
		t.Errorf("policy %q, want %q", c.Policy, want)
	}
}

func TestSystemFileCanEmptyAKey(t *testing.T) {
	c, err := load(t, good+"aws: {profile: mine}\n", "aws: {profile: \"\"}\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.AWS.Profile != "" {
		t.Errorf("profile %q survives a system file that empties it", c.AWS.Profile)
	}
}

func TestRefused(t *testing.T) {
	for _, tc := range []struct {
		name, user, system, want string
	}{
		{"unknown key", good + "polcy: x\n", "", `config\.yaml:7:1: unknown key polcy`},
		{"nested unknown key", "jira: {url: https://a.b, mail: x}\n", "", `config\.yaml:1:26: unknown key mail`},
		{"wrong type", good + "wallet: [a]\n", "", `config\.yaml:7:9: `},
		{"several at once", "jira: 3\npolicy: [x]\nzz: 1\n", "", `(?s):1:7: .*:2:9: .*:3:1: unknown key zz`},
		{"twice", good + "policy: y\n", "", `already`},
		{"not yaml", "jira: [", "", `config\.yaml`},
		{"two documents", good + "---\npolicy: x\n", "", `config\.yaml`},
		{"plain http", strings.Replace(good, "https://acme", "http://acme", 1), "", `jira\.url: plain http`},
		{"no url", "policy: x\naudit: {log: \"file:///x\"}\n", "", `jira\.url: is missing`},
		{"user in url", strings.Replace(good, "https://acme", "https://u:hunter2@acme", 1), "", `jira\.url: must be`},
		{"unparsable url", strings.Replace(good, "https://acme.atlassian.net", `"https://u:hunter2@%zz"`, 1), "", `jira\.url: is not a URL`},
		{"ftp", strings.Replace(good, "https://acme", "ftp://acme", 1), "", `scheme "ftp"`},
		{"gateway http", strings.Replace(good, "  email:", "  gateway: http://gw.example\n  email:", 1), "", `jira\.gateway: plain http`},
		{"no policy", "jira: {url: https://a.b}\naudit: {log: \"file:///x\"}\n", "", `policy: names no file`},
		{"no log", "jira: {url: https://a.b}\npolicy: x\n", "", `audit\.log: names no log`},
		{"wallet kind", good + "wallet: paper\n", "", `wallet: "paper"`},
		{"writer", good + "audit2: x\n", "", `unknown key audit2`},
		{"writer prefix", strings.Replace(good, "  log:", "  writer: _state\n  log:", 1), "", `audit\.writer`},
		{"broker not yet", good + "broker: {url: https://jit.acme.internal}\n", "", `broker\.url: this version has no broker`},
		{"system unknown key", good, "nope: 1\n", `system\.yaml:1:1: unknown key nope`},
		{"system sandbox", good, "sandbox: true\n", `sandbox cannot be set for the whole machine`},
		{"empty", "", "", `jira\.url: is missing`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := load(t, tc.user, tc.system)
			if err == nil {
				t.Fatal("accepted")
			}
			if fault.ClassOf(err) != fault.Config {
				t.Errorf("class %d: %v", fault.ClassOf(err), err)
			}
			if !regexp.MustCompile(tc.want).MatchString(err.Error()) {
				t.Errorf("error %q does not match %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
}

func TestMissingFileSaysWhatToDo(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), "", config.Environment())
	if fault.ClassOf(err) != fault.Config || !strings.Contains(fault.HintOf(err), "jit init") {
		t.Errorf("%v, hint %q", err, fault.HintOf(err))
	}
}

func TestFileThatOthersCanWriteIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions of this kind are Unix's")
	}
	for _, tc := range []struct{ user, system os.FileMode }{{0o666, 0o600}, {0o600, 0o620}} {
		user, system := write(t, "config.yaml", good), write(t, "system.yaml", "wallet: file\n")
		for path, mode := range map[string]os.FileMode{user: tc.user, system: tc.system} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		_, err := config.Load(user, system, config.Environment())
		if fault.ClassOf(err) != fault.Config || !strings.Contains(fault.HintOf(err), "chmod") {
			t.Errorf("modes %o, %o: %v, hint %q", tc.user, tc.system, err, fault.HintOf(err))
		}
	}
}

func TestTooLargeFileIsRefused(t *testing.T) {
	_, err := load(t, good+strings.Repeat("# filler\n", 1<<17), "")
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("%v", err)
	}
}

// Whatever a file holds, loading it ends with a configuration that passed the
// checks or an error of class Config.
func FuzzLoad(f *testing.F) {
	f.Add(good)
	f.Add("a: &a [*a]\n")
	f.Add("jira: {url: 'http://127.0.0.1'}\nsandbox: true\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := load(t, text, "")
		switch {
		case err != nil && fault.ClassOf(err) != fault.Config:
			t.Errorf("class %d: %v", fault.ClassOf(err), err)
		case err == nil && (c.Policy == "" || c.Audit.Log == "" || c.Jira.URL == ""):
			t.Errorf("accepted %+v", c)
		}
	})
}

func TestAnAdministratorsFileIsEnoughAlone(t *testing.T) {
	c, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), write(t, "system.yaml", good), config.Environment())
	if err != nil || c.Jira.Email != "ada@acme.com" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestAnAdministratorsFileThatLeadsNowhereIsRefused(t *testing.T) {
	dir := t.TempDir()
	system := filepath.Join(dir, "config.yaml")
	if err := os.Symlink(filepath.Join(dir, "unmounted"), system); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if _, err := config.Load(write(t, "config.yaml", good), system, config.Environment()); fault.ClassOf(err) != fault.Config {
		t.Errorf("%v", err)
	}
}
