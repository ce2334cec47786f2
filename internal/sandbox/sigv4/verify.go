package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Skew is how far a request's date may be from the service's clock, both ways.
const Skew = 15 * time.Minute

// dateLayout is the ISO 8601 basic format of X-Amz-Date.
const dateLayout = "20060102T150405Z"

const contentHash = "X-Amz-Content-Sha256"

// Problem says why a request was not accepted. Each service has its own code
// and status for it.
type Problem int

// The problems, in the order in which they are looked for.
const (
	Missing      Problem = iota // no signature at all
	Incomplete                  // a signature that lacks something
	WrongScope                  // signed for another service
	UnknownKey                  // no such access key, or a wrong session token
	ExpiredKey                  // a session that is over
	Skewed                      // a date too far from now
	BadSignature                // the signature is of something else
	BadDigest                   // the body is not what was signed
)

// Error is a request that was not accepted.
type Error struct {
	Problem Problem
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

func refuse(p Problem, format string, args ...any) *Error {
	return &Error{Problem: p, Message: fmt.Sprintf(format, args...)}
}

// Verifier checks the requests of one service.
type Verifier struct {
	Keys    *Keyring
	Service string // the name in the credential scope, such as "sts"
	Now     func() time.Time
	// ObjectStore is set for S3, which signs paths without escaping them again
	// and says in a header what hash of the body it signed.
	ObjectStore bool
}

// Verify returns who signed r. Body is the whole body as it came over the
// wire; r.Body is not read. A failure is an *Error.
func (v Verifier) Verify(r *http.Request, body []byte) (Identity, error) {
	auth, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return Identity{}, err
	}
	if auth.service != v.Service {
		return Identity{}, refuse(WrongScope, "Credential should be scoped to correct service: '%s'. ", v.Service)
	}
	key, err := v.key(r, auth)
	if err != nil {
		return Identity{}, err
	}
	at, err := v.date(r, auth)
	if err != nil {
		return Identity{}, err
	}
	hash, err := v.payloadHash(r, body)
	if err != nil {
		return Identity{}, err
	}
	want, err := v.sign(r, auth, key, hash, at)
	if err != nil {
		return Identity{}, err
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(auth.signature)) != 1 {
		return Identity{}, refuse(BadSignature, "The request signature we calculated does not match the signature "+
			"you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return key.Identity, nil
}

func (v Verifier) key(r *http.Request, auth authorization) (Key, error) {
	key, ok := v.Keys.Get(auth.keyID)
	token := r.Header.Get("X-Amz-Security-Token")
	// Compared even where the key is unknown: the answer is the same either way.
	same := subtle.ConstantTimeCompare([]byte(key.Token), []byte(token)) == 1
	if !ok || !same {
		return Key{}, refuse(UnknownKey, "The security token included in the request is invalid.")
	}
	if !key.Expires.IsZero() && !v.Now().Before(key.Expires) {
		return Key{}, refuse(ExpiredKey, "The security token included in the request is expired")
	}
	return key, nil
}

func (v Verifier) date(r *http.Request, auth authorization) (time.Time, error) {
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse(dateLayout, stamp)
	if err != nil {
		return time.Time{}, refuse(Incomplete, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if at.Format("20060102") != auth.day {
		return time.Time{}, refuse(BadSignature, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")
	}
	now := v.Now().UTC()
	clock := now.Format(dateLayout)
	switch {
	case at.Before(now.Add(-Skew)):
		return time.Time{}, refuse(Skewed, "Signature expired: %s is now earlier than %s (%s - 15 min.)",
			stamp, now.Add(-Skew).Format(dateLayout), clock)
	case at.After(now.Add(Skew)):
		return time.Time{}, refuse(Skewed, "Signature not yet current: %s is still later than %s (%s + 15 min.)",
			stamp, now.Add(Skew).Format(dateLayout), clock)
	}
	return at, nil
}

// payloadHash is what the client says that it signed, once it is known to be
// true of the body.
func (v Verifier) payloadHash(r *http.Request, body []byte) (string, error) {
	sum := sha256.Sum256(body)
	actual := hex.EncodeToString(sum[:])
	if !v.ObjectStore {
		return actual, nil
	}
	claimed := r.Header.Get(contentHash)
	switch {
	case claimed == "":
		return "", refuse(Incomplete, "Missing required header for this request: x-amz-content-sha256")
	case claimed == "UNSIGNED-PAYLOAD", claimed == "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
		return claimed, nil
	case claimed != actual:
		return "", refuse(BadDigest, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return actual, nil
}

// sign computes the signature that the request should carry. It signs a copy
// that has nothing but the headers that the client signed.
func (v Verifier) sign(r *http.Request, auth authorization, key Key, hash string, at time.Time) (string, error) {
	c := &http.Request{Method: r.Method, URL: r.URL, Host: r.Host, Header: http.Header{}}
	u := *r.URL
	c.URL = &u
	for _, name := range auth.signed {
		switch name {
		case "host":
		case "content-length":
			c.ContentLength = r.ContentLength
		default:
			canonical := http.CanonicalHeaderKey(name)
			c.Header[canonical] = slices.Clone(r.Header[canonical])
		}
	}
	creds := aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, SessionToken: key.Token}
	err := v4.NewSigner().SignHTTP(r.Context(), creds, c, hash, v.Service, auth.region, at, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = v.ObjectStore
	})
	if err != nil {
		return "", refuse(Incomplete, "%v", err)
	}
	mine, perr := parseAuthorization(c.Header.Get("Authorization"))
	if perr != nil {
		return "", perr
	}
	// A header that must be signed and was not shows here: the signer adds it.
	if !slices.Equal(mine.signed, auth.signed) {
		return "", refuse(BadSignature, "There were headers present in the request which were not signed: %s",
			strings.Join(missing(mine.signed, auth.signed), ", "))
	}
	return mine.signature, nil
}

func missing(want, got []string) []string {
	var out []string
	for _, w := range want {
		if !slices.Contains(got, w) {
			out = append(out, w)
		}
	}
	return out
}
