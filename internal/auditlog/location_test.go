package auditlog

import (
	"runtime"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]location{
		"s3://acme-jit-audit":                        {bucket: "acme-jit-audit"},
		"s3://acme-jit-audit/":                       {bucket: "acme-jit-audit"},
		"s3://acme-jit-audit/jit?region=eu-west-1":   {bucket: "acme-jit-audit", prefix: "jit/", region: "eu-west-1"},
		"s3://acme-jit-audit/a/b/?region=us-gov-e-1": {bucket: "acme-jit-audit", prefix: "a/b/", region: "us-gov-e-1"},
		"s3://b-1.x/a%20b":                           {bucket: "b-1.x", prefix: "a b/"},
	} {
		if got, err := parseURL(raw); err != nil || got != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	for _, raw := range []string{
		"", "jit", "/var/log/jit", "http://acme/jit", "S3", "s3:bucket", "s3://", "s3:///jit", "s3://Bucket/x", "s3://b", "s3://a_b/x",
		"s3://bucket:9000/x", "s3://user:hunter2@bucket/x", "s3://bucket/x#y", "s3://bucket/x?regoin=eu", "s3://bucket/x?region=",
		"s3://bucket/x?region=a&region=b", "s3://bucket/x?region=a/b", "s3://bucket/a//b", "s3://bucket/../b", "s3://bucket/a%00b",
		"s3://bucket/%zz", "s3://user:hunter2@%zz", "file://", "file:", "file:var/log", "file://host/var", "file://./x", "file:///var?x=y", "file:///var#x",
	} {
		got, err := parseURL(raw)
		if err == nil {
			t.Errorf("%s: %+v", raw, got)
			continue
		}
		if fault.ClassOf(err) != fault.Config || fault.HintOf(err) == "" || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: class %d, hint %q: %v", raw, fault.ClassOf(err), fault.HintOf(err), err)
		}
	}
}

func TestParseFileURL(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		if got, err := parseURL("file:///C:/log/jit"); err != nil || got.dir != `C:\log\jit` {
			t.Errorf("%+v, %v", got, err)
		}
		return
	}
	for raw, want := range map[string]string{
		"file:///var/log/jit": "/var/log/jit", "file://localhost/var/log/jit/": "/var/log/jit",
		"file:///a%20b/../c": "/c",
	} {
		if got, err := parseURL(raw); err != nil || got.dir != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("s3://acme-jit-audit/jit?region=eu-west-1")
	f.Add("file:///var/log/jit")
	f.Fuzz(func(t *testing.T, raw string) {
		loc, err := parseURL(raw)
		if err != nil {
			if fault.ClassOf(err) != fault.Config {
				t.Fatalf("class %d: %v", fault.ClassOf(err), err)
			}
			return
		}
		if (loc.dir == "") == (loc.bucket == "") || strings.Contains(loc.prefix, "//") || strings.HasPrefix(loc.prefix, "/") {
			t.Fatalf("%q is %+v", raw, loc)
		}
	})
}

func TestOpenDoesNothing(t *testing.T) {
	t.Parallel()
	if _, err := Open("ftp://x", Options{}); fault.ClassOf(err) != fault.Config {
		t.Errorf("%v", err)
	}
	if _, err := Open("s3://bucket", Options{}); fault.ClassOf(err) != fault.Internal {
		t.Errorf("without a client: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if _, err := Open("file:///proc/nowhere/to/write", Options{StateDir: "/proc/nowhere"}); err != nil {
		t.Error(err)
	}
}
