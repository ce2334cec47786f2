package sshca

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/fault"
)

const someFingerprint = "SHA256:uNiVztksCsDhcc0u9e8BrWOkdT6FUrFLd+JUjNAcR4g"

func TestParseLocation(t *testing.T) {
	const arn = "arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef"
	for raw, want := range map[string]Location{
		"file:///etc/jit/ca":                        {Scheme: File, Path: "/etc/jit/ca"},
		"file://localhost/etc/jit/ca":               {Scheme: File, Path: "/etc/jit/ca"},
		"FILE:///etc/jit/../a%20b%23c":              {Scheme: File, Path: "/etc/a b#c"},
		"agent:" + someFingerprint:                  {Scheme: Agent, Fingerprint: someFingerprint},
		"awskms:///alias/jit-ssh-ca":                {Scheme: AWSKMS, KeyID: "alias/jit-ssh-ca"},
		"awskms:///alias/a/b?region=eu-west-1":      {Scheme: AWSKMS, KeyID: "alias/a/b", Region: "eu-west-1"},
		"awskms:///alias/x?region=us-gov-west-1":    {Scheme: AWSKMS, KeyID: "alias/x", Region: "us-gov-west-1"},
		"awskms:///1234abcd-12ab-34cd-56ef-0123456": {Scheme: AWSKMS, KeyID: "1234abcd-12ab-34cd-56ef-0123456"},
		"awskms:///" + arn:                          {Scheme: AWSKMS, KeyID: arn, Region: "eu-west-1"},
		"awskms:///" + arn + "?region=eu-west-1":    {Scheme: AWSKMS, KeyID: arn, Region: "eu-west-1"},
		"awskms:///arn:aws-cn:kms:cn-north-1:111122223333:alias/x": {
			Scheme: AWSKMS, KeyID: "arn:aws-cn:kms:cn-north-1:111122223333:alias/x", Region: "cn-north-1",
		},
	} {
		got, err := ParseLocation(raw)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", raw, got, err, want)
			continue
		}
		if again, err := ParseLocation(got.String()); err != nil || again != got {
			t.Errorf("%s came back from %s as %+v, %v", raw, got, again, err)
		}
	}
}

func TestParseLocationRefuses(t *testing.T) {
	for raw, word := range map[string]string{
		"":                                "names no key",
		"/etc/jit/ca":                     "scheme",
		"https://acme.com/ca":             "scheme",
		"file:ca":                         "absolute",
		"file://etc/jit/ca":               "file:///etc/jit/ca",
		"file:///etc/jit/":                "directory",
		"file:///":                        "directory",
		"file:///ca?x=1":                  "query",
		"file:///ca?":                     "query",
		"file:///ca#x":                    "fragment",
		"file:///ca#":                     "fragment",
		"file:///a%0ab":                   "control",
		"file:///a%00b":                   "control",
		"file:///%zz":                     "not a URL",
		"file://ada:hunter2@/ca":          "user",
		"agent:":                          "SHA256:",
		"agent:ca":                        "SHA256:",
		"agent:MD5:aa":                    "SHA256:",
		"agent:SHA256:short":              "43 characters",
		"agent:" + someFingerprint + "=":  "43 characters",
		"agent:" + someFingerprint + "\n": "43 characters",
		"awskms:///":                      "names no key",
		"awskms:alias/x":                  "names no key",
		"awskms://alias/x":                "awskms:///alias/x",
		"awskms:///alias/":                "neither",
		"awskms:///a b":                   "neither",
		"awskms:///x/y":                   "neither",
		"awskms:///arn:aws:kms:0:111122223333:key/a":                          "no region",
		"awskms:///arn:aws:s3:::bucket":                                       "neither",
		"awskms:///alias/x?profile=p":                                         "unknown parameter",
		"awskms:///alias/x?region=":                                           "one name",
		"awskms:///alias/x?region=a&region=b":                                 "one name",
		"awskms:///alias/x?region=evil.com/":                                  "one name",
		"awskms:///alias/x?region=eu-west-1%00":                               "one name",
		"awskms:///alias/x?region=%zz":                                        "does not parse",
		"awskms:///alias/x?region=eu-west-1;x":                                "does not parse",
		"awskms:///arn:aws:kms:eu-west-1:111122223333:key/a?region=eu-west-2": "not that of",
	} {
		got, err := ParseLocation(raw)
		if err == nil {
			t.Errorf("%q was taken as %+v", raw, got)
			continue
		}
		if fault.ClassOf(err) != fault.Config || !strings.Contains(err.Error(), word) || fault.HintOf(err) == "" {
			t.Errorf("%q: %v (hint %q), want %q", raw, err, fault.HintOf(err), word)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error shows the password: %v", raw, err)
		}
	}
}

func TestParseFileOnWindows(t *testing.T) {
	for raw, want := range map[string]string{
		"file:///C:/jit/ca":           "C:/jit/ca",
		"file:///c:/Program%20Files/": "",
		"file:///etc/ca":              "",
		"file:///C:ca":                "",
		"file://server/share/ca":      "",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseFile(u, "windows")
		if (err == nil) != (want != "") || strings.ReplaceAll(got.Path, `\`, "/") != want {
			t.Errorf("%s: %q, %v; want %q", raw, got.Path, err, want)
		}
	}
}

func FuzzParseLocation(f *testing.F) {
	for _, seed := range []string{
		"file:///etc/jit/ca", "agent:" + someFingerprint, "awskms:///alias/x?region=eu-west-1",
		"awskms:///arn:aws:kms:eu-west-1:111122223333:key/a", "file://%zz", "awskms://?", "agent:SHA256:", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		l, err := ParseLocation(raw)
		if err != nil {
			wantFault(t, err, fault.Config)
			return
		}
		again, err := ParseLocation(l.String())
		if err != nil || again != l {
			t.Errorf("%q is %+v, and its text %q is %+v, %v", raw, l, l, again, err)
		}
	})
}
