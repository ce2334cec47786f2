package awssts

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/jitaccess/jit/internal/fault"
)

// MFAPrompt asks the user for the one-time code of the MFA device serial.
type MFAPrompt func(ctx context.Context, serial string) (string, error)

// BaseOptions say which AWS identity jit acts as.
type BaseOptions struct {
	// Profile is one of the shared config files; "" leaves the choice to the
	// SDK (AWS_PROFILE, access keys in the environment, then "default"). A
	// profile that is named here wins over keys in the environment.
	Profile string
	// Region wins over the profile's and the environment's.
	Region string
	// RegionOptional accepts that no region is set anywhere, for a caller that
	// sets the region of each client itself.
	RegionOptional bool
	// HTTPClient lends its transport and timeout, so that all AWS clients share
	// connections; nil takes the SDK's own. Redirects are never followed, and
	// without a timeout it gets one of a minute.
	HTTPClient *http.Client
	// Version goes into the user agent as jit/VERSION.
	Version string
	// MFAPrompt is asked where the profile itself names an mfa_serial; nil
	// where there is nobody to ask.
	MFAPrompt MFAPrompt
}

// LoadBase reads the AWS configuration: environment, shared config files, the
// profile with its SSO session, source profiles and credential process. It
// talks to nobody and fetches no credentials; the first call of a client does.
// The one exception is the SDK's: AWS_CONTAINER_CREDENTIALS_FULL_URI with http
// and a host name is looked up in DNS to prove that it is loopback.
//
// It costs the parsing of two small files (0.04 ms here, 2 ms where a CA bundle
// is set) and, in the binary, the SSO, SSO OIDC, signin and IMDS clients, which
// the SDK's chain links whether a profile uses them or not. Commands that need
// no AWS call should not reach it. Errors have class Config.
//
// The context is kept for the MFA prompt of a profile, which the SDK calls
// without one.
func LoadBase(ctx context.Context, o BaseOptions) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, o.loadOptions(ctx, o.plainClient())...)
	if err != nil && strings.Contains(err.Error(), "custom RootCAs HTTPClient") {
		// A CA bundle (AWS_CA_BUNDLE, ca_bundle) can only be put into the SDK's
		// own client, so such a user pays with a pool of connections apart.
		cfg, err = config.LoadDefaultConfig(ctx, o.loadOptions(ctx, o.buildableClient())...)
		if built, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
			cfg.HTTPClient = noRedirects(&http.Client{Transport: built.GetTransport(), Timeout: o.HTTPClient.Timeout})
		}
	}
	if err != nil {
		return aws.Config{}, loadFault(err, o.Profile)
	}
	if err := CheckEndpoints(ctx, cfg); err != nil {
		return aws.Config{}, err
	}
	if cfg.Region == "" && !o.RegionOptional {
		return aws.Config{}, fault.New(fault.Config, "no AWS region is set").
			WithHint("set aws.region in the config, AWS_REGION, or region in the AWS profile")
	}
	cfg.Credentials = &baseCredentials{inner: cfg.Credentials, profile: profileOf(cfg)}
	return cfg, nil
}

func (o BaseOptions) loadOptions(ctx context.Context, client config.HTTPClient) []func(*config.LoadOptions) error {
	opts := []func(*config.LoadOptions) error{
		// The mode "auto", which the environment could set, asks the EC2
		// metadata service while loading.
		config.WithDefaultsMode(aws.DefaultsModeStandard),
		// The default logger writes to standard error in a form of its own.
		config.WithLogger(logging.Nop{}),
		config.WithAPIOptions([]func(*middleware.Stack) error{awsmiddleware.AddUserAgentKeyValue("jit", o.Version)}),
		config.WithAssumeRoleCredentialOptions(func(a *stscreds.AssumeRoleOptions) {
			serial := aws.ToString(a.SerialNumber)
			a.TokenProvider = func() (string, error) { return o.profileCode(ctx, serial) }
		}),
	}
	if client != nil {
		opts = append(opts, config.WithHTTPClient(client))
	}
	if o.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		opts = append(opts, config.WithRegion(o.Region))
	}
	return opts
}

// profileCode asks for the code of a profile with an mfa_serial.
func (o BaseOptions) profileCode(ctx context.Context, serial string) (string, error) {
	if o.MFAPrompt == nil {
		return "", fault.New(fault.Usage, "the AWS profile needs a code of the MFA device %s, and there is no terminal to ask on", oneLine(serial)).
			WithHint("run it on a terminal, or use base credentials that need no MFA code")
	}
	return askCode(ctx, o.MFAPrompt, serial)
}

// plainClient is the lender's client as the SDK gets it; nil for the SDK's own.
func (o BaseOptions) plainClient() config.HTTPClient {
	if o.HTTPClient == nil {
		return nil
	}
	return noRedirects(o.HTTPClient)
}

// buildableClient copies what matters of the lender's transport into a client
// to which the SDK can add roots.
func (o BaseOptions) buildableClient() config.HTTPClient {
	built := awshttp.NewBuildableClient()
	lent, ok := o.HTTPClient.Transport.(*http.Transport)
	if !ok {
		return built
	}
	return built.WithTransportOptions(func(tr *http.Transport) {
		tr.Proxy, tr.DialContext = lent.Proxy, lent.DialContext
		if lent.TLSClientConfig == nil {
			return
		}
		tr.TLSClientConfig = lent.TLSClientConfig.Clone()
		if roots := lent.TLSClientConfig.RootCAs; roots != nil {
			tr.TLSClientConfig.RootCAs = roots.Clone() // the SDK adds to it in place
		}
	})
}

// noRedirects copies a client so that it shares connections but follows no
// redirect: Go would send the session token header on to another host. No
// exchange of jit's with AWS is long, so none goes without a limit.
func noRedirects(c *http.Client) *http.Client {
	strict := *c
	if strict.Timeout == 0 {
		strict.Timeout = time.Minute
	}
	strict.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &strict
}

// profileOf tells which profile the SDK settled on, or "" for none.
func profileOf(cfg aws.Config) string {
	for _, source := range cfg.ConfigSources {
		if shared, ok := source.(config.SharedConfig); ok {
			return shared.Profile
		}
	}
	return ""
}
