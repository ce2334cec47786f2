package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/jitaccess/jit/internal/integration/s3server"
	"github.com/jitaccess/jit/internal/sandbox/fakests"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// cloud is the S3 server with its STS on loopback, and a bucket of its own for
// a test.
type cloud struct {
	*s3server.Server
	s3URL, stsURL string
	http          *http.Client // trusts the server where it speaks TLS, whatever the environment says
	bucket        string
}

func newCloud(t testing.TB) *cloud {
	t.Helper()
	c := &cloud{Server: startGateway(t), bucket: bucketName(t)}
	objects, tokens := httptest.NewServer(c.S3), httptest.NewServer(c.STS)
	t.Cleanup(objects.Close)
	t.Cleanup(tokens.Close)
	c.s3URL, c.stsURL, c.http = objects.URL, tokens.URL, objects.Client()
	c.makeBucket(t)
	return c
}

// overTLS puts a front with TLS before S3, as that of a real one is.
func (c *cloud) overTLS(t testing.TB) *cloud {
	t.Helper()
	front := httptest.NewTLSServer(c.S3)
	t.Cleanup(front.Close)
	c.s3URL, c.http = front.URL, front.Client()
	return c
}

// bucketName makes a bucket's name out of a test's.
func bucketName(t testing.TB) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, t.Name())
	return strings.Trim(fmt.Sprintf("%.40s", name), "-") + fmt.Sprintf("-%d", time.Now().UnixNano()%1e6)
}

// makeBucket makes the bucket with versions and Object Lock, under which a
// record stays for a day whoever asks to delete it.
func (c *cloud) makeBucket(t testing.TB) {
	t.Helper()
	ctx, root := t.Context(), c.client(c.Root)
	if _, err := root.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket: &c.bucket, ObjectLockEnabledForBucket: aws.Bool(true),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: s3server.Region},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := root.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{
		Bucket: &c.bucket,
		ObjectLockConfiguration: &types.ObjectLockConfiguration{
			ObjectLockEnabled: types.ObjectLockEnabledEnabled,
			Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{
				Mode: types.ObjectLockRetentionModeCompliance, Days: aws.Int32(1),
			}},
		},
	}); err != nil {
		t.Fatal(err)
	}
}

// client is an S3 client with a key.
func (c *cloud) client(key sigv4.Key) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &c.s3URL, UsePathStyle: true, Region: s3server.Region, HTTPClient: c.http,
		Credentials: credentials.NewStaticCredentialsProvider(key.ID, key.Secret, key.Token),
		DisableLogOutputChecksumValidationSkipped: true, RetryMaxAttempts: 1,
	})
}

// assume is what STS answers to an AssumeRole with a session policy.
func (c *cloud) assume(t testing.TB, key sigv4.Key, role, policy string) sigv4.Key {
	t.Helper()
	client := sts.New(sts.Options{
		BaseEndpoint: &c.stsURL, Region: s3server.Region,
		Credentials: credentials.NewStaticCredentialsProvider(key.ID, key.Secret, key.Token),
	})
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("OPS-7.test")}
	if policy != "" {
		in.Policy = &policy
	}
	out, err := client.AssumeRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return sigv4.Key{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Token: *out.Credentials.SessionToken}
}

func (c *cloud) put(ctx context.Context, key sigv4.Key, name, body string) error {
	_, err := c.client(key).PutObject(ctx, &s3.PutObjectInput{
		Bucket: &c.bucket, Key: &name, Body: bytes.NewReader([]byte(body)), IfNoneMatch: aws.String("*"),
	})
	return err
}

func (c *cloud) get(ctx context.Context, key sigv4.Key, name string) error {
	_, err := c.client(key).GetObject(ctx, &s3.GetObjectInput{Bucket: &c.bucket, Key: &name})
	return err
}

// code is an API error's, or "".
func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

// allow is a policy document that allows actions on everything of a bucket
// below prefix.
func allow(bucket, prefix string, actions ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":["arn:aws:s3:::%s/%s*","arn:aws:s3:::%s"]}]}`,
		strings.Join(actions, `","`), bucket, prefix, bucket)
}

