package sandbox_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

func start(t *testing.T, o sandbox.Options) *sandbox.World {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "world")
	}
	w, err := sandbox.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func loopback(t *testing.T, raw string) {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		t.Errorf("%s is not on loopback", raw)
	}
}

// config is what the world's configuration says, read loosely.
type config struct {
	Sandbox bool
	Jira    struct{ URL, Email string }
	Policy  string
	Audit   struct{ Log string }
	SSH     struct{ CA string }
	Wallet  string
}

func readConfig(t *testing.T, w *sandbox.World) config {
	t.Helper()
	data, err := os.ReadFile(w.ConfigPath())
	if err != nil {
		t.Fatal(err)
	}
	var c config
	if err := yaml.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfigStaysInTheWorld(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{})
	c := readConfig(t, w)
	if !c.Sandbox || c.Wallet != "file" || c.Jira.URL != w.JiraURL || c.Jira.Email != fakejira.Email("ada") {
		t.Errorf("configuration is %+v", c)
	}
	loopback(t, c.Jira.URL)
	for _, raw := range []string{c.Audit.Log, c.SSH.CA} {
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "file" {
			t.Fatalf("%s: %v", raw, err)
		}
		if runtime.GOOS != "windows" && !strings.HasPrefix(u.Path, w.Dir+"/") {
			t.Errorf("%s is outside %s", raw, w.Dir)
		}
	}
	if c.Policy != w.PolicyPath() || filepath.Dir(c.Policy) != w.Dir {
		t.Errorf("policy is %s", c.Policy)
	}
}

func TestFilesAreOurs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	w := start(t, sandbox.Options{})
	err := filepath.WalkDir(w.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDataCenterWorld(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{DataCenter: true})
	c := readConfig(t, w)
	if c.Jira.Email != "" || !strings.HasSuffix(c.Jira.URL, "/jira") || w.Edition() != fakejira.DataCenter {
		t.Errorf("configuration is %+v", c)
	}
	r, _ := http.NewRequest(http.MethodGet, c.Jira.URL+"/rest/api/2/myself", nil)
	r.Header.Set("Authorization", "Bearer "+w.JiraToken)
	if status, body := do(t, r); status != 200 || !strings.Contains(body, fakejira.AdaKey) {
		t.Errorf("%d: %s", status, body)
	}
}

func do(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	resp, err := (&http.Client{}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestEnviron(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{})
	base := []string{
		"HOME=/home/ada", "PATH=/usr/bin", "AWS_PROFILE=prod", "AWS_SESSION_TOKEN=real", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://x",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_ENDPOINT_URL_S3=https://real", "SSH_AUTH_SOCK=/run/agent", "https_proxy=http://p",
		"HTTP_PROXY=http://p", "JIT_CONFIG=/etc/jit", "TERM=xterm", "EMPTY=",
	}
	vars := map[string]string{}
	for _, entry := range w.Environ(base) {
		name, value, ok := strings.Cut(entry, "=")
		if _, twice := vars[name]; twice || !ok {
			t.Errorf("%q is there twice, or has no value", name)
		}
		vars[name] = value
	}
	for _, name := range []string{
		"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
		"SSH_AUTH_SOCK", "https_proxy", "HTTP_PROXY",
	} {
		if v, ok := vars[name]; ok {
			t.Errorf("%s=%s is left", name, v)
		}
	}
	for name, want := range map[string]string{
		"HOME": "/home/ada", "TERM": "xterm", "EMPTY": "", "JIT_CONFIG": w.ConfigPath(), "JIT_JIRA_TOKEN": w.JiraToken,
		"AWS_ENDPOINT_URL_STS": w.STSURL, "AWS_ENDPOINT_URL_S3": w.S3URL, "AWS_ENDPOINT_URL_KMS": w.KMSURL,
		"AWS_ACCESS_KEY_ID": w.Base.ID, "AWS_SECRET_ACCESS_KEY": w.Base.Secret, "AWS_EC2_METADATA_DISABLED": "true",
		"PATH": filepath.Join(w.Dir, "bin") + string(filepath.ListSeparator) + "/usr/bin",
	} {
		if vars[name] != want {
			t.Errorf("%s is %q, want %q", name, vars[name], want)
		}
	}
	for name, value := range vars {
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
			loopback(t, value)
		}
		if strings.HasSuffix(name, "_FILE") || name == "JIT_STATE_DIR" {
			if filepath.Dir(value) != w.Dir {
				t.Errorf("%s is %s", name, value)
			}
		}
	}
}

