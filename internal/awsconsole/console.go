// Package awsconsole turns the keys of an AWS session into a URL that signs a
// browser in to the AWS console. It is the exchange that AWS describes under
// "Enable custom identity broker access to the AWS console" in the IAM user
// guide.
package awsconsole

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// The shortest and the longest console session (SessionDuration, same source).
const (
	MinSession = 15 * time.Minute
	MaxSession = 12 * time.Hour
)

// maxReply bounds the body of a reply, in bytes; a sign-in token has some
// hundred.
const maxReply = 64 << 10

// issuerURL is where AWS sends a user whose console session has ended.
const issuerURL = "https://github.com/jitaccess/jit"

// Options say how to reach AWS's federation endpoint.
type Options struct {
	Transport http.RoundTripper
	// Endpoint replaces the partition's own sign-in host, as in a sandbox; it
	// is https, or http on this machine. "" takes the partition's.
	Endpoint string
	Timeout  time.Duration // of one request; zero takes 20 seconds
}

// Console makes sign-in URLs.
type Console struct {
	client   *http.Client
	endpoint string
}

// New returns a Console; it speaks to nobody yet.
func New(o Options) *Console {
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	return &Console{endpoint: strings.TrimSuffix(o.Endpoint, "/"), client: &http.Client{
		Transport: o.Transport, Timeout: o.Timeout,
		// The request has the keys in it: it goes where it was sent, and no further.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// SignIn is a URL that signs in, and must be kept as a secret is.
type SignIn struct {
	URL credential.Secret
	// Unbounded is set where AWS took no duration, as for a role that was
	// assumed with the keys of another: AWS then chooses how long the console
	// session lasts.
	Unbounded bool
}

// SignIn exchanges the keys, of which left is what the lease still has. A
// console session outlives its keys, so less than MinSession is refused, with
// class Denied. Other errors are of class Issuer, or Usage for a destination
// that cannot be.
func (c *Console) SignIn(ctx context.Context, keys credential.AWS, left time.Duration, d Destination) (SignIn, error) {
	p, err := partitionOf(keys.RoleARN)
	if err != nil {
		return SignIn{}, err
	}
	to, err := d.url(p)
	if err != nil {
		return SignIn{}, err
	}
	if left < MinSession {
		return SignIn{}, fault.New(fault.Denied, "the grant ends in %s, and a console session lasts 15 minutes at the least", left.Round(time.Second)).
			WithHint("ask for a new grant first: a console session goes on when its keys have expired")
	}
	base := c.endpoint
	if base == "" {
		base = "https://" + p.signin
	}
	token, err := c.token(ctx, base, keys, min(left, MaxSession))
	unbounded := errors.Is(err, errRefused)
	if unbounded {
		token, err = c.token(ctx, base, keys, 0)
	}
	if err != nil {
		return SignIn{}, err
	}
	q := url.Values{"Action": {"login"}, "Issuer": {issuerURL}, "Destination": {to}, "SigninToken": {token.Reveal()}}
	return SignIn{URL: credential.NewSecret(base + "/federation?" + q.Encode()), Unbounded: unbounded}, nil
}

// errRefused says that AWS did not take a request as it was.
var errRefused = errors.New("refused")

// token asks for a sign-in token; a duration of zero is left out.
func (c *Console) token(ctx context.Context, base string, keys credential.AWS, duration time.Duration) (credential.Secret, error) {
	session, err := json.Marshal(map[string]string{
		"sessionId": keys.AccessKeyID, "sessionKey": keys.SecretAccessKey.Reveal(), "sessionToken": keys.SessionToken.Reveal(),
	})
	if err != nil {
		return credential.Secret{}, fault.Wrap(fault.Internal, err, "the keys do not make JSON")
	}
	q := url.Values{"Action": {"getSigninToken"}, "Session": {string(session)}}
	if duration > 0 {
		q.Set("SessionDuration", strconv.Itoa(int(duration/time.Second)))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/federation?"+q.Encode(), nil)
	if err != nil {
		return credential.Secret{}, fault.New(fault.Internal, "the sign-in endpoint is no address")
	}
	req.Header.Set("User-Agent", "jit")
	resp, err := c.client.Do(req)
	if err != nil {
		return credential.Secret{}, unreachable(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return credential.Secret{}, unreachable(ctx, err)
	}
	return readToken(resp.StatusCode, body, keys)
}

// unreachable leaves the error's own text out where it would have the URL, which
// has the keys in it.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fault.Wrap(fault.Issuer, err, "AWS's sign-in endpoint does not answer").
		WithHint("see that this network reaches it, or use jit exec")
}

func readToken(status int, body []byte, keys credential.AWS) (credential.Secret, error) {
	var reply struct {
		SigninToken string `json:"SigninToken"`
	}
	switch {
	case status == http.StatusBadRequest:
		return credential.Secret{}, fault.Wrap(fault.Issuer, errRefused, "AWS gives no sign-in token for these keys%s", words(body, keys)).
			WithHint("a session policy or the role may forbid it, or the keys may have been revoked; jit exec -- aws sts get-caller-identity tells")
	case status != http.StatusOK:
		return credential.Secret{}, fault.New(fault.Issuer, "AWS's sign-in endpoint answers %d%s", status, words(body, keys)).WithHint("try again in a minute")
	case len(body) > maxReply || json.Unmarshal(body, &reply) != nil || reply.SigninToken == "":
		return credential.Secret{}, fault.New(fault.Issuer, "AWS's sign-in endpoint sent no sign-in token").
			WithHint("a proxy may be changing what AWS sends")
	}
	return credential.NewSecret(reply.SigninToken), nil
}

// words are the beginning of what AWS said, without the keys.
func words(body []byte, keys credential.AWS) string {
	text := string(bytes.TrimSpace(body))
	if text == "" || strings.HasPrefix(text, "<") {
		return ""
	}
	text = keys.SecretAccessKey.HideIn(keys.SessionToken.HideIn(text))
	text = credential.HideTokens(ticket.Clean(text))
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200]) + "…"
	}
	return " (it says: " + text + ")"
}
