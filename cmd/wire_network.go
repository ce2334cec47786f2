package cmd

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/awssts"
	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/jira"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/sshca"
	"github.com/jitaccess/jit/pkg/audit"
)

// network is what the commands that speak to somebody are wired with.
type network struct {
	app    *app
	cfg    *config.Config
	policy *policy.Policy
	state  string
	http   *http.Transport
	aws    func(context.Context) (aws.Config, error) // loaded once

	issuedBy *awssts.Issuer // built once, so that STS is asked once who calls
	who      audit.Person   // the principal, once Jira has told doctor
}

// wire reads the configuration and the policy. It speaks to nobody yet.
func (a *app) wire() (*network, error) {
	cfg, err := a.loadConfig()
	if err != nil {
		return nil, err
	}
	p, err := a.loadPolicy(cfg)
	if err != nil {
		return nil, err
	}
	return a.networkOf(cfg, p)
}

// networkOf wires a configuration that may not be written yet.
func (a *app) networkOf(cfg *config.Config, p *policy.Policy) (*network, error) {
	state, err := a.env.State()
	if err != nil {
		return nil, err
	}
	n := &network{app: a, cfg: cfg, policy: p, state: state, http: transport()}
	n.aws = once(n.loadAWS)
	return n, nil
}

// once returns load's first answer for good. Only success is kept: an error
// may be the context's.
func once[T any](load func(context.Context) (T, error)) func(context.Context) (T, error) {
	var (
		mu   sync.Mutex
		done bool
		kept T
	)
	return func(ctx context.Context) (T, error) {
		mu.Lock()
		defer mu.Unlock()
		if done {
			return kept, nil
		}
		value, err := load(ctx)
		if err == nil {
			kept, done = value, true
		}
		return value, err
	}
}

// tickets opens Jira with the user's token.
func (n *network) tickets(ctx context.Context) (*jira.Client, error) {
	token, err := n.app.token(ctx, n.cfg)
	if err != nil {
		return nil, err
	}
	return n.ticketsWith(token)
}

func (n *network) ticketsWith(token credential.Secret) (*jira.Client, error) {
	return jira.New(jira.Options{
		URL: n.cfg.Jira.URL, Email: n.cfg.Jira.Email, Token: token,
		Gateway: n.cfg.Jira.Gateway, GatewayExplicit: n.cfg.Jira.Gateway != "",
		CloudIDs:  jira.CloudIDFile(filepath.Join(n.state, "cloudid")),
		Transport: n.http, Now: n.app.now, Notice: n.app.noteOnce(),
	})
}

// deciding is the service without anything that mints, records or keeps: it
// can explain, and do dry runs.
func (n *network) deciding(ctx context.Context) (*access.Service, error) {
	tickets, err := n.tickets(ctx)
	if err != nil {
		return nil, err
	}
	return &access.Service{Tickets: tickets, Policy: n.policy, Now: n.app.now, Random: n.app.random}, nil
}

// service is the whole service, with the issuers that the policy needs.
func (n *network) service(ctx context.Context) (*access.Service, error) {
	svc, err := n.deciding(ctx)
	if err != nil {
		return nil, err
	}
	if err := n.addKeepers(ctx, svc); err != nil {
		return nil, err
	}
	n.addIssuers(ctx, svc)
	return svc, nil
}

// addKeepers gives a service what records and what keeps: the log, with the AWS
// identity for its records, the wallet and the user's ssh-agent.
func (n *network) addKeepers(ctx context.Context, svc *access.Service) (err error) {
	if svc.Log, err = n.log(); err != nil {
		return err
	}
	if svc.Wallet, err = n.app.walletOf(n.cfg.Wallet); err != nil {
		return err
	}
	if socket := n.app.agentSocket(); socket != "" {
		svc.Agent = sshca.NewKeyAgent(socket).EmptiedBy(func() error { return n.app.emptyLater(socket) })
	}
	svc.Writer, svc.LogAddress = n.cfg.Audit.Writer, n.cfg.Audit.Log
	return n.addCallers(ctx, svc)
}

// usesAWS reports whether the log or the CA is at AWS, whatever is requested.
func (n *network) usesAWS() bool {
	return strings.HasPrefix(n.cfg.Audit.Log, "s3:") || strings.HasPrefix(n.cfg.SSH.CA, "awskms:")
}

// addIssuers builds the issuers that the policy's entitlements need.
func (n *network) addIssuers(ctx context.Context, svc *access.Service) {
	svc.Issuers = map[grant.Kind]access.Issuer{}
	for _, kind := range access.Kinds(n.policy) {
		svc.Issuers[kind] = n.issuerOrWhyNot(ctx, kind)
	}
}

// addCallers has records name the AWS identity where AWS takes part in any case.
func (n *network) addCallers(ctx context.Context, svc *access.Service) error {
	if !n.usesAWS() {
		return nil
	}
	callers, err := n.sts(ctx)
	if err != nil {
		return err
	}
	svc.Callers = callers
	return nil
}
