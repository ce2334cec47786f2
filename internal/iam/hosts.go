package iam

import (
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/policy"
)

// SSH is what hosts must have so that they let certificates of jit's in.
type SSH struct {
	// TrustedUserCAKeys is the file of this name in sshd_config.
	TrustedUserCAKeys string `json:"trusted_user_ca_keys"`
	// Config are the lines for sshd_config.
	Config string `json:"sshd_config"`
	Hosts  []Host `json:"hosts"`
}

// Host is what the hosts of some patterns accept.
type Host struct {
	Patterns []string `json:"patterns"` // "*" is every host
	// Principals are the files by login, for AuthorizedPrincipalsFile: one line for
	// each way in. It is nil where no entitlement for these hosts is scoped.
	Principals map[string]string `json:"authorized_principals,omitempty"`
}

const (
	caFile        = "/etc/ssh/jit_ca.pub"
	principalsDir = "/etc/ssh/jit_principals"
)

// Hosts are the files for the SSH entitlements of a policy; false where it has
// none. CA is the line of the CA's public key.
func Hosts(ents []policy.Entitlement, ca string) (SSH, bool) {
	byPatterns := map[string][]policy.Entitlement{}
	scoped := false
	for _, e := range ents {
		if e.SSH == nil {
			continue
		}
		patterns := slices.Clone(e.SSH.Hosts)
		if len(patterns) == 0 {
			patterns = []string{policy.Any}
		}
		slices.Sort(patterns)
		key := strings.Join(patterns, " ")
		byPatterns[key] = append(byPatterns[key], e)
		scoped = scoped || e.SSH.Principals == policy.PrincipalsScoped
	}
	if len(byPatterns) == 0 {
		return SSH{}, false
	}
	out := SSH{TrustedUserCAKeys: ca + "\n", Config: "TrustedUserCAKeys " + caFile + "\n"}
	if scoped {
		out.Config += "AuthorizedPrincipalsFile " + principalsDir + "/%u\n"
	}
	for key, of := range byPatterns {
		h := Host{Patterns: strings.Fields(key)}
		if scoped {
			h.Principals = principalFiles(of)
		}
		out.Hosts = append(out.Hosts, h)
	}
	slices.SortFunc(out.Hosts, func(a, b Host) int { return slices.Compare(a.Patterns, b.Patterns) })
	return out, true
}

// principalFiles are the lines by login. A host that has such a file takes nothing
// else, so a login that is not scoped stands there by its own name.
func principalFiles(ents []policy.Entitlement) map[string]string {
	lines := map[string][]string{}
	for _, e := range ents {
		for _, login := range e.SSH.Logins {
			line := login
			if e.SSH.Principals == policy.PrincipalsScoped {
				line = e.Name + ":" + login
			}
			lines[login] = append(lines[login], line)
		}
	}
	files := make(map[string]string, len(lines))
	for login, of := range lines {
		slices.Sort(of)
		files[login] = strings.Join(slices.Compact(of), "\n") + "\n"
	}
	return files
}
