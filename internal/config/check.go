package config

import (
	"net"
	"net/url"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// check finds every mistake in the merged configuration.
func (c *Config) check(env Env) error {
	var problems []string
	add := func(err error) {
		if err != nil {
			problems = append(problems, err.Error())
		}
	}
	add(checkHTTP("jira.url", c.Jira.URL))
	if c.Jira.Gateway != "" {
		add(checkHTTP("jira.gateway", c.Jira.Gateway))
	}
	if c.Broker.URL != "" {
		add(fault.New(fault.Config, "broker.url: this version has no broker; take the key out to decide and mint here"))
	}
	add(c.checkWallet())
	if c.Policy == "" {
		add(fault.New(fault.Config, "policy: names no file; point it at a policy file or a directory of *.yaml"))
	}
	add(checkLog(c.Audit.Log))
	if w := c.Audit.Writer; w != "" && (!audit.IsWriter(w) || strings.Contains(w, ".")) {
		add(fault.New(fault.Config, "audit.writer: %q is no writer's name: up to 64 of A-Z a-z 0-9 = -", c.Audit.Writer))
	}
	if c.Sandbox {
		problems = append(problems, c.outside(env)...)
	}
	if len(problems) == 0 {
		return nil
	}
	return fault.New(fault.Config, "%s: %s", c.where(), strings.Join(problems, "\n"+c.where()+": "))
}

// checkLog requires an address that a log can have; what is wrong within it the
// log tells itself.
func checkLog(address string) error {
	if address == "" {
		return fault.New(fault.Config, "audit.log: names no log; no credential is given without a record")
	}
	if !strings.HasPrefix(address, "s3://") && !strings.HasPrefix(address, "file:///") {
		return fault.New(fault.Config, "audit.log: is neither s3://BUCKET/PREFIX nor file:///DIRECTORY")
	}
	return nil
}

// where names the files that the configuration came from.
func (c *Config) where() string {
	if c.System == "" || c.System == c.Path {
		return c.Path
	}
	return c.Path + " under " + c.System
}

func (c *Config) checkWallet() error {
	switch c.Wallet {
	case "":
		c.Wallet = WalletKeyring
	case WalletKeyring, WalletFile:
	default:
		return fault.New(fault.Config, "wallet: %q is neither keyring nor file", c.Wallet)
	}
	return nil
}

// checkHTTP requires an https URL with a host and no user, query or fragment.
// Plain http would send the token in the clear, so only loopback may use it.
func checkHTTP(key, value string) error {
	if value == "" {
		return fault.New(fault.Config, "%s: is missing", key)
	}
	u, err := url.Parse(value)
	switch {
	case err != nil:
		// The value is left out: a URL that does not parse may hold a password.
		return fault.New(fault.Config, "%s: is not a URL", key)
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fault.New(fault.Config, "%s: must be scheme://host[/path], without user, query or fragment", key)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && Loopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return fault.New(fault.Config, "%s: plain http to %s would show the token to the network; use https", key, u.Host)
	}
	return fault.New(fault.Config, "%s: scheme %q is neither https nor http", key, u.Scheme)
}

// Loopback reports whether host is this machine: localhost, or an address of
// 127.0.0.0/8 or ::1. Names below localhost do not count, because resolvers ask
// DNS for them. The clients of Jira and AWS judge by the same rule.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