func TestLinkedProgram(t *testing.T) {
	t.Parallel()
	exe := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(exe, []byte("program"), 0o700); err != nil {
		t.Fatal(err)
	}
	w := start(t, sandbox.Options{Exe: exe})
	name := "jit"
	if runtime.GOOS == "windows" {
		name = "jit.exe"
	}
	if data, err := os.ReadFile(filepath.Join(w.Dir, "bin", name)); err != nil || string(data) != "program" {
		t.Errorf("%q, %v", data, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(exe); err != nil {
		t.Errorf("closing the world took the program away: %v", err)
	}
}

func TestDirectoryMustBeEmpty(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	precious := filepath.Join(dir, "thesis")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sandbox.Start(context.Background(), sandbox.Options{Dir: dir})
	if fault.ClassOf(err) != fault.Config || fault.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestCloseTakesAllAway(t *testing.T) {
	t.Parallel()
	w, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(w.Dir); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
	for _, address := range []string{w.JiraURL, w.STSURL, w.S3URL, w.KMSURL, "tcp://" + w.SSH.Addr()} {
		u, _ := url.Parse(address)
		if c, err := net.Dial("tcp", u.Host); err == nil {
			c.Close()
			t.Errorf("%s still answers", address)
		}
	}
}

func TestContextEndsTheServers(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	w, err := sandbox.Start(ctx, sandbox.Options{Dir: filepath.Join(t.TempDir(), "w")})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := w.Close(); err != nil { // waits for the end that cancel began
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", w.SSH.Addr()); err == nil {
		t.Error("the SSH server still answers")
	}
	if _, err := sandbox.Start(ctx, sandbox.Options{Dir: filepath.Join(t.TempDir(), "w")}); err == nil {
		t.Error("a world was started after the end")
	}
}

func TestKnownHosts(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{})
	check, err := knownhosts.New(w.Path("known_hosts"))
	if err != nil {
		t.Fatal(err)
	}
	addr, err := net.ResolveTCPAddr("tcp", w.SSH.Addr())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{w.SSH.Addr(), sandbox.Host + ":22"} {
		if err := check(name, addr, w.HostKey); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	text, err := os.ReadFile(w.SSHConfig())
	if err != nil || !strings.Contains(string(text), "StrictHostKeyChecking yes") {
		t.Errorf("%v: %s", err, text)
	}
}

func TestCAFileIsTheTrustedKey(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{})
	data, err := os.ReadFile(w.Path("ca"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(signer.PublicKey().Marshal(), w.CA.Marshal()) {
		t.Error("the file holds another key")
	}
}

func TestSecretsDiffer(t *testing.T) {
	t.Parallel()
	a, b := start(t, sandbox.Options{}), start(t, sandbox.Options{})
	if a.JiraToken == b.JiraToken || a.AdminToken == b.AdminToken || a.Base.Secret == b.Base.Secret || a.JiraToken == a.AdminToken {
		t.Error("two worlds share a secret")
	}
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	w := start(t, sandbox.Options{Now: func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }})
	post := func(key, token, form string) (int, string) {
		r, err := http.NewRequest(http.MethodPost, w.AdminURL+key, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+token)
		return do(t, r)
	}
	for _, token := range []string{"", "guess", w.JiraToken} {
		if status, _ := post("DEMO-1", token, "status=Done"); status != http.StatusUnauthorized {
			t.Errorf("token %q: %d", token, status)
		}
	}
	if i, _ := w.Jira.Issue("DEMO-1"); i.Status != fakejira.StatusInProgress {
		t.Fatal("a stranger moved a ticket")
	}
	if status, body := post("DEMO-1", w.AdminToken, "status=Done&assignee=bob"); status != 200 {
		t.Errorf("%d: %s", status, body)
	}
	if i, _ := w.Jira.Issue("DEMO-1"); i.Status != fakejira.StatusDone || i.Assignee != fakejira.Bob || len(i.History) != 4 {
		t.Errorf("the ticket is %+v", i)
	}
	if status, body := post("DEMO-1", w.AdminToken, "project=OPS"); status != 200 || !strings.Contains(body, "OPS-1") {
		t.Errorf("%d: %s", status, body)
	}
	if status, body := post("DEMO-2", w.AdminToken, "delete=yes"); status != 200 || !strings.Contains(body, `"deleted":true`) {
		t.Errorf("%d: %s", status, body)
	}
	for _, form := range []string{"status=Gone", "assignee=eve", "project=NONE"} {
		if status, _ := post("DEMO-3", w.AdminToken, form); status != http.StatusBadRequest {
			t.Errorf("%s: %d", form, status)
		}
	}
	if status, _ := post("DEMO-3", w.AdminToken, strings.Repeat("x", 5000)); status != http.StatusBadRequest {
		t.Errorf("a long form: %d", status)
	}
	curl, err := os.ReadFile(w.Path("curlrc"))
	if err != nil || !strings.Contains(string(curl), w.AdminToken) {
		t.Errorf("curlrc: %v", err)
	}
}
