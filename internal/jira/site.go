package jira

import (
	"net"
	"net/url"
	"strings"
	"unicode"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// cloudSuffix ends the host of every Cloud site without a domain of its own.
const cloudSuffix = ".atlassian.net"

// checkURL reads a base URL: https, or http to this machine, with nothing in it
// that could carry a secret or change where paths lead. The result has no
// trailing slash.
func checkURL(key, raw string) (*url.URL, error) {
	shown := shorten(ticket.Clean(raw))
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case raw == "":
		return nil, fault.New(fault.Config, "%s is not set", key).
			WithHint("set it to the address of your Jira, such as https://acme.atlassian.net")
	case err != nil:
		return nil, fault.New(fault.Config, "%s is not a URL", key)
	case u.User != nil:
		return nil, fault.New(fault.Config, "%s has a user name or password in it", key).
			WithHint("take it out of the URL and keep the token with: jit login")
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Opaque != "":
		return nil, fault.New(fault.Config, "%s %q is not an https URL", key, shown)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fault.New(fault.Config, "%s has a query or a fragment", key).
			WithHint("keep only the scheme, the host and the context path")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fault.New(fault.Config, "%s is plain http, which would show the token to the network", key).
			WithHint("use https://%s", u.Host)
	case strings.Contains(u.Path, "/.") || strings.Contains(u.Path, "//"):
		return nil, fault.New(fault.Config, "%s has a path that leads elsewhere", key)
	}
	u.Host = strings.ToLower(u.Host)
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// loopback reports whether host is this machine: localhost, or an address of
// 127.0.0.0/8 or ::1. Names below localhost do not count, because resolvers ask
// DNS for them.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// onAtlassian reports whether the site is one of Atlassian's own hosts.
func onAtlassian(site *url.URL) bool {
	return strings.HasSuffix(site.Hostname(), cloudSuffix)
}

// checkIdentity refuses what cannot log in, before a request is made.
func checkIdentity(o Options, site *url.URL) error {
	odd := func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }
	switch {
	case o.Now == nil:
		return fault.New(fault.Internal, "the Jira client was given no clock")
	case o.Email == "" && onAtlassian(site):
		return fault.New(fault.Config, "jira.email is not set, and %s is Jira Cloud", site.Host).
			WithHint("set jira.email to the e-mail address of the account that the token belongs to")
	case strings.ContainsFunc(o.Email, odd) || strings.Contains(o.Email, ":"):
		return fault.New(fault.Config, "jira.email is not an e-mail address")
	case o.Token.Empty():
		return fault.New(fault.Auth, "there is no token for %s", site.Host).WithHint("run: jit login")
	case strings.ContainsFunc(o.Token.Reveal(), odd):
		return fault.New(fault.Auth, "the token for %s has spaces or line breaks in it", site.Host).
			WithHint("copy the token again, without anything around it: jit login")
	}
	return nil
}