func TestS3WritesOnceAndKeepsIt(t *testing.T) {
	c := newCloud(t)
	const name = "jit/ada/0000000001.json"
	var wg sync.WaitGroup
	results := make(chan string, 32)
	for i := range 32 {
		wg.Go(func() { results <- code(c.put(t.Context(), c.Root, name, fmt.Sprint("writer ", i))) })
	}
	wg.Wait()
	close(results)
	won := 0
	for result := range results {
		switch result {
		case "":
			won++
		case "PreconditionFailed", "ConditionalRequestConflict":
		default:
			t.Errorf("a writer that lost was told %s", result)
		}
	}
	if won != 1 {
		t.Fatalf("%d of 32 writers won", won)
	}
	versions, err := c.client(c.Root).ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &c.bucket})
	if err != nil || len(versions.Versions) != 1 {
		t.Fatalf("versions: %v, %v", versions, err)
	}
	_, err = c.client(c.Root).DeleteObject(t.Context(), &s3.DeleteObjectInput{
		Bucket: &c.bucket, Key: aws.String(name), VersionId: versions.Versions[0].VersionId,
		BypassGovernanceRetention: aws.Bool(true),
	})
	if code(err) != "AccessDenied" {
		t.Errorf("deleting a locked version: %v", err)
	}
}

func TestS3HoldsASessionToRoleAndPolicy(t *testing.T) {
	c := newCloud(t)
	ctx := t.Context()
	user, err := c.AddUser(ctx, c.bucket, "")
	if err != nil {
		t.Fatal(err)
	}
	role := s3server.RoleARN(c.bucket)
	if err := c.AddRole(ctx, fakests.Role{ARN: role}, allow(c.bucket, "", "s3:GetObject", "s3:PutObject")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"in/1", "out/1"} {
		if err := c.put(ctx, c.Root, name, "x"); err != nil {
			t.Fatal(err)
		}
	}
	whole := c.assume(t, user, role, "")
	narrow := c.assume(t, user, role, allow(c.bucket, "in/", "s3:GetObject", "s3:ListBucket"))
	for _, tc := range []struct {
		name string
		err  error
		ok   bool
	}{
		{"user reads", c.get(ctx, user, "in/1"), false},
		{"role reads", c.get(ctx, whole, "out/1"), true},
		{"role writes", c.put(ctx, whole, "in/2", "x"), true},
		{"narrowed reads inside", c.get(ctx, narrow, "in/1"), true},
		{"narrowed reads outside", c.get(ctx, narrow, "out/1"), false},
		{"narrowed writes", c.put(ctx, narrow, "in/3", "x"), false},
		{"nobody's key", c.get(ctx, sigv4.Key{ID: "ASIAAAAAAAAAAAAAAAAA", Secret: "x", Token: "y"}, "in/1"), false},
		{"another's token", c.get(ctx, sigv4.Key{ID: narrow.ID, Secret: narrow.Secret, Token: whole.Token}, "in/1"), false},
	} {
		if (tc.err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.name, tc.err)
		}
	}
}

func TestS3EndsASessionWhenItExpires(t *testing.T) {
	c := newCloud(t)
	ctx := t.Context()
	user, err := c.AddUser(ctx, c.bucket, "")
	if err != nil {
		t.Fatal(err)
	}
	role := s3server.RoleARN(c.bucket)
	if err := c.AddRole(ctx, fakests.Role{ARN: role}, allow(c.bucket, "", "s3:GetObject", "s3:PutObject")); err != nil {
		t.Fatal(err)
	}
	key := c.assume(t, user, role, "")
	if err := c.put(ctx, key, "x", "y"); err != nil {
		t.Fatal(err)
	}
	for _, session := range c.Trust.Sessions() {
		if session.Key.ID != key.ID {
			continue
		}
		if err := c.Expire(ctx, session, time.Now().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.get(ctx, key, "x"); err == nil {
		t.Error("an expired session reads")
	}
}
