package cmd

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/awssts"
	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/sshca"
	"github.com/jitaccess/jit/internal/terminal"
	"github.com/jitaccess/jit/pkg/audit"
)

// loadAWS finds the base identity: the SDK's own chain, or the profile that
// the configuration names.
func (n *network) loadAWS(ctx context.Context) (aws.Config, error) {
	if n.cfg.Sandbox {
		return n.sandboxAWS()
	}
	cfg, err := awssts.LoadBase(ctx, awssts.BaseOptions{
		Profile: n.cfg.AWS.Profile, Region: n.cfg.AWS.Region,
		HTTPClient: &http.Client{Transport: n.http}, Version: buildVersion(),
		MFAPrompt: n.app.mfaPrompt(),
	})
	if err != nil {
		return aws.Config{}, err
	}
	return cfg, awssts.CheckEndpoints(ctx, cfg)
}

// sandboxAWS is the configuration in a sandbox: the keys of the environment and
// nothing else. The SDK's own chain would read shared config files, and could
// run a command or ask a real SSO for credentials.
func (n *network) sandboxAWS() (aws.Config, error) {
	env := n.app.env
	if env.AWSKey == "" || env.AWSSecret.Empty() {
		return aws.Config{}, fault.New(fault.Config, "the sandbox has no AWS keys in its environment").
			WithHint("use jit sandbox, which sets them")
	}
	return aws.Config{
		Region:      cmp.Or(n.cfg.AWS.Region, env.AWSRegion),
		Credentials: credentials.NewStaticCredentialsProvider(env.AWSKey, env.AWSSecret.Reveal(), env.AWSToken.Reveal()),
		HTTPClient:  &http.Client{Transport: n.http, Timeout: time.Minute},
	}, nil
}

// awsFor is the configuration for one service: STS, S3 or KMS. In a sandbox the
// endpoint is the one of the environment, whatever else is configured.
func (n *network) awsFor(ctx context.Context, service string) (aws.Config, error) {
	cfg, err := n.aws(ctx)
	if err != nil || !n.cfg.Sandbox {
		return cfg, err
	}
	cfg = cfg.Copy()
	cfg.BaseEndpoint = aws.String(n.app.env.AWSEndpoints[service])
	return cfg, nil
}

// mfaPrompt asks for a one-time code on a terminal; elsewhere there is nobody
// to ask, and the issuer says which flag to use.
func (a *app) mfaPrompt() awssts.MFAPrompt {
	if !a.io.Interactive() {
		return nil
	}
	return func(ctx context.Context, serial string) (string, error) {
		defer a.forQuestion()()
		return terminal.NewAsker(a.io).Line(ctx, "Code of the MFA device "+serial, "")
	}
}

// sts is the issuer of AWS sessions, which also knows who calls.
func (n *network) sts(ctx context.Context) (*awssts.Issuer, error) {
	if n.issuedBy != nil {
		return n.issuedBy, nil
	}
	cfg, err := n.awsFor(ctx, "STS")
	if err != nil {
		return nil, err
	}
	client, err := awssts.NewClient(ctx, cfg)
	if err != nil {
		return nil, err
	}
	n.issuedBy = awssts.New(awssts.Options{
		Client: client, Now: n.app.now, MFAPrompt: n.app.mfaPrompt(), Region: cfg.Region, Profile: n.cfg.AWS.Profile,
	})
	return n.issuedBy, nil
}

// issuer builds the issuer of one kind.
func (n *network) issuer(ctx context.Context, kind grant.Kind) (access.Issuer, error) {
	if kind == grant.AWS {
		return n.sts(ctx)
	}
	return n.ca(ctx)
}

// issuerOrWhyNot builds the issuer of one kind. One that cannot be built says
// so when it is asked to mint, so that a request for the other kind goes on.
func (n *network) issuerOrWhyNot(ctx context.Context, kind grant.Kind) access.Issuer {
	issuer, err := n.issuer(ctx, kind)
	if err != nil {
		return noIssuer{err}
	}
	return issuer
}

// noIssuer mints nothing, and tells why.
type noIssuer struct{ err error }

func (n noIssuer) Prepare(context.Context, credential.Order) (credential.Minting, error) {
	return nil, n.err
}

// ca is the issuer of SSH certificates. Ctrl-C, which ends ctx, also ends the
// question for a passphrase.
func (n *network) ca(ctx context.Context) (*sshca.Issuer, error) {
	if n.cfg.SSH.CA == "" {
		return nil, fault.New(fault.Config, "ssh.ca: names no CA, and the policy has SSH logins").
			WithHint("set ssh.ca to file:///PATH, agent:SHA256:… or awskms:///KEY in %s", n.cfg.Path)
	}
	location, err := sshca.ParseLocation(n.cfg.SSH.CA)
	if err != nil {
		return nil, err
	}
	ca := sshca.NewCA(location, sshca.CAOptions{
		Passphrase: n.app.passphrase(ctx), AgentSocket: n.app.agentSocket(),
		KMS: n.kms, Cache: sshca.DirCache{Dir: n.state},
	})
	return sshca.New(sshca.Options{CA: ca, Now: n.app.now, Random: n.app.random}), nil
}

func (n *network) kms(ctx context.Context, region string) (sshca.KMS, error) {
	cfg, err := n.awsFor(ctx, "KMS")
	if err != nil {
		return nil, err
	}
	return kms.NewFromConfig(cfg, func(o *kms.Options) {
		if region != "" {
			o.Region = region
		}
	}), nil
}

func (a *app) passphrase(ctx context.Context) func(string) (credential.Secret, error) {
	if !a.io.Interactive() {
		return nil
	}
	return func(prompt string) (credential.Secret, error) {
		defer a.forQuestion()()
		return terminal.NewAsker(a.io).Secret(ctx, prompt)
	}
}

// agentSocket is where the user's ssh-agent listens, or "".
func (a *app) agentSocket() string {
	if a.env.SSHAuthSock != "" {
		return a.env.SSHAuthSock
	}
	return systemAgent
}

// tryAWS proves the base identity of a configuration.
func (a *app) tryAWS(ctx context.Context, cfg *config.Config) (audit.Caller, error) {
	n, err := a.networkOf(cfg, &policy.Policy{})
	if err != nil {
		return audit.Caller{}, err
	}
	issuer, err := n.sts(ctx)
	if err != nil {
		return audit.Caller{}, err
	}
	return issuer.Caller(ctx)
}

// tryCA proves that the CA of a configuration can be opened.
func (a *app) tryCA(ctx context.Context, cfg *config.Config) error {
	n, err := a.networkOf(cfg, &policy.Policy{})
	if err != nil {
		return err
	}
	issuer, err := n.ca(ctx)
	if err != nil {
		return err
	}
	_, err = issuer.Check(ctx)
	return err
}
