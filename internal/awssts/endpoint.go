package awssts

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/jitaccess/jit/internal/fault"
)

// endpointServices are the ids, as the SDK spells them, of the services that
// jit or its base credentials talk to.
const endpointServices = "STS,S3,KMS,IAM,SSO,SSO OIDC,Signin"

// serviceEndpoints is what the SDK's configuration sources implement.
type serviceEndpoints interface {
	GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
}

// CheckEndpoints refuses, with class Config, every endpoint that the
// environment (AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS, …) or the profile
// (endpoint_url) sets and that CheckEndpoint refuses. It does no I/O.
func CheckEndpoints(ctx context.Context, cfg aws.Config) error {
	if cfg.BaseEndpoint != nil {
		if err := CheckEndpoint("AWS", *cfg.BaseEndpoint); err != nil {
			return err
		}
	}
	for _, source := range cfg.ConfigSources {
		configured, ok := source.(serviceEndpoints)
		if !ok {
			continue
		}
		for _, service := range strings.Split(endpointServices, ",") {
			endpoint, found, err := configured.GetServiceBaseEndpoint(ctx, service)
			if err != nil {
				return fault.Wrap(fault.Config, err, "the endpoint of %s cannot be read", service)
			}
			if !found {
				continue
			}
			if err := CheckEndpoint(service, endpoint); err != nil {
				return err
			}
		}
	}
	return nil
}

// CheckEndpoint refuses, with class Config, an endpoint that is not https, or
// http on a loopback host: over plain http anybody on the way reads the keys.
func CheckEndpoint(service, endpoint string) error {
	hint := "set AWS_ENDPOINT_URL… or endpoint_url to an https address, or take it out"
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fault.New(fault.Config, "the configured endpoint of %s is not an https address", service).WithHint("%s", hint)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return fault.New(fault.Config, "the configured endpoint of %s is plain http on %s", service, oneLine(u.Host)).WithHint("%s", hint)
	}
	return nil
}

// loopback reports whether host is this machine: localhost, or an address of
// 127.0.0.0/8 or ::1. Names below localhost do not count: RFC 6761 would have
// them resolve to this machine, but resolvers, Go's among them, ask DNS.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
