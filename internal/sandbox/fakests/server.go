// Package fakests is an STS for the sandbox and for tests: GetCallerIdentity
// and AssumeRole of the Query protocol, with signatures, trust, limits and
// errors as AWS has them, and faults to inject.
//
// What it checks, and its error codes, follow
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
package fakests

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// maxBody is more than any request of STS needs, in bytes.
const maxBody = 256 << 10

// apiVersion is STS's one version.
const apiVersion = "2011-06-15"

// Role is a role that can be assumed. The zero values of the fields are the
// open ones: anybody in the role's account, one hour, everything allowed.
type Role struct {
	ARN        string
	MaxSession time.Duration // 0 is an hour, AWS's own default
	// Trusted are the ARNs (users, roles or sessions) that may assume the role;
	// empty trusts the whole account.
	Trusted    []string
	ExternalID string // required when set
	// MFASerial and MFACode, when set, are required of the caller.
	MFASerial, MFACode string
	// DenyTags and DenySourceIdentity are trust policies that lack
	// sts:TagSession and sts:SetSourceIdentity.
	DenyTags, DenySourceIdentity bool
}

// Session is what AssumeRole minted.
type Session struct {
	Key            sigv4.Key
	RoleARN        string
	Name           string
	SourceIdentity string
	Tags           map[string]string
	Policy         string
	PolicyARNs     []string
	Duration       time.Duration
	Chained        bool
}

// Fault is a way to go wrong. The zero Fault is none.
type Fault struct {
	Action string        // the action that it concerns; "" is all
	Times  int           // how many calls it spoils; 0 is all until it is cleared
	Delay  time.Duration // before anything is done
	// Drop does what was asked, then closes the connection without an answer.
	Drop bool
	// Code, Status and Message answer an error instead; nothing is minted.
	Code    string
	Status  int // 0 is 400
	Message string
}

// Server is an STS. It is an http.Handler; the zero value is of no use.
type Server struct {
	keys   *sigv4.Keyring
	now    func() time.Time
	verify sigv4.Verifier

	mu       sync.Mutex
	roles    map[string]Role
	roleIDs  map[string]string
	sessions []Session
	calls    []string
	fault    *Fault
}

// New returns an STS without roles that accepts the keys of the ring.
func New(keys *sigv4.Keyring, now func() time.Time) *Server {
	return &Server{
		keys: keys, now: now,
		verify:  sigv4.Verifier{Keys: keys, Service: "sts", Now: now},
		roles:   map[string]Role{},
		roleIDs: map[string]string{},
	}
}

// AddRole adds or replaces a role.
func (s *Server) AddRole(role Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[role.ARN] = role
	if s.roleIDs[role.ARN] == "" {
		s.roleIDs[role.ARN] = sigv4.UniqueID("AROA")
	}
}

// Inject sets the fault that the next calls meet; nil clears it.
func (s *Server) Inject(f *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == nil {
		s.fault = nil
		return
	}
	c := *f
	s.fault = &c
}

// Sessions returns all that was minted so far, those included whose reply was
// dropped.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Session(nil), s.sessions...)
}

// Calls returns the actions that were asked for, in order, refused ones
// included.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.calls...)
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, errorf(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the request is larger than %d bytes", maxBody))
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		writeError(w, errorf(http.StatusBadRequest, "MalformedQueryString", "the body is not a form"))
		return
	}
	fault := s.enter(form.Get("Action"))
	if !wait(r, fault.Delay) {
		return
	}
	if fault.Code != "" {
		writeError(w, fault.err())
		return
	}
	result, err := s.answer(r, body, form)
	if fault.Drop {
		// The one way to close a connection from a handler without an answer.
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		writeError(w, asSTS(err))
		return
	}
	writeResult(w, result)
}

func (s *Server) answer(r *http.Request, body []byte, form url.Values) (any, error) {
	who, err := s.verify.Verify(r, body)
	if err != nil {
		return nil, err
	}
	if v := form.Get("Version"); v != apiVersion {
		return nil, errorf(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", form.Get("Action"), v)
	}
	switch form.Get("Action") {
	case "GetCallerIdentity":
		return newCallerIdentity(who), nil
	case "AssumeRole":
		return s.assumeRole(who, form)
	}
	return nil, errorf(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", form.Get("Action"), apiVersion)
}

// enter notes a call and returns the fault that it meets.
func (s *Server) enter(action string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, action)
	if s.fault == nil || (s.fault.Action != "" && s.fault.Action != action) {
		return Fault{}
	}
	f := *s.fault
	if s.fault.Times > 0 {
		s.fault.Times--
		if s.fault.Times == 0 {
			s.fault = nil
		}
	}
	return f
}

func (f Fault) err() *apiError {
	status := f.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	return &apiError{status: status, code: f.Code, message: f.Message}
}

// wait reports whether the client is still there after d.
func wait(r *http.Request, d time.Duration) bool {
	if d == 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// asSTS gives a failed signature the code that STS has for it.
func asSTS(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	e, ok := errors.AsType[*sigv4.Error](err)
	if !ok {
		return errorf(http.StatusInternalServerError, "InternalFailure", "%v", err)
	}
	code := map[sigv4.Problem]string{
		sigv4.Missing:    "MissingAuthenticationToken",
		sigv4.Incomplete: "IncompleteSignature",
		sigv4.UnknownKey: "InvalidClientTokenId",
		sigv4.ExpiredKey: "ExpiredToken",
	}[e.Problem]
	if code == "" {
		code = "SignatureDoesNotMatch"
	}
	return errorf(http.StatusForbidden, code, "%s", e.Message)
}
