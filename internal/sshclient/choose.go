package sshclient

import (
	"slices"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
)

// For is the SSH grant for a login at a host that goes by one of names: of
// several the one that expires last. Others are the logins of the grants that
// are for the host and not for this login. A grant whose entitlement names no hosts
// is for none here: ssh asks at every connection, to any host of the user's.
func For(held []credential.Held, login string, names ...string) (found credential.Held, ok bool, others []string) {
	for _, h := range held {
		switch {
		case h.Grant.Kind != grant.SSH || len(h.Hosts) == 0 || !Matches(h.Hosts, names...):
		case !slices.Contains(h.Logins, login):
			others = append(others, h.Logins...)
		case !ok || h.Grant.ExpiresAt.After(found.Grant.ExpiresAt):
			found, ok = h, true
		}
	}
	slices.Sort(others)
	return found, ok, slices.Compact(others)
}

// Best is the SSH grant for a host that goes by one of names: of several the one
// that expires last. Where a login is named, one that has it comes before all that
// have not. An entitlement, where not "", is the only one that will do.
func Best(held []credential.Held, entitlement, login string, names ...string) (best credential.Held, ok bool) {
	fits := func(h credential.Held) bool { return login == "" || slices.Contains(h.Logins, login) }
	for _, h := range held {
		if h.Grant.Kind != grant.SSH || entitlement != "" && h.Grant.Entitlement != entitlement || !Matches(h.Hosts, names...) {
			continue
		}
		later := h.Grant.ExpiresAt.After(best.Grant.ExpiresAt)
		if !ok || fits(h) && !fits(best) || fits(h) == fits(best) && later {
			best, ok = h, true
		}
	}
	return best, ok
}
