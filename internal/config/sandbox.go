package config

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// outside lists what a sandbox's configuration points at outside the sandbox.
// A sandbox's file skips the administrator's, so nothing in it may reach
// anything real. Values are left out of the messages: an address may hold a
// password.
func (c *Config) outside(env Env) []string {
	dir, err := filepath.EvalSymlinks(filepath.Dir(c.Path))
	if err != nil {
		return []string{"the sandbox's directory cannot be resolved: " + err.Error()}
	}
	var out []string
	refuse := func(bad bool, key string) {
		if bad {
			out = append(out, key+": points outside the sandbox "+dir)
		}
	}
	refuse(!loopbackURL(c.Jira.URL), "jira.url")
	refuse(c.Jira.Gateway != "" && !loopbackURL(c.Jira.Gateway), "jira.gateway")
	refuse(c.Jira.TokenCommand != "", "jira.token_command")
	refuse(!within(dir, c.Policy), "policy")
	refuse(!urlWithin(dir, c.Audit.Log), "audit.log")
	refuse(c.SSH.CA != "" && !urlWithin(dir, c.SSH.CA), "ssh.ca")
	refuse(c.AWS.Profile != "", "aws.profile")
	refuse(c.Wallet != WalletFile, "wallet")
	state, err := env.State()
	refuse(err != nil || !within(dir, state), "JIT_STATE_DIR")
	for _, service := range []string{"STS", "S3", "KMS"} {
		refuse(!loopbackURL(env.AWSEndpoints[service]), "AWS_ENDPOINT_URL_"+service)
	}
	signin := env.AWSEndpoints["SIGNIN"]
	refuse(signin != "" && !loopbackURL(signin), "AWS_ENDPOINT_URL_SIGNIN")
	return out
}

func loopbackURL(value string) bool {
	u, err := url.Parse(value)
	return err == nil && Loopback(u.Hostname())
}

// urlWithin reports whether a URL points below dir, or at a service of AWS,
// whose endpoints in a sandbox are those of the environment and no others.
func urlWithin(dir, value string) bool {
	u, err := url.Parse(value)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "s3", "awskms":
		return true
	case "file":
		return (u.Host == "" || u.Host == "localhost") && within(dir, filepath.FromSlash(u.Path))
	}
	return false
}

// within reports whether a path, its symbolic links followed, is below dir,
// which has none. Of a path that is not there yet the part that is there counts.
func within(dir, path string) bool {
	if !filepath.IsAbs(path) {
		return false
	}
	existing, rest := filepath.Clean(path), ""
	for {
		resolved, err := filepath.EvalSymlinks(existing)
		if err == nil {
			path = filepath.Join(resolved, rest)
			break
		}
		if _, linkErr := os.Lstat(existing); linkErr == nil || existing == filepath.Dir(existing) {
			return false // a link that leads nowhere, or nothing at all
		}
		existing, rest = filepath.Dir(existing), filepath.Join(filepath.Base(existing), rest)
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
