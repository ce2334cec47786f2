package integration

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/sandbox/fakekms"
	"github.com/jitaccess/jit/internal/sandbox/fakes3"
	"github.com/jitaccess/jit/internal/sandbox/fakests"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// The services that jit talks to.
const (
	onJira  = "jira"
	onSTS   = "sts"
	onS3    = "s3"
	onKMS   = "kms"
	onAgent = "agent"
)

// world is all that a jit process meets: a home, a configuration, and servers
// which are the sandbox's unless a test puts real ones in their place before
// start. Fields are set between newWorld and start.
type world struct {
	t   testing.TB
	dir string
	env map[string]string

	handlers map[string]http.Handler
	watch    *watcher
	jira     *jiraSite
	keys     *sigv4.Keyring
	base     sigv4.Key // jit's own AWS identity
	objects  *fakes3.Server
	tokens   *fakests.Server
	signer   *fakekms.Server

	bucket, role  string
	sessionPolicy string // JSON; "" for none
	wallet        string
	log           string // "" is the bucket
	ca            string
	logins        []string
	hosts         []string // patterns; none is every host
	more          []string // names of entitlements like bastion
	extensions    []string // of the certificate, beside permit-pty
	sources       []string // "" is everywhere
	listen, dial  string   // addresses; dial as clients see it
	tls           *tls.Config
	trustFile     string // PEM of the CA, where tls is set
	urls          map[string]string
}

const account = "000000000000"

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		t: t, dir: shortDir(t), keys: sigv4.NewKeyring(), jira: &jiraSite{}, watch: &watcher{},
		bucket: "audit", role: "arn:aws:iam::" + account + ":role/data", wallet: "file",
		logins: []string{"ops"}, listen: "127.0.0.1", dial: "127.0.0.1",
		urls: map[string]string{},
	}
	w.base = w.keys.NewUserKey(account, "ada")
	w.objects, w.tokens = fakes3.New(w.keys, time.Now), fakests.New(w.keys, time.Now)
	w.signer = fakekms.New(w.keys, account, "eu-west-1", time.Now)
	w.objects.CreateBucket(w.bucket)
	w.tokens.AddRole(fakests.Role{ARN: w.role})
	w.handlers = map[string]http.Handler{onJira: w.jira, onSTS: w.tokens, onS3: w.objects, onKMS: w.signer}
	return w
}

// shortDir is a temporary directory whose path leaves room for sockets, unlike
// t.TempDir's, and that nobody else can write to.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "w-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// start serves everything and writes the configuration.
func (w *world) start() *world {
	w.t.Helper()
	for name, h := range w.handlers {
		w.urls[name] = w.serve(name, h)
	}
	w.env = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": w.dir, "TMPDIR": w.dir, "LANG": "C.UTF-8",
		"JIT_CONFIG": w.path("config.yaml"), "JIT_STATE_DIR": w.path("state"), "JIT_JIRA_TOKEN": jiraToken,
		"AWS_ACCESS_KEY_ID": w.base.ID, "AWS_SECRET_ACCESS_KEY": w.base.Secret, "AWS_REGION": "eu-west-1",
		"AWS_ENDPOINT_URL_STS": w.urls[onSTS], "AWS_ENDPOINT_URL_S3": w.urls[onS3], "AWS_ENDPOINT_URL_KMS": w.urls[onKMS],
		"AWS_EC2_METADATA_DISABLED": "true",
	}
	if w.trustFile != "" {
		w.env["SSL_CERT_FILE"] = w.trustFile
	}
	w.configure()
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// serve starts one server and returns its URL as jit is to dial it.
func (w *world) serve(name string, h http.Handler) string {
	w.t.Helper()
	l, err := net.Listen("tcp", w.listen+":0")
	if err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(w.watch.wrap(name, h))
	server.Listener.Close()
	server.Listener = l
	scheme := "http"
	if w.tls != nil {
		// As the real ones: Jira's speaks HTTP/2, those of AWS do not.
		scheme, server.TLS, server.EnableHTTP2 = "https", w.tls.Clone(), name == onJira
		server.StartTLS()
	} else {
		server.Start()
	}
	w.t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return scheme + "://" + net.JoinHostPort(w.dial, port)
}

// configure writes config.yaml and policy.yaml.
func (w *world) configure() {
	w.t.Helper()
	log := w.log
	if log == "" {
		log = "s3://" + w.bucket + "/jit?region=eu-west-1"
	}
	config := fmt.Sprintf("jira: {url: %q, email: ada@acme.com}\npolicy: %s\naudit: {log: %q}\naws: {region: eu-west-1}\nwallet: %s\n",
		w.urls[onJira], w.path("policy.yaml"), log, w.wallet)
	if w.ca != "" {
		config += fmt.Sprintf("ssh: {ca: %q}\n", w.ca)
	}
	aws := fmt.Sprintf("role_arn: %q", w.role)
	if w.sessionPolicy != "" {
		w.write("session.json", w.sessionPolicy)
		aws += ", session_policy_file: session.json"
	}
	ssh := "logins: [" + strings.Join(w.logins, ", ") + "], extensions: [" + strings.Join(append([]string{"permit-pty"}, w.extensions...), ", ") + "]"
	if len(w.hosts) > 0 {
		ssh += ", hosts: [" + strings.Join(w.hosts, ", ") + "]"
	}
	if len(w.sources) > 0 {
		ssh += ", source_addresses: [" + strings.Join(w.sources, ", ") + "]"
	}
	policy := entitlement("data", "aws: {"+aws+"}")
	if w.ca != "" {
		for _, name := range append([]string{"bastion"}, w.more...) {
			policy += entitlement(name, "ssh: {"+ssh+"}")
		}
	}
	w.write("config.yaml", config)
	w.write("policy.yaml", "version: 1\nentitlements:\n"+policy)
}

// entitlement is a policy's entry that OPS-7 unlocks.
func entitlement(name, what string) string {
	return fmt.Sprintf(`  %s:
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 30m, max: 1h}
    %s
`, name, what)
}

// fresh gives the world a wallet, a cache and a chain that nobody used yet.
func (w *world) fresh(prefix string) {
	w.t.Helper()
	w.env = maps.Clone(w.env)
	w.env["JIT_STATE_DIR"] = w.path("state-" + prefix)
	w.log = "s3://" + w.bucket + "/" + prefix + "?region=eu-west-1"
	w.configure()
}

// watcher tells a test of each call to a service before it is served, and
// before its answer is sent.
type watcher struct {
	mu     sync.Mutex
	before func(service string) (lost bool)
	after  func(service string)
}

// set replaces both functions; nil is none. A call that before says is lost is
// never served.
func (w *watcher) set(before func(service string) (lost bool), after func(service string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before, w.after = before, after
}

// arrive tells that a call came in, and returns whether it is lost.
func (w *watcher) arrive(service string) bool {
	w.mu.Lock()
	tell := w.before
	w.mu.Unlock()
	return tell != nil && tell(service)
}

// leave tells that a call was served, and waits to be answered.
func (w *watcher) leave(service string) {
	w.mu.Lock()
	tell := w.after
	w.mu.Unlock()
	if tell != nil {
		tell(service)
	}
}

func (w *watcher) wrap(service string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.arrive(service) {
			panic(http.ErrAbortHandler)
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		w.leave(service)
		maps.Copy(rw.Header(), answer.Header())
		rw.WriteHeader(answer.Code)
		_, _ = rw.Write(answer.Body.Bytes())
	})
}
