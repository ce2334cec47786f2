package sshca

import (
	"encoding/base64"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"unicode"

	"github.com/jitaccess/jit/internal/fault"
)

// Scheme is the sort of place where a CA's key is.
type Scheme string

// The schemes, spelt as in the config's ssh.ca.
const (
	File   Scheme = "file"
	Agent  Scheme = "agent"
	AWSKMS Scheme = "awskms"
)

// Location says where a CA's key is. The field of its scheme is set.
type Location struct {
	Scheme      Scheme
	Path        string // File: absolute, in the form of the OS
	Fingerprint string // Agent: SHA256:… as ssh-add -l prints it
	KeyID       string // AWSKMS: key id, alias/NAME, or the ARN of either
	Region      string // AWSKMS: "" takes that of the AWS configuration
}

// Patterns are compiled when first used: every command would pay for them at
// its start.
//
// The names that KMS gives to keys, after
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#KMS-Sign-request-KeyId
var (
	kmsKey = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:alias/[A-Za-z0-9/_-]{1,250}|[A-Za-z0-9-]{1,128})$`)
	})
	kmsARN = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:(?:alias/[A-Za-z0-9/_-]{1,250}|key/[A-Za-z0-9-]{1,128})$`)
	})
	// A region becomes a part of a host name, so nothing else may pass.
	region = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[a-z]{2,}(?:-[a-z0-9]+)+$`)
	})
	drive = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^/[A-Za-z]:(?:/|$)`)
	})
)

const locationHint = "ssh.ca is file:///PATH, agent:SHA256:FINGERPRINT or awskms:///alias/NAME"

// ParseLocation reads the config's ssh.ca: file:///PATH, agent:SHA256:…, or
// awskms:///KEY with ?region= where it is not that of the AWS configuration.
// It fails with class Config.
func ParseLocation(raw string) (Location, error) {
	if fingerprint, ok := strings.CutPrefix(raw, "agent:"); ok {
		return parseAgent(fingerprint)
	}
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return Location{}, refuse("names no key")
	case err != nil:
		// The value stays out of the message: it may hold a password.
		return Location{}, refuse("is not a URL")
	case u.User != nil:
		return Location{}, refuse("must not have a user or a password")
	case u.Fragment != "" || strings.HasSuffix(raw, "#"):
		return Location{}, refuse("must not have a fragment (#); write %%23 for one in a path")
	}
	switch Scheme(u.Scheme) {
	case File:
		return parseFile(u, runtime.GOOS)
	case AWSKMS:
		return parseKMS(u)
	}
	return Location{}, refuse("scheme %q is none of file, agent and awskms", u.Scheme)
}

func refuse(format string, args ...any) error {
	return fault.New(fault.Config, "ssh.ca: "+format, args...).WithHint(locationHint)
}

func parseAgent(fingerprint string) (Location, error) {
	sum, ok := strings.CutPrefix(fingerprint, "SHA256:")
	if !ok {
		return Location{}, refuse("a key in ssh-agent is named by its SHA256: fingerprint, as ssh-add -l prints it")
	}
	b, err := base64.RawStdEncoding.Strict().DecodeString(sum)
	if err != nil || len(b) != 32 || strings.ContainsAny(sum, "\r\n") {
		return Location{}, refuse("the fingerprint is not SHA256: and 43 characters of base64, as ssh-add -l prints it")
	}
	return Location{Scheme: Agent, Fingerprint: fingerprint}, nil
}

func parseFile(u *url.URL, goos string) (Location, error) {
	switch {
	case u.Host != "" && u.Host != "localhost":
		return Location{}, refuse("a file has no host: write %q", "file:///"+strings.TrimPrefix(path.Join(u.Host, u.Path), "/"))
	case u.RawQuery != "" || u.ForceQuery:
		return Location{}, refuse("a file has no query (?)")
	case u.Opaque != "" || !strings.HasPrefix(u.Path, "/"):
		return Location{}, refuse("the path of a file is absolute: file:///etc/jit/ca")
	case strings.HasSuffix(u.Path, "/"):
		return Location{}, refuse("names a directory, not a file")
	case strings.ContainsFunc(u.Path, unicode.IsControl):
		return Location{}, refuse("the path holds a control character")
	}
	name := u.Path
	if goos == "windows" {
		if !drive().MatchString(name) {
			return Location{}, refuse("the path needs a drive: file:///C:/jit/ca")
		}
		name = name[1:]
	}
	return Location{Scheme: File, Path: filepath.FromSlash(path.Clean(name))}, nil
}

func parseKMS(u *url.URL) (Location, error) {
	key, ok := strings.CutPrefix(u.Path, "/")
	switch {
	case u.Host != "":
		return Location{}, refuse("the key follows three slashes: %q", "awskms:///"+u.Host+u.Path)
	case !ok || key == "" || u.Opaque != "":
		return Location{}, refuse("names no key: awskms:///alias/NAME")
	}
	l := Location{Scheme: AWSKMS, KeyID: key}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Location{}, refuse("the query after ? does not parse")
	}
	for name, values := range query {
		if name != "region" {
			return Location{}, refuse("unknown parameter %q; there is region", name)
		}
		if len(values) != 1 || !region().MatchString(values[0]) {
			return Location{}, refuse("region is one name, such as eu-west-1")
		}
		l.Region = values[0]
	}
	if arn := kmsARN().FindStringSubmatch(key); arn != nil {
		if !region().MatchString(arn[1]) {
			return Location{}, refuse("the ARN names no region")
		}
		if l.Region != "" && l.Region != arn[1] {
			return Location{}, refuse("region %s is not that of the key's ARN, %s", l.Region, arn[1])
		}
		l.Region = arn[1]
		return l, nil
	}
	if !kmsKey().MatchString(key) {
		return Location{}, refuse("%q is neither a key id, alias/NAME nor an ARN of KMS", key)
	}
	return l, nil
}

// String is the location as ssh.ca would name it.
func (l Location) String() string {
	switch l.Scheme {
	case File:
		slashed := filepath.ToSlash(l.Path)
		if !strings.HasPrefix(slashed, "/") {
			slashed = "/" + slashed
		}
		return (&url.URL{Scheme: "file", Path: slashed}).String()
	case Agent:
		return "agent:" + l.Fingerprint
	case AWSKMS:
		s := "awskms:///" + l.KeyID
		if l.Region != "" {
			s += "?region=" + l.Region
		}
		return s
	}
	return ""
}
