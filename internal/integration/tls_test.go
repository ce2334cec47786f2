package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Everything over TLS, as it is for real: Jira, STS and the bucket with Object
// Lock. Of the environment that says whom to trust, jit meets only what the
// test gives it.
func TestRequestOverTLS(t *testing.T) {
	w, c := cloudWorld(t, func(w *world) { w.tls, w.trustFile = w.certificate() })
	first := w.request("data")
	for _, name := range []string{onJira, onSTS, onS3} {
		if !strings.HasPrefix(w.urls[name], "https://") {
			t.Fatalf("%s is at %s", name, w.urls[name])
		}
	}
	c.locked(t, first)
	if second := w.request("data"); second.Record.Seq != 2 {
		t.Errorf("the second grant: %+v", second)
	}
	w.jit("audit", "verify").want(t, 0)

	// The session works for another program, which is told whom to trust in its
	// own way.
	w.env["AWS_CA_BUNDLE"] = w.trustFile
	w.jit("exec", "-e", "data", "--", awscli(t), "--endpoint-url", w.urls[onS3],
		"s3api", "get-object", "--bucket", c.bucket, "--key", "in/1", w.path("object")).want(t, 0)
	if got := w.read("object"); got != "content of in/1" {
		t.Errorf("the object is %q", got)
	}
	// With the variable set jit has to trust what it names.
	w.request("data")
}

// locked shows that a grant's record is kept from whoever asks to delete it.
func (c *cloud) locked(t testing.TB, g grant) {
	t.Helper()
	root, key := c.client(c.Root), aws.String(fmt.Sprintf("jit/%s/%010d.json", g.Record.Writer, g.Record.Seq))
	versions, err := root.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &c.bucket, Prefix: key})
	if err != nil || len(versions.Versions) != 1 {
		t.Fatalf("versions of %s: %+v, %v", *key, versions, err)
	}
	version := versions.Versions[0].VersionId
	// versitygw holds what is written to the bucket's default, and does not tell
	// it of an object as S3 does: only a deletion shows it.
	_, err = root.DeleteObject(t.Context(), &s3.DeleteObjectInput{
		Bucket: &c.bucket, Key: key, VersionId: version, BypassGovernanceRetention: aws.Bool(true),
	})
	if code(err) != "AccessDenied" {
		t.Errorf("deleting the record: %v", err)
	}
}

// Where the authority of a certificate is not known, nothing is minted, and the
// exit code says who was not believed.
func TestUnknownAuthority(t *testing.T) {
	w, c := cloudWorld(t, func(w *world) { w.tls, w.trustFile = w.certificate() })
	_, foreign := newWorld(t).certificate()
	for _, tc := range []struct {
		name, roots, bundle string
		code                int
		says                string
	}{
		{"of Jira", foreign, "", 4, "no safe connection to Jira"},
		{"of AWS", w.trustFile, foreign, 7, "AWS_CA_BUNDLE"},
		{"of AWS, in a bundle that is not there", w.trustFile, w.path("none.pem"), 8, "none.pem"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.env["SSL_CERT_FILE"] = tc.roots
			delete(w.env, "AWS_CA_BUNDLE")
			if tc.bundle != "" {
				w.env["AWS_CA_BUNDLE"] = tc.bundle
			}
			r := w.jit("request", "OPS-7", "-e", "data").want(t, tc.code)
			if r.stdout != "" || !strings.Contains(r.stderr, tc.says) {
				t.Errorf("standard output %q, standard error %q", r.stdout, r.stderr)
			}
		})
	}
	if r := w.jit("status", "--json"); strings.TrimSpace(r.stdout) != "[]" {
		t.Errorf("the wallet has %s", r.stdout)
	}
	for _, session := range c.Trust.Sessions() {
		if session.RoleARN == w.role {
			t.Errorf("minted: %+v", session.Name)
		}
	}
}
