package integration

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/jitaccess/jit/internal/integration/s3server"
	"github.com/jitaccess/jit/internal/sandbox/fakests"
)

// awscli is Debian's, wherever another one comes first on the PATH.
func awscli(t testing.TB) string {
	t.Helper()
	const debian = "/usr/bin/aws"
	_, err := exec.LookPath(debian)
	need(t, "aws", err == nil, debian+" is not installed")
	return debian
}

// cloudWorld is a world whose S3 and STS are the real server's. Its role may
// do everything in the bucket; the session policy narrows it to reading in/.
// Arrange is called before anything is served.
func cloudWorld(t testing.TB, arrange ...func(*world)) (*world, *cloud) {
	t.Helper()
	c := newCloud(t)
	w := newWorld(t)
	w.bucket, w.role = c.bucket, s3server.RoleARN(c.bucket)
	w.handlers[onSTS], w.handlers[onS3] = c.STS, c.S3
	base, err := c.AddUser(t.Context(), c.bucket, allow(c.bucket, "jit/", "s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:ListBucketVersions", "s3:GetObjectVersion"))
	if err != nil {
		t.Fatal(err)
	}
	w.base = base
	if err := c.AddRole(t.Context(), fakests.Role{ARN: w.role, Trusted: []string{base.ARN}},
		allow(c.bucket, "", "s3:GetObject", "s3:PutObject", "s3:ListBucket")); err != nil {
		t.Fatal(err)
	}
	w.sessionPolicy = allow(c.bucket, "in/", "s3:GetObject", "s3:ListBucket")
	for _, name := range []string{"in/1", "out/1"} {
		if err := c.put(t.Context(), c.Root, name, "content of "+name); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range arrange {
		f(w)
	}
	return w.start(), c
}

func TestRequestOnARealS3(t *testing.T) {
	w, c := cloudWorld(t)
	aws := awscli(t)
	g := w.request("data", "--reason", "disk is filling up")
	if g.Kind != "aws" || g.Ticket != "OPS-7" || g.TicketID != "10007" || g.Record.Seq != 1 {
		t.Errorf("the grant: %+v", g)
	}
	if err := c.get(t.Context(), c.Root, fmt.Sprintf("jit/%s/%010d.json", g.Record.Writer, g.Record.Seq)); err != nil {
		t.Errorf("the record: %v", err)
	}
	s3api := func(operation, key string, more ...string) result {
		return w.jit(append([]string{
			"exec", "-e", "data", "--",
			aws, "--endpoint-url", w.urls[onS3], "s3api", operation, "--bucket", c.bucket, "--key", key,
		}, more...)...)
	}
	s3api("get-object", "in/1", w.path("object")).want(t, 0)
	if got := w.read("object"); got != "content of in/1" {
		t.Errorf("the object is %q", got)
	}
	for _, denied := range []result{
		s3api("get-object", "out/1", w.path("object")),
		s3api("put-object", "in/2"),
		s3api("get-object", fmt.Sprintf("jit/%s/%010d.json", g.Record.Writer, g.Record.Seq), w.path("object")),
	} {
		if denied.code == 0 || !strings.Contains(denied.stderr, "AccessDenied") {
			t.Errorf("exit code %d, and standard error %q", denied.code, denied.stderr)
		}
	}
	w.jit("audit", "verify").want(t, 0)
	second := w.request("data")
	if second.ID == g.ID || second.Record.Seq != 2 {
		t.Errorf("the second grant: %+v", second)
	}
	w.jit("audit", "verify").want(t, 0)
}

func TestCredentialProcessServesAwscli(t *testing.T) {
	w, c := cloudWorld(t)
	aws := awscli(t)
	g := w.request("data")
	w.profiles()
	// Debian's version does not know AWS_ENDPOINT_URL_… yet.
	cli := func(service string, args ...string) result {
		all := append([]string{"--profile", "jit-data", "--endpoint-url", w.urls[service]}, args...)
		return finish(t, w.program(t.Context(), aws, all...))
	}
	who := func() result { return cli(onSTS, "sts", "get-caller-identity", "--output", "text") }
	if out := who().want(t, 0).stdout; !strings.Contains(out, "/OPS-7."+g.ID) {
		t.Errorf("the identity does not name ticket and grant: %s", out)
	}
	cli(onS3, "s3api", "get-object", "--bucket", c.bucket, "--key", "in/1", w.path("object")).want(t, 0)

	// A storm: every parallel call of a build tool runs the process.
	storm(100, func() {
		r := finish(t, w.command(t.Context(), "credential-process", "-e", "data", "--config", w.path("config.yaml")))
		var answer struct{ SessionToken string }
		if err := json.Unmarshal([]byte(r.stdout), &answer); r.code != 0 || err != nil || answer.SessionToken == "" || !strings.Contains(r.stdout, `"Version":1`) {
			t.Errorf("exit code %d, %v, standard error %q", r.code, err, r.stderr)
		}
	})
	// Fewer of these: each aws takes most of a second of a processor to start.
	storm(20, func() {
		if r := who(); r.code != 0 || !strings.Contains(r.stdout, "/OPS-7."+g.ID) {
			t.Errorf("exit code %d, standard output %q, standard error %q", r.code, r.stdout, r.stderr)
		}
	})
}

// storm calls f n times at once.
func storm(n int, f func()) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(f)
	}
	wg.Wait()
}

func TestCredentialProcessWithoutAGrant(t *testing.T) {
	w, _ := cloudWorld(t)
	r := w.jit("credential-process", "-e", "data").want(t, 9)
	if r.stdout != "" {
		t.Errorf("standard output: %q", r.stdout)
	}
}
