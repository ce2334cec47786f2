package jira

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/jitaccess/jit/internal/fault"
)

// broken is the error of a call to which there was no whole answer. An outage
// is of class Ticket, and a stop by the user of class Cancelled.
func (c *Client) broken(ctx context.Context, call call, err error) error {
	cause := c.cause(err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fault.Wrap(fault.Cancelled, ctx.Err(), "stopped while Jira was asked for %s", call.subject)
	case timedOut(err) || ctx.Err() != nil:
		return &fault.Error{
			Class: fault.Ticket, Err: cause,
			Msg:  "Jira at " + c.host + " did not answer in time for " + call.subject,
			Hint: "try again; if it stays so, see whether a browser reaches " + c.site,
		}
	case isTLS(err):
		return &fault.Error{
			Class: fault.Ticket, Err: cause,
			Msg:  "there is no safe connection to Jira at " + c.host,
			Hint: "a proxy that opens TLS, a private CA that this machine does not know, or a wrong clock are the usual causes",
		}
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return &fault.Error{
			Class: fault.Ticket, Err: cause,
			Msg:  "the host " + c.harmless(dns.Name) + " cannot be found",
			Hint: "see that jira.url is right and that the network or VPN is up",
		}
	}
	return &fault.Error{
		Class: fault.Ticket, Err: cause,
		Msg:  "Jira at " + c.host + " cannot be reached for " + call.subject,
		Hint: "see that jira.url is right and that the network or VPN is up",
	}
}

// cause is an error of the transport without the URL, which the message does
// not need, and with its text made harmless: parts of it are the server's.
func (c *Client) cause(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return &outside{text: c.harmless(err.Error()), err: err}
}

// outside is an error whose own text is not fit to be shown.
type outside struct {
	text string
	err  error
}

// Error returns the text that is.
func (o *outside) Error() string { return o.text }

// Unwrap returns the error itself, for errors.Is.
func (o *outside) Unwrap() error { return o.err }

func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

func isTLS(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	if errors.Is(err, http.ErrSchemeMismatch) {
		return true
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	return unknown || name
}
