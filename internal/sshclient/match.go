package sshclient

import (
	"path"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// Matches reports whether one of an entitlement's patterns is for a host that
// goes by one of names. An entitlement without patterns is for every host.
func Matches(patterns []string, names ...string) bool {
	if len(patterns) == 0 {
		return true
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(name))
			return err == nil && ok
		})
	})
}

// Login is who to log in as: the user that was named, where the grant is for
// that login; else the resolved one of ssh's configuration; else the grant's
// only login. The error is of class Usage.
func Login(key credential.SSH, named, resolved string) (string, error) {
	switch {
	case named != "" && slices.Contains(key.Logins, named), named == "" && slices.Contains(key.Logins, resolved):
		return named, nil
	case named != "":
		return "", fault.New(fault.Usage, "the grant is for %s, not for %s", strings.Join(key.Logins, ", "), named).
			WithHint("leave the user out, or ask for an entitlement that has that login")
	case len(key.Logins) == 1:
		return key.Logins[0], nil
	}
	return "", fault.New(fault.Usage, "which user? the grant is for %s", strings.Join(key.Logins, ", ")).
		WithHint("name one, as in %s@HOST", key.Logins[0])
}
