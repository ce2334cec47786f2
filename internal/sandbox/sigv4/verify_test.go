package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var at = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

const payload = "Action=GetCallerIdentity&Version=2011-06-15"

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// signed returns a request as a server sees it, signed by key at a time.
func signed(t *testing.T, key Key, when time.Time, edit func(*http.Request)) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:4566/some%20path/?b=2&a=1", bytes.NewReader([]byte(payload)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("X-Custom", "two   spaces")
	if edit != nil {
		edit(r)
	}
	creds := aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, SessionToken: key.Token}
	if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, hashOf(payload), "sts", "eu-west-1", when); err != nil {
		t.Fatal(err)
	}
	return r
}

func problem(t *testing.T, err error) Problem {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error is %v, which is no *Error", err)
	}
	return e.Problem
}

func newVerifier() (Verifier, Key, Key) {
	keys := NewKeyring()
	user := keys.NewUserKey("111122223333", "ada")
	session := keys.NewSessionKey(Identity{ARN: "arn:aws:sts::111122223333:assumed-role/jit/x", Assumed: true}, at.Add(time.Minute))
	return Verifier{Keys: keys, Service: "sts", Now: func() time.Time { return at }}, user, session
}

func TestVerifyAccepts(t *testing.T) {
	t.Parallel()
	v, user, session := newVerifier()
	for _, key := range []Key{user, session} {
		for _, when := range []time.Time{at, at.Add(Skew), at.Add(-Skew)} {
			who, err := v.Verify(signed(t, key, when, nil), []byte(payload))
			if err != nil || who != key.Identity {
				t.Errorf("%s at %s: %v, %v", key.ID, when, who, err)
			}
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	v, user, session := newVerifier()
	stolen, other := user, session
	stolen.Secret = "guess"
	other.Token = "another token"
	unknown := Key{ID: "AKIAUNKNOWN", Secret: "s"}
	noToken := session
	noToken.Token = ""
	tests := []struct {
		name   string
		key    Key
		at     time.Time
		edit   func(*http.Request) // before signing
		tamper func(*http.Request) // after it
		body   string
		want   Problem
	}{
		{name: "wrong secret", key: stolen, want: BadSignature},
		{name: "unknown key", key: unknown, want: UnknownKey},
		{name: "wrong token", key: other, want: UnknownKey},
		{name: "session key without its token", key: noToken, want: UnknownKey},
		{name: "early", key: user, at: at.Add(Skew + time.Second), want: Skewed},
		{name: "late", key: user, at: at.Add(-Skew - time.Second), want: Skewed},
		{name: "other body", key: user, body: payload + "&x=1", want: BadSignature},
		{name: "other query", key: user, tamper: func(r *http.Request) { r.URL.RawQuery = "a=1&b=3" }, want: BadSignature},
		{name: "other path", key: user, tamper: func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/else", "" }, want: BadSignature},
		{name: "other method", key: user, tamper: func(r *http.Request) { r.Method = http.MethodPut }, want: BadSignature},
		{name: "other host", key: user, tamper: func(r *http.Request) { r.Host = "elsewhere" }, want: BadSignature},
		{name: "other header", key: user, tamper: func(r *http.Request) { r.Header.Set("X-Custom", "three") }, want: BadSignature},
		{name: "other date", key: user, tamper: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260304T050608Z") }, want: BadSignature},
		{name: "date of another day", key: user, tamper: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260305T050607Z") }, want: BadSignature},
		{name: "no date", key: user, tamper: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, want: Incomplete},
		{name: "no signature", key: user, tamper: func(r *http.Request) { r.Header.Del("Authorization") }, want: Missing},
		{name: "basic", key: user, tamper: func(r *http.Request) { r.Header.Set("Authorization", "Basic eDp5") }, want: Incomplete},
		{name: "no parts", key: user, tamper: func(r *http.Request) { r.Header.Set("Authorization", algorithm+" Credential=a") }, want: Incomplete},
		{name: "host not signed", key: user, tamper: func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), ";host;", ";", 1))
		}, want: BadSignature},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if tc.at.IsZero() {
				tc.at = at
			}
			r := signed(t, tc.key, tc.at, tc.edit)
			if tc.tamper != nil {
				tc.tamper(r)
			}
			body := payload
			if tc.body != "" {
				body = tc.body
			}
			who, err := v.Verify(r, []byte(body))
			if err == nil {
				t.Fatalf("accepted as %v", who)
			}
			if got := problem(t, err); got != tc.want || who != (Identity{}) {
				t.Errorf("problem %d (%v), identity %v", got, err, who)
			}
			if strings.Contains(err.Error(), tc.key.Secret) && len(tc.key.Secret) > 1 {
				t.Error("the error shows the secret")
			}
		})
	}
}

func TestVerifyOtherService(t *testing.T) {
	t.Parallel()
	v, user, _ := newVerifier()
	v.Service = "kms"
	_, err := v.Verify(signed(t, user, at, nil), []byte(payload))
	if problem(t, err) != WrongScope {
		t.Errorf("got %v", err)
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	v, _, session := newVerifier()
	now := session.Expires.Add(-time.Second)
	v.Now = func() time.Time { return now }
	if _, err := v.Verify(signed(t, session, now, nil), []byte(payload)); err != nil {
		t.Fatal(err)
	}
	now = session.Expires
	_, err := v.Verify(signed(t, session, now, nil), []byte(payload))
	if problem(t, err) != ExpiredKey {
		t.Errorf("got %v", err)
	}
}

func TestRemovedKey(t *testing.T) {
	t.Parallel()
	v, user, _ := newVerifier()
	v.Keys.Remove(user.ID)
	_, err := v.Verify(signed(t, user, at, nil), []byte(payload))
	if problem(t, err) != UnknownKey {
		t.Errorf("got %v", err)
	}
}

func TestObjectStoreNeedsContentHash(t *testing.T) {
	t.Parallel()
	v, user, _ := newVerifier()
	v.ObjectStore = true
	_, err := v.Verify(signed(t, user, at, nil), []byte(payload))
	if problem(t, err) != Incomplete {
		t.Errorf("got %v", err)
	}
}

func TestUniqueID(t *testing.T) {
	t.Parallel()
	a, b := UniqueID("AKIA"), UniqueID("AKIA")
	if a == b || len(a) != 20 || !strings.HasPrefix(a, "AKIA") {
		t.Errorf("%s, %s", a, b)
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=A/20260304/eu-west-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=00")
	f.Add("AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=")
	f.Add("")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := parseAuthorization(header)
		if err == nil && (a.signature == "" || len(a.signed) == 0) {
			t.Errorf("%q was taken as %+v", header, a)
		}
	})
}
