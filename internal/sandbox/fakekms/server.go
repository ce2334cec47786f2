// Package fakekms is a KMS for the sandbox and for tests: GetPublicKey and Sign
// for the key kinds that an SSH CA can have, over the JSON protocol with
// signatures checked.
//
// Shapes and error names follow
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html.
package fakekms

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// maxBody is more than any request of KMS needs, in bytes.
const maxBody = 64 << 10

// Server is a KMS. It is an http.Handler; the zero value is of no use.
type Server struct {
	account, region string
	verify          sigv4.Verifier

	mu      sync.Mutex
	keys    map[string]*key // by key id
	aliases map[string]string
	calls   []string
}

// New returns a KMS without keys, of an account and a region.
func New(keys *sigv4.Keyring, account, region string, now func() time.Time) *Server {
	return &Server{
		account: account, region: region,
		verify:  sigv4.Verifier{Keys: keys, Service: "kms", Now: now},
		keys:    map[string]*key{},
		aliases: map[string]string{},
	}
}

// Add keeps a private key, Ed25519 or P-256, under an alias such as
// "alias/jit-ssh-ca" ("" for none), and returns its ARN.
func (s *Server) Add(alias string, private crypto.Signer) (string, error) {
	k, err := newKey(private)
	if err != nil {
		return "", err
	}
	id := sigv4.UniqueID("mrk-")
	k.arn = "arn:aws:kms:" + s.region + ":" + s.account + ":key/" + id
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[id] = k
	if alias != "" {
		s.aliases[alias] = id
	}
	return k.arn, nil
}

// SetEnabled disables a key, named in any of KMS's ways, or enables it again.
func (s *Server) SetEnabled(name string, enabled bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.find(name)
	if err != nil {
		return err
	}
	k.disabled = !enabled
	return nil
}

// Calls returns the operations that were asked for, in order.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.calls...)
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	result, err := s.answer(w, r)
	status := http.StatusOK
	if err != nil {
		e := asKMS(err)
		status, result = e.status, e
		w.Header().Set("X-Amzn-Errortype", e.Type)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(result) // a client that went away is no concern of ours
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, errorf("ValidationException", "the request is larger than %d bytes", maxBody)
	}
	op := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, op)
	if _, err := s.verify.Verify(r, body); err != nil {
		return nil, err
	}
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, errorf("SerializationException", "the body is not the JSON of %s", op)
	}
	k, err := s.find(in.KeyID)
	if err != nil {
		return nil, err
	}
	if k.disabled {
		return nil, errorf("DisabledException", "%s is disabled.", k.arn)
	}
	switch op {
	case "GetPublicKey":
		return k.publicKey(), nil
	case "Sign":
		return k.sign(in)
	}
	return nil, errorf("UnknownOperationException", "%q is not an operation of this KMS", op)
}

// find resolves a key id, an alias, or the ARN of either. The caller holds mu.
func (s *Server) find(name string) (*key, error) {
	prefix := "arn:aws:kms:" + s.region + ":" + s.account + ":"
	short := strings.TrimPrefix(strings.TrimPrefix(name, prefix), "key/")
	if id, ok := s.aliases[short]; ok {
		short = id
	}
	if k, ok := s.keys[short]; ok {
		return k, nil
	}
	if strings.HasPrefix(short, "alias/") {
		return nil, errorf("NotFoundException", "Alias %s%s is not found.", prefix, short)
	}
	return nil, errorf("NotFoundException", "Key '%s' does not exist", name)
}

// apiError is an error of the JSON protocol.
type apiError struct {
	status  int
	Type    string `json:"__type"`
	Message string `json:"message"`
}

func (e *apiError) Error() string { return e.Type + ": " + e.Message }

func errorf(kind, format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, Type: kind, Message: fmt.Sprintf(format, args...)}
}

func asKMS(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	e, ok := errors.AsType[*sigv4.Error](err)
	if !ok {
		return &apiError{status: http.StatusInternalServerError, Type: "KMSInternalException", Message: err.Error()}
	}
	kind := map[sigv4.Problem]string{
		sigv4.Missing:    "MissingAuthenticationTokenException",
		sigv4.Incomplete: "IncompleteSignatureException",
		sigv4.UnknownKey: "UnrecognizedClientException",
		sigv4.ExpiredKey: "ExpiredTokenException",
	}[e.Problem]
	if kind == "" {
		kind = "InvalidSignatureException"
	}
	return errorf(kind, "%s", e.Message)
}
