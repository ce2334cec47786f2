package sshclient

import (
	"slices"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
)

// For is the SSH grant for a login at a host that goes by one of names: of
// several the one that expires last. Others are the logins of the grants that
// are for the host and not for this login.
func For(held []credential.Held, login string, names ...string) (found credential.Held, ok bool, others []string) {
	for _, h := range held {
		switch {
		case h.Grant.Kind != grant.SSH || !Matches(h.Hosts, names...):
		case !slices.Contains(h.Logins, login):
			others = append(others, h.Logins...)
		case !ok || h.Grant.ExpiresAt.After(found.Grant.ExpiresAt):
			found, ok = h, true
		}
	}
	slices.Sort(others)
	return found, ok, slices.Compact(others)
}
