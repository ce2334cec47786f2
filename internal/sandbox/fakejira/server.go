package fakejira

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// CloudID is the id of the embedded site, which the gateway's paths carry.
const CloudID = "8a3f4c1e-5b7d-4e2a-9c60-1f2e3d4c5b6a"

// gatewayPrefix is where api.atlassian.com serves the sites that scoped tokens
// are good for.
const gatewayPrefix = "/ex/jira/"

// Options say which Jira it is.
type Options struct {
	Edition Edition
	// ContextPath is where Data Center is mounted, such as "/jira"; "" is the
	// root. Cloud has none.
	ContextPath string
	Now         func() time.Time
	// Language translates the names of statuses and categories, as Jira does to
	// the language of the user; nil leaves them as they are.
	Language func(name string) string
}

// Server is a Jira. It is an http.Handler; the zero value is of no use.
type Server struct {
	opts Options

	mu       sync.Mutex
	users    []User
	tokens   []Token
	projects []Project
	statuses []Status
	issues   []*Issue
	nextID   int
	calls    []string
	hook     func(http.ResponseWriter, *http.Request) bool
}

// New returns a Jira with the users ada, bob and carol, the project DEMO with
// its tickets, the project OPS without any, and no tokens.
func New(o Options) *Server {
	s := &Server{opts: o, nextID: 10100}
	s.seed()
	return s
}

// Hook is asked before every call; where it returns true it has answered. It
// is how tests make a Jira that is slow, throttled, broken or not a Jira at
// all. Nil takes it away.
func (s *Server) Hook(f func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = f
}

// Calls returns the paths and queries that were asked for, in order.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.calls...)
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls = append(s.calls, r.URL.RequestURI())
	hook := s.hook
	s.mu.Unlock()
	// Without the lock: a hook may wait, or change the store.
	if hook != nil && hook(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{server: s, w: w, r: r, base: base(r)}
	if !c.locate() || !c.login() {
		return
	}
	c.route()
}

func base(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// call is one request as it is answered. The server's lock is held meanwhile.
type call struct {
	server  *Server
	w       http.ResponseWriter
	r       *http.Request
	base    string // of the URLs in answers
	path    string // below the context path or the gateway's
	gateway bool
	user    *User // nil: anonymous
	token   *Token
}

func (c *call) cloud() bool { return c.server.opts.Edition == Cloud }

// locate strips the context path or the gateway's prefix. Where the path leads
// nowhere it answers, and reports false.
func (c *call) locate() bool {
	path := c.r.URL.Path
	if rest, ok := strings.CutPrefix(path, gatewayPrefix); ok && c.cloud() {
		id, below, _ := strings.Cut(rest, "/")
		if id != CloudID {
			c.json(http.StatusNotFound, map[string]any{"code": 404, "message": "Not Found"})
			return false
		}
		c.path, c.gateway = "/"+below, true
		return true
	}
	below, ok := strings.CutPrefix(path, c.server.opts.ContextPath)
	if !ok || !strings.HasPrefix(below, "/") {
		c.html(http.StatusNotFound, "Not Found")
		return false
	}
	c.base += c.server.opts.ContextPath
	c.path = below
	return true
}

func (c *call) route() {
	key, isIssue := strings.CutPrefix(c.path, "/rest/api/2/issue/")
	switch {
	case c.r.Method != http.MethodGet:
		c.fail(http.StatusMethodNotAllowed, "Method Not Allowed")
	case c.path == "/_edge/tenant_info" && c.cloud() && !c.gateway:
		c.json(http.StatusOK, map[string]any{"cloudId": CloudID})
	case c.path == "/rest/api/2/myself":
		c.myself()
	case c.path == "/rest/api/2/serverInfo":
		c.serverInfo()
	case c.path == "/rest/api/2/status":
		c.allStatuses()
	case c.path == "/rest/api/2/search/jql" && c.cloud():
		c.searchCloud()
	case c.path == "/rest/api/2/search" && c.cloud():
		c.fail(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
	case c.path == "/rest/api/2/search":
		c.searchDataCenter()
	case c.path == "/rest/api/2/user/groups" && c.cloud():
		c.userGroups()
	case c.path == "/rest/api/2/user" && !c.cloud():
		c.userByKey()
	case isIssue && strings.HasSuffix(key, "/changelog") && c.cloud():
		c.changelog(strings.TrimSuffix(key, "/changelog"))
	case isIssue && !strings.Contains(key, "/"):
		c.issue(key)
	default:
		c.json(http.StatusNotFound, map[string]any{"message": "null for uri: " + c.base + c.path, "status-code": 404})
	}
}

func (c *call) json(status int, body any) {
	c.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	c.w.WriteHeader(status)
	_ = json.NewEncoder(c.w).Encode(body) // a client that went away is no concern of ours
}

// fail answers with the error collection of the REST API.
func (c *call) fail(status int, message string) {
	c.json(status, map[string]any{"errorMessages": []string{message}, "errors": map[string]string{}})
}

func (c *call) html(status int, title string) {
	c.w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	c.w.WriteHeader(status)
	_, _ = c.w.Write([]byte("<!DOCTYPE html><html><head><title>" + title + "</title></head><body></body></html>"))
}
