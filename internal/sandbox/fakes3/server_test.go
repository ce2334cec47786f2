package fakes3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/jitaccess/jit/internal/sandbox/fakes3"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

const bucket = "acme-jit-audit"

type world struct {
	server *fakes3.Server
	client *s3.Client
	keys   *sigv4.Keyring
}

// newWorld serves an S3 over TLS or in the clear and gives the SDK's client for
// it: the SDK chunks a body over TLS and signs it whole without.
func newWorld(t *testing.T, tls bool) world {
	t.Helper()
	keys := sigv4.NewKeyring()
	key := keys.NewUserKey("111122223333", "ada")
	server := fakes3.New(keys, time.Now)
	server.CreateBucket(bucket)
	var web *httptest.Server
	if tls {
		web = httptest.NewTLSServer(server)
	} else {
		web = httptest.NewServer(server)
	}
	t.Cleanup(web.Close)
	client := s3.New(s3.Options{
		Region:           "eu-west-1",
		BaseEndpoint:     aws.String(web.URL),
		HTTPClient:       web.Client(),
		Credentials:      credentials.NewStaticCredentialsProvider(key.ID, key.Secret, ""),
		RetryMaxAttempts: 1,
		DisableLogOutputChecksumValidationSkipped: true,
	})
	return world{server: server, client: client, keys: keys}
}

func (w world) put(key, data string, condition *string) error {
	_, err := w.client.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String(key), Body: bytes.NewReader([]byte(data)), IfNoneMatch: condition,
	})
	return err
}

func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestConditionalPut(t *testing.T) {
	t.Parallel()
	for _, tls := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%t", tls), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tls)
			const key = "jit/ada/0000000001.json"
			if err := w.put(key, "first", aws.String("*")); err != nil {
				t.Fatal(err)
			}
			if got := code(w.put(key, "second", aws.String("*"))); got != "PreconditionFailed" {
				t.Errorf("a second conditional write: %s", got)
			}
			w.server.Conflict(1)
			if got := code(w.put("jit/ada/0000000002.json", "x", aws.String("*"))); got != "ConditionalRequestConflict" {
				t.Errorf("a write in a conflict: %s", got)
			}
			if got := code(w.put(key, "x", aws.String(`"etag"`))); got != "NotImplemented" {
				t.Errorf("a condition other than *: %s", got)
			}
			out, err := w.client.GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(out.Body)
			if err != nil || string(data) != "first" {
				t.Errorf("read %q, %v", data, err)
			}
			if err := w.put(key, "third", nil); err != nil {
				t.Errorf("a write without a condition: %v", err)
			}
			if data, _ := w.server.Get(bucket, key); string(data) != "third" {
				t.Errorf("holds %q", data)
			}
		})
	}
}

func TestMissingThings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	ctx := context.Background()
	_, err := w.client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("none")})
	if code(err) != "NoSuchKey" {
		t.Errorf("a missing key: %v", err)
	}
	_, err = w.client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("other"), Key: aws.String("none")})
	if code(err) != "NoSuchBucket" {
		t.Errorf("a missing bucket: %v", err)
	}
	_, err = w.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String("none")})
	if code(err) != "NotFound" {
		t.Errorf("HEAD of a missing key: %v", err)
	}
	if _, err = w.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Errorf("HEAD of the bucket: %v", err)
	}
	_, err = w.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("none")})
	if code(err) != "NotImplemented" {
		t.Errorf("an operation that is not there: %v", err)
	}
	want := []string{"GetObject", "GetObject", "HeadObject", "HeadBucket", "Other"}
	if got := w.server.Calls(); !slices.Equal(got, want) {
		t.Errorf("calls are %v", got)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	var want []string
	for i := range 25 {
		key := fmt.Sprintf("jit/ada/%010d.json", i+1)
		want = append(want, key)
		w.server.Put(bucket, key, []byte("x"))
	}
	w.server.Put(bucket, "other/1", []byte("x"))
	var got []string
	pages := s3.NewListObjectsV2Paginator(w.client, &s3.ListObjectsV2Input{
		Bucket: aws.String(bucket), Prefix: aws.String("jit/ada/"), MaxKeys: aws.Int32(10),
	})
	for n := 0; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if int(*page.KeyCount) > 10 || n > 3 {
			t.Fatalf("page %d has %d keys", n, *page.KeyCount)
		}
		for _, o := range page.Contents {
			got = append(got, *o.Key)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v", got)
	}
}

func TestListStartAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	for _, key := range []string{"p/a/1", "p/a/2", "p/b/1", "p/c", "p/d/1", "q"} {
		w.server.Put(bucket, key, []byte("x"))
	}
	tests := []struct {
		name, after, delimiter string
		most                   int32
		keys, prefixes         []string
		truncated              bool
	}{
		{name: "all", most: 10, keys: []string{"p/a/1", "p/a/2", "p/b/1", "p/c", "p/d/1"}},
		{name: "after a key", after: "p/a/2", most: 10, keys: []string{"p/b/1", "p/c", "p/d/1"}},
		{name: "after a key that is not there", after: "p/a/9", most: 1, keys: []string{"p/b/1"}, truncated: true},
		{name: "after the last", after: "p/z", most: 10},
		{name: "before the prefix", after: "a", most: 1, keys: []string{"p/a/1"}, truncated: true},
		{name: "rolled up", delimiter: "/", most: 10, keys: []string{"p/c"}, prefixes: []string{"p/a/", "p/b/", "p/d/"}},
		{name: "rolled up, cut", delimiter: "/", most: 2, prefixes: []string{"p/a/", "p/b/"}, truncated: true},
		{name: "rolled up, after part of a group", delimiter: "/", after: "p/a/1", most: 10, keys: []string{"p/c"}, prefixes: []string{"p/a/", "p/b/", "p/d/"}},
		{name: "rolled up, after a whole group", delimiter: "/", after: "p/a/2", most: 10, keys: []string{"p/c"}, prefixes: []string{"p/b/", "p/d/"}},
		{name: "no keys wanted", most: 0},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			in := &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String("p/"), MaxKeys: aws.Int32(tc.most)}
			if tc.after != "" {
				in.StartAfter = aws.String(tc.after)
			}
			if tc.delimiter != "" {
				in.Delimiter = aws.String(tc.delimiter)
			}
			out, err := w.client.ListObjectsV2(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			var keys, prefixes []string
			for _, o := range out.Contents {
				keys = append(keys, *o.Key)
			}
			for _, p := range out.CommonPrefixes {
				prefixes = append(prefixes, *p.Prefix)
			}
			if !slices.Equal(keys, tc.keys) || !slices.Equal(prefixes, tc.prefixes) || *out.IsTruncated != tc.truncated {
				t.Errorf("keys %v, prefixes %v, truncated %t", keys, prefixes, *out.IsTruncated)
			}
		})
	}
}

// TestListContinuesPastPrefixes follows the token of a page that ended with a
// common prefix: none of its keys may come again.
func TestListContinuesPastPrefixes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	for _, key := range []string{"a/1", "a/2", "a/3", "b/1", "b/2", "c"} {
		w.server.Put(bucket, key, []byte("x"))
	}
	var got []string
	pages := s3.NewListObjectsV2Paginator(w.client, &s3.ListObjectsV2Input{
		Bucket: aws.String(bucket), Delimiter: aws.String("/"), MaxKeys: aws.Int32(1),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.CommonPrefixes {
			got = append(got, *p.Prefix)
		}
		for _, o := range page.Contents {
			got = append(got, *o.Key)
		}
		if len(got) > 5 {
			t.Fatalf("the pages repeat: %v", got)
		}
	}
	if want := []string{"a/", "b/", "c"}; !slices.Equal(got, want) {
		t.Errorf("listed %v", got)
	}
}

func TestRefusesStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	expired := w.keys.NewSessionKey(sigv4.Identity{}, time.Now().Add(-time.Second))
	tests := []struct {
		name  string
		creds aws.CredentialsProvider
		want  string
	}{
		{"unknown key", credentials.NewStaticCredentialsProvider("AKIAUNKNOWN", "secret", ""), "InvalidAccessKeyId"},
		{"expired session", credentials.NewStaticCredentialsProvider(expired.ID, expired.Secret, expired.Token), "ExpiredToken"},
		{"wrong secret", credentials.NewStaticCredentialsProvider(w.keys.NewUserKey("1", "bob").ID, "secret", ""), "SignatureDoesNotMatch"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.client.PutObject(context.Background(), &s3.PutObjectInput{
				Bucket: aws.String(bucket), Key: aws.String("k"), Body: bytes.NewReader([]byte("x")),
			}, func(o *s3.Options) { o.Credentials = tc.creds })
			if code(err) != tc.want {
				t.Errorf("got %v", err)
			}
			if _, ok := w.server.Get(bucket, "k"); ok {
				t.Error("the object was stored")
			}
		})
	}
}

// TestChangedBody sends a body that is not the one that was signed.
func TestChangedBody(t *testing.T) {
	t.Parallel()
	keys := sigv4.NewKeyring()
	key := keys.NewUserKey("1", "ada")
	server := fakes3.New(keys, time.Now)
	server.CreateBucket(bucket)
	tamper := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(data, []byte("allow"), []byte("other"))))
		server.ServeHTTP(rw, r)
	})
	web := httptest.NewServer(tamper)
	t.Cleanup(web.Close)
	client := s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(web.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key.ID, key.Secret, ""),
	})
	_, err := client.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("k"), Body: bytes.NewReader([]byte("allow")),
	})
	if code(err) != "XAmzContentSHA256Mismatch" {
		t.Errorf("got %v", err)
	}
}

func TestStoreWithoutAsking(t *testing.T) {
	t.Parallel()
	s := fakes3.New(sigv4.NewKeyring(), time.Now)
	for _, key := range []string{"b", "a", "c", "b"} {
		s.Put("x", key, []byte(key))
	}
	s.Delete("x", "a")
	s.Delete("x", "a")
	s.Delete("none", "a")
	if got := s.Keys("x"); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("keys are %v", got)
	}
	if _, ok := s.Get("none", "a"); ok || s.Keys("none") != nil {
		t.Error("a missing bucket holds something")
	}
}
