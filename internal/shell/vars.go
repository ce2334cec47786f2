package shell

import (
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
)

// Var is one environment variable. A value may be a secret.
type Var struct{ Name, Value string }

// String hides the value, which may be a secret.
func (v Var) String() string { return v.Name + "=[redacted]" }

// GoString hides the value too.
func (v Var) GoString() string { return v.String() }

// keyMark is the variable with the access key id that jit has set, by which it
// knows its own keys again.
const keyMark = "JIT_AWS_KEY_ID"

// Vars returns the variables of a grant: JIT_GRANT, JIT_TICKET, JIT_ENTITLEMENT
// and JIT_EXPIRES_AT (seconds since 1970), and for AWS the keys with their
// expiry (RFC 3339, UTC) under both names that SDKs read, JIT_AWS_KEY_ID, and the
// region under both names where one is known. An SSH grant has no variables of its own: its key is
// in the agent that SSH_AUTH_SOCK names, or in the wallet alone.
func Vars(held credential.Held, c credential.Credential) []Var {
	g := held.Grant
	vars := []Var{
		{"JIT_GRANT", string(g.ID)},
		{"JIT_TICKET", string(g.Ticket)},
		{"JIT_ENTITLEMENT", g.Entitlement},
		{"JIT_EXPIRES_AT", strconv.FormatInt(g.ExpiresAt.Unix(), 10)},
	}
	if c.AWS == nil {
		return vars
	}
	expires := rfc3339(c.AWS.ExpiresAt)
	vars = append(vars,
		Var{"AWS_ACCESS_KEY_ID", c.AWS.AccessKeyID},
		Var{"AWS_SECRET_ACCESS_KEY", c.AWS.SecretAccessKey.Reveal()},
		Var{"AWS_SESSION_TOKEN", c.AWS.SessionToken.Reveal()},
		Var{"AWS_SESSION_EXPIRATION", expires},
		Var{"AWS_CREDENTIAL_EXPIRATION", expires},
		Var{keyMark, c.AWS.AccessKeyID},
	)
	if c.AWS.Region != "" {
		vars = append(vars, Var{"AWS_REGION", c.AWS.Region}, Var{"AWS_DEFAULT_REGION", c.AWS.Region})
	}
	return vars
}

// Leftover returns the variables that some grant may have set in the environment
// base, which is in the form of os.Environ, other than the region, which the user
// may have set before. Keys that took the place of jit's are not among them.
func Leftover(base []string) []string {
	names := []string{"JIT_GRANT", "JIT_TICKET", "JIT_ENTITLEMENT", "JIT_EXPIRES_AT"}
	mark, marked := lookUp(base, keyMark)
	if key, _ := lookUp(base, "AWS_ACCESS_KEY_ID"); marked && mark != key {
		return append(names, keyMark)
	}
	return append(names, keyNames()...)
}

// keyNames are those that only a grant for AWS has.
func keyNames() []string {
	return []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SESSION_EXPIRATION", "AWS_CREDENTIAL_EXPIRATION", keyMark,
	}
}

// Overriding returns the variables that would win over those of a grant of this
// kind, or be mixed up with them, and so must not reach the child or stay in the
// shell. For AWS:
//
//   - AWS_PROFILE and AWS_DEFAULT_PROFILE: the SDK for JavaScript skips the keys
//     in the environment when a profile is named, and a profile that is not
//     there is an error in others;
//   - AWS_SECURITY_TOKEN: the old name of the session token, which botocore
//     reads first.
//
// For SSH they are the keys that an earlier grant has left in the environment
// base, which is in the form of os.Environ: they would be used under the name of
// this one. Keys that are not jit's stay.
func Overriding(kind grant.Kind, base []string) []string {
	if kind == grant.AWS {
		return winners()
	}
	mark, marked := lookUp(base, keyMark)
	key, _ := lookUp(base, "AWS_ACCESS_KEY_ID")
	switch {
	case !marked:
		return nil
	case mark != key:
		return []string{keyMark}
	}
	return keyNames()
}

// winners are the variables that would win over the keys of an AWS grant.
func winners() []string {
	return []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN"}
}

// lookUp returns what an environment has for a name.
func lookUp(base []string, name string) (string, bool) {
	for _, entry := range base {
		if found, value, ok := strings.Cut(entry, "="); ok && sameName(found, name) {
			return value, true
		}
	}
	return "", false
}

// Environ returns base, in the form of os.Environ, without what unset names and
// with vars in place of what they name. Names are compared as the system does:
// without regard to case on Windows.
func Environ(base []string, vars []Var, unset ...string) []string {
	drop := slices.Clone(unset)
	for _, v := range vars {
		drop = append(drop, v.Name)
	}
	env := make([]string, 0, len(base)+len(vars))
	for _, entry := range base {
		name, _, _ := strings.Cut(entry, "=")
		if !slices.ContainsFunc(drop, func(d string) bool { return sameName(d, name) }) {
			env = append(env, entry)
		}
	}
	for _, v := range vars {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}

func sameName(a, b string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(a, b)
	}
	return a == b
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }
