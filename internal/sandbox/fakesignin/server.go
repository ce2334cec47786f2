// Package fakesignin is AWS's federation endpoint for the sandbox and for tests:
// getSigninToken and login, with the checks and limits that AWS describes under
// "Enable custom identity broker access to the AWS console".
package fakesignin

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// Console is a console session that a token was given for.
type Console struct {
	Key      sigv4.Key
	Duration time.Duration // zero where none was asked for
	Used     bool          // a browser has signed in with the token
}

// Server is the endpoint.
type Server struct {
	keys *sigv4.Keyring
	now  func() time.Time

	mu     sync.Mutex
	tokens map[string]*Console
	hook   http.HandlerFunc
}

// New returns an endpoint that knows the keys of a keyring.
func New(keys *sigv4.Keyring, now func() time.Time) *Server {
	return &Server{keys: keys, now: now, tokens: map[string]*Console{}}
}

// Consoles returns the sessions for which tokens were given.
func (s *Server) Consoles() []Console {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Console
	for _, c := range s.tokens {
		out = append(out, *c)
	}
	return out
}

// Hook answers every later request itself; nil takes that back.
func (s *Server) Hook(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = h
}

// ServeHTTP answers /federation.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch q := r.URL.Query(); {
	case s.hook != nil:
		s.hook(w, r)
	case r.URL.Path != "/federation" || r.Method != http.MethodGet:
		http.NotFound(w, r)
	case q.Get("Action") == "getSigninToken":
		s.give(w, q.Get("Session"), q.Get("SessionDuration"))
	case q.Get("Action") == "login":
		s.login(w, q.Get("SigninToken"), q.Get("Destination"))
	default:
		http.Error(w, "Invalid Action", http.StatusBadRequest)
	}
}

// give gives a token for the keys of a session.
func (s *Server) give(w http.ResponseWriter, session, duration string) {
	var sent struct {
		ID     string `json:"sessionId"`
		Secret string `json:"sessionKey"`
		Token  string `json:"sessionToken"`
	}
	if err := json.Unmarshal([]byte(session), &sent); err != nil {
		http.Error(w, "Invalid Session", http.StatusBadRequest)
		return
	}
	key, ok := s.keys.Get(sent.ID)
	same := subtle.ConstantTimeCompare([]byte(key.Secret+key.Token), []byte(sent.Secret+sent.Token)) == 1
	if !ok || !same || key.Token == "" || !s.now().Before(key.Expires) {
		http.Error(w, "The security token included in the request is invalid", http.StatusBadRequest)
		return
	}
	c := &Console{Key: key}
	if duration != "" {
		seconds, err := strconv.Atoi(duration)
		c.Duration = time.Duration(seconds) * time.Second
		if err != nil || seconds < 900 || seconds > 43200 {
			http.Error(w, "Invalid SessionDuration", http.StatusBadRequest)
			return
		}
	}
	token := rand.Text() + rand.Text()
	s.tokens[token] = c
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"SigninToken":%q}`, token)
}

// login signs a browser in and sends it where it wanted to go.
func (s *Server) login(w http.ResponseWriter, token, destination string) {
	c, ok := s.tokens[token]
	if !ok {
		http.Error(w, "Token Expired", http.StatusBadRequest)
		return
	}
	c.Used = true
	fmt.Fprintf(w, "signed in as %s, on the way to %s\n", c.Key.ARN, destination)
}
