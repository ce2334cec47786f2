package auditlog

import (
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"github.com/jitaccess/jit/internal/fault"
)

// location is where a log is.
type location struct {
	dir string // of a file:// log

	bucket string // of an s3:// log
	prefix string // "" or ends with a slash
	region string // "" takes the AWS configuration's
}

const urlHint = "write s3://BUCKET/PREFIX?region=REGION or file:///DIRECTORY"

// bucketPattern is S3's rule for general purpose buckets
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
var bucketPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
})

var regionPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
})

// parameterPattern is what names of parameters look like, and few secrets do.
var parameterPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z]+([._-][A-Za-z]+)*$`)
})

// parseURL reads the address of a log.
func parseURL(raw string) (location, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// The parser's message repeats the address, which may hold a password.
		return location{}, fault.New(fault.Config, "the audit log's address is no URL").WithHint("%s", urlHint)
	}
	if u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return location{}, refuse("the audit log's address has a user name, a # or no //")
	}
	switch u.Scheme {
	case "file":
		return parseFile(u)
	case "s3":
		return parseS3(u)
	}
	return location{}, refuse("%q is no kind of audit log", u.Scheme)
}

func refuse(format string, args ...any) error {
	return fault.New(fault.Config, format, args...).WithHint("%s", urlHint)
}

// refuseParameter names a parameter and never its value: whoever writes
// secret_access_key= there wrote a secret behind it.
func refuseParameter(key string) error {
	switch {
	case key == "region":
		return refuse("what the audit log's address has for region= is no region, or it is there twice")
	case parameterPattern().MatchString(key):
		return refuse("%s= in the audit log's address is not understood", key)
	}
	return refuse("what follows the ? of the audit log's address is not understood")
}

func parseFile(u *url.URL) (location, error) {
	if u.Host != "" && u.Host != "localhost" {
		return location{}, refuse("the audit log's directory is on the host %q, and only local ones can be used", u.Host)
	}
	if u.RawQuery != "" {
		return location{}, refuse("the address of a file:// log takes nothing after a ?")
	}
	dir := filepath.FromSlash(u.Path)
	if runtime.GOOS == "windows" { // file:///C:/log
		dir = strings.TrimPrefix(dir, `\`)
	}
	if !filepath.IsAbs(dir) || strings.ContainsRune(dir, 0) {
		return location{}, refuse("the audit log's directory %q is not absolute", dir)
	}
	return location{dir: filepath.Clean(dir)}, nil
}

func parseS3(u *url.URL) (location, error) {
	if !bucketPattern().MatchString(u.Host) {
		return location{}, refuse("%q is no bucket", u.Host)
	}
	loc := location{bucket: u.Host}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return location{}, refuse("what follows the ? of the audit log's address cannot be read")
	}
	for key, values := range query {
		if key != "region" || len(values) != 1 || !regionPattern().MatchString(values[0]) {
			return location{}, refuseParameter(key)
		}
		loc.region = values[0]
	}
	prefix := strings.Trim(u.Path, "/")
	if prefix == "" {
		return loc, nil
	}
	for _, part := range strings.Split(prefix, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return location{}, refuse("the prefix in the audit log's address has an empty part, a . or .., or a control character")
		}
	}
	loc.prefix = prefix + "/"
	return loc, nil
}

// String is the address in one spelling, which the cache of heads is kept by.
func (l location) String() string {
	if l.dir != "" {
		return "file://" + filepath.ToSlash(l.dir)
	}
	return "s3://" + l.bucket + "/" + l.prefix
}

// Bucket is the bucket and the prefix, without slashes at its ends, of an s3://
// log; false for a log of another kind. The error is of class Config.
func Bucket(address string) (bucket, prefix string, ok bool, err error) {
	loc, err := parseURL(address)
	if err != nil || loc.bucket == "" {
		return "", "", false, err
	}
	return loc.bucket, strings.Trim(loc.prefix, "/"), true, nil
}
