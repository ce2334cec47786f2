package cmd

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/sshclient"
)

// completeHosts are hosts that a grant in force is for, or failing that an
// entitlement of the policy: those that a pattern names in full, and those of the
// user's own configuration of ssh that a pattern fits. An entitlement for every
// host brings all of the latter.
func (a *app) completeHosts() completion {
	return a.quietly(func(ctx context.Context, quiet *app) []cobra.Completion {
		return hostsOf(quiet.hostPatterns(ctx), quiet.knownHosts())
	})
}

func hostsOf(patterns []hostPattern, known []string) []cobra.Completion {
	var out []cobra.Completion
	told := map[string]bool{}
	for _, p := range patterns {
		for _, host := range p.among(known) {
			if !told[host] {
				out = append(out, cobra.CompletionWithDesc(host, p.why))
			}
			told[host] = true
		}
	}
	return out
}

// hostPattern are the patterns of a grant or an entitlement.
type hostPattern struct {
	hosts []string
	why   string
}

// among are the hosts that the patterns name in full, and those of known that
// one of them fits.
func (p hostPattern) among(known []string) []string {
	fit := slices.DeleteFunc(slices.Clone(known), func(host string) bool { return !sshclient.Matches(p.hosts, host) })
	return append(literal(p.hosts), fit...)
}

func (a *app) hostPatterns(ctx context.Context) []hostPattern {
	var found []hostPattern
	for _, h := range a.inForce(ctx) {
		if h.Grant.Kind == grant.SSH {
			found = append(found, hostPattern{h.Hosts, h.Grant.Entitlement + " for " + string(h.Grant.Ticket)})
		}
	}
	if len(found) > 0 {
		return found
	}
	w, err := a.wire()
	if err != nil {
		return nil
	}
	for _, e := range w.policy.Entitlements() {
		if e.SSH != nil {
			found = append(found, hostPattern{e.SSH.Hosts, e.Name + ", to be requested"})
		}
	}
	return found
}

// literal are the patterns that are hosts.
func literal(patterns []string) []string {
	return slices.DeleteFunc(slices.Clone(patterns), func(p string) bool { return strings.ContainsAny(p, `*?[\!`) })
}

// knownHosts are those that the user's configuration of ssh names.
func (a *app) knownHosts() []string {
	path, err := a.env.SSHConfig()
	if err != nil {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var hosts []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.Replace(line, "=", " ", 1))
		if len(words) > 1 && strings.EqualFold(words[0], "host") {
			hosts = append(hosts, literal(words[1:])...)
		}
	}
	return hosts
}
