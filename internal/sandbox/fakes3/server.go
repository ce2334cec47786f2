// Package fakes3 is an S3 for the sandbox and for tests: PutObject with
// If-None-Match, GetObject, HeadObject and ListObjectsV2, in memory, with
// signatures checked.
//
// Statuses and codes follow
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
package fakes3

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// maxBody is the largest object, in bytes: a record of the audit log is a few
// kilobytes.
const maxBody = 8 << 20

// Server is an S3. It is an http.Handler; the zero value is of no use.
type Server struct {
	verify sigv4.Verifier
	now    func() time.Time

	mu        sync.Mutex
	buckets   map[string]*bucket
	calls     []string
	conflicts int
}

// New returns an S3 without buckets.
func New(keys *sigv4.Keyring, now func() time.Time) *Server {
	return &Server{
		verify:  sigv4.Verifier{Keys: keys, Service: "s3", Now: now, ObjectStore: true},
		now:     now,
		buckets: map[string]*bucket{},
	}
}

// CreateBucket makes an empty bucket; one of this name is left as it is.
func (s *Server) CreateBucket(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] == nil {
		s.buckets[name] = &bucket{objects: map[string]object{}}
	}
}

// Put stores an object without asking, as somebody with every right would. The
// bucket is made where it is missing.
func (s *Server) Put(bucketName, key string, data []byte) {
	s.CreateBucket(bucketName)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[bucketName].put(key, newObject(data, s.now()))
}

// Get returns an object's bytes, and whether it is there.
func (s *Server) Get(bucketName, key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return nil, false
	}
	o, ok := b.objects[key]
	return o.data, ok
}

// Delete removes an object without asking.
func (s *Server) Delete(bucketName, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[bucketName]; b != nil {
		b.remove(key)
	}
}

// Keys returns a bucket's keys, sorted.
func (s *Server) Keys(bucketName string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return nil
	}
	return append([]string(nil), b.keys...)
}

// Conflict makes the next n conditional writes answer 409, as S3 does when
// another write of the same key is under way.
func (s *Server) Conflict(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conflicts = n
}

// Calls returns the operations that were asked for, in order, refused ones
// included.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.calls...)
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bucketName, key := s.address(r)
	op := operation(r, key)
	s.calls = append(s.calls, op)
	body, err := s.authenticated(w, r)
	if err != nil {
		writeError(w, r, asS3(err))
		return
	}
	b := s.buckets[bucketName]
	if b == nil {
		writeError(w, r, errorf(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist"))
		return
	}
	switch op {
	case "PutObject":
		err = s.putObject(w, r, b, key, body)
	case "GetObject", "HeadObject":
		err = getObject(w, r, b, key)
	case "ListObjectsV2":
		err = listObjects(w, r, b, bucketName)
	case "HeadBucket":
	default:
		err = errorf(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented")
	}
	if err != nil {
		writeError(w, r, asS3(err))
	}
}

// address finds bucket and key in either of S3's ways: bucket.host/key, where
// the host is a name, or host/bucket/key. The caller holds mu.
func (s *Server) address(r *http.Request) (bucketName, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if label, _, ok := strings.Cut(host, "."); ok && net.ParseIP(host) == nil && s.buckets[label] != nil {
		return label, path
	}
	bucketName, key, _ = strings.Cut(path, "/")
	return bucketName, key
}

func operation(r *http.Request, key string) string {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodPut && key != "" && !q.Has("uploadId"):
		return "PutObject"
	case r.Method == http.MethodGet && key != "":
		return "GetObject"
	case r.Method == http.MethodHead && key != "":
		return "HeadObject"
	case r.Method == http.MethodHead:
		return "HeadBucket"
	case r.Method == http.MethodGet && q.Get("list-type") == "2":
		return "ListObjectsV2"
	}
	return "Other"
}

func asS3(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	e, ok := errors.AsType[*sigv4.Error](err)
	if !ok {
		return errorf(http.StatusInternalServerError, "InternalError", "%v", err)
	}
	switch e.Problem {
	case sigv4.Missing:
		return errorf(http.StatusForbidden, "AccessDenied", "Access Denied")
	case sigv4.Incomplete, sigv4.WrongScope:
		return errorf(http.StatusBadRequest, "AuthorizationHeaderMalformed", "%s", e.Message)
	case sigv4.UnknownKey:
		return errorf(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	case sigv4.ExpiredKey:
		return errorf(http.StatusBadRequest, "ExpiredToken", "The provided token has expired.")
	case sigv4.Skewed:
		return errorf(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	case sigv4.BadDigest:
		return errorf(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "%s", e.Message)
	}
	return errorf(http.StatusForbidden, "SignatureDoesNotMatch", "%s", e.Message)
}
