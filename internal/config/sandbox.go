package config

import (
	"net/url"
	"path/filepath"
	"strings"
)

// outside lists what a sandbox's configuration points at outside the sandbox.
// A sandbox's file skips the administrator's, so nothing in it may reach
// anything real.
func (c *Config) outside(env Env) []string {
	dir := filepath.Dir(c.Path)
	var out []string
	refuse := func(bad bool, key, value string) {
		if bad {
			out = append(out, key+": "+value+" is outside the sandbox "+dir)
		}
	}
	refuse(!loopbackURL(c.Jira.URL), "jira.url", c.Jira.URL)
	refuse(c.Jira.Gateway != "" && !loopbackURL(c.Jira.Gateway), "jira.gateway", c.Jira.Gateway)
	refuse(c.Jira.TokenCommand != "", "jira.token_command", "a command")
	refuse(!within(dir, "file://"+filepath.ToSlash(c.Policy)), "policy", c.Policy)
	refuse(!within(dir, c.Audit.Log), "audit.log", c.Audit.Log)
	refuse(c.SSH.CA != "" && !within(dir, c.SSH.CA), "ssh.ca", c.SSH.CA)
	refuse(c.AWS.Profile != "", "aws.profile", c.AWS.Profile)
	for _, service := range []string{"STS", "S3", "KMS"} {
		endpoint := env.AWSEndpoints[service]
		refuse(!loopbackURL(endpoint) || env.ignoreEndpoints, "AWS_ENDPOINT_URL_"+service, "the endpoint")
	}
	return out
}

func loopbackURL(value string) bool {
	u, err := url.Parse(value)
	return err == nil && Loopback(u.Hostname())
}

// within reports whether a URL points below dir, or at a service of AWS, whose
// endpoints outside checks by themselves.
func within(dir, value string) bool {
	u, err := url.Parse(value)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "s3", "awskms":
		return true
	case "file":
		rel, err := filepath.Rel(dir, filepath.FromSlash(u.Path))
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	}
	return false
}
