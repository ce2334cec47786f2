package sshca

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// sending follows the HTTP requests of one call, retries included, because the
// SDK's error tells neither whether a request left nor what an earlier try met.
type sending struct {
	mu   sync.Mutex
	left bool // a request may have reached KMS
	lost bool // and its answer did not come back
}

// watch is an option of a call.
func (s *sending) watch(o *kms.Options) {
	if o.HTTPClient != nil {
		o.HTTPClient = &watched{inner: o.HTTPClient, sending: s}
	}
}

func (s *sending) wasLost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

func (s *sending) hasLeft() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

type watched struct {
	inner   kms.HTTPClient
	sending *sending
}

// Do sends a request and notes what became of it.
func (w *watched) Do(r *http.Request) (*http.Response, error) {
	connected := false
	var mu sync.Mutex
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		mu.Lock()
		connected = true
		mu.Unlock()
	}}
	resp, err := w.inner.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	mu.Lock()
	left := connected || !unreached(err)
	mu.Unlock()
	w.sending.mu.Lock()
	defer w.sending.mu.Unlock()
	w.sending.left = w.sending.left || left
	w.sending.lost = w.sending.lost || left && err != nil
	return resp, err
}

// unreached reports whether err is one of those with which no request was sent.
func unreached(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok
}

// stoppedEarly reports whether ctx ended a call before anything was sent.
func stoppedEarly(ctx context.Context, s *sending) bool {
	return ctx.Err() != nil && !s.hasLeft()
}
