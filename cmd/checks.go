package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

// maxSkew is how far a clock may be off before doctor says so. AWS refuses
// requests from 15 minutes on, and a lease is only as right as the clock.
const maxSkew = time.Minute

// checks lists what doctor examines, in the order in which a request needs it.
// A configuration or policy that does not load ends the list early: nothing
// after it could be told.
func (a *app) checks(ctx context.Context) ([]check, error) {
	path, err := a.env.Config(a.configFlag)
	if err != nil {
		return nil, err
	}
	cfg, cfgErr := config.Load(path, a.systemPath, a.env)
	if cfgErr != nil {
		return []check{{"config", result(path, cfgErr)}}, nil
	}
	checks := []check{{"config", result(cfg.Path, nil)}}
	p, policyErr := a.loadPolicy(cfg)
	if policyErr != nil {
		return append(checks, check{"policy", result("", policyErr)}), nil
	}
	n, err := a.networkOf(cfg, p)
	if err != nil {
		return nil, err
	}
	summary := fmt.Sprintf("%s: %d entitlements, %.12s", cfg.Policy, len(p.Entitlements()), p.Hash)
	checks = append(checks, check{"policy", result(summary, nil)})
	checks = append(checks, n.jiraChecks(ctx)...)
	checks = append(checks, n.issuerChecks()...)
	return append(checks, check{"wallet", n.checkWallet}, check{"log", n.checkLog}), nil
}

// result is a check whose outcome is known.
func result(detail string, err error) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return detail, err }
}

// jiraChecks ask Jira once and tell who we are, the token and the clock.
func (n *network) jiraChecks(ctx context.Context) []check {
	client, err := n.tickets(ctx)
	if err != nil {
		return []check{{"jira", result("", err)}}
	}
	health, err := client.Health(ctx)
	if err != nil {
		return []check{{"jira", result("", err)}}
	}
	n.who = audit.Person{ID: health.Account.ID, Name: ticket.Clean(health.Account.Name)}
	detail := fmt.Sprintf("%s (%s) at %s, %s", ticket.Clean(health.Account.Name), health.Account.ID, health.Base, health.Edition)
	token := "its expiry is not known: Jira does not tell"
	if !health.TokenExpires.IsZero() {
		token = "valid until " + health.TokenExpires.Format(time.DateOnly)
	}
	checks := []check{{"jira", result(detail, nil)}, {"token", result(token, nil)}}
	if health.SkewKnown {
		checks = append(checks, check{"clock", clockCheck(health.Skew, "Jira")})
	}
	return checks
}

func clockCheck(skew time.Duration, whose string) func(context.Context) (string, error) {
	if skew.Abs() <= maxSkew {
		return result(fmt.Sprintf("within %s of %s's", max(skew.Abs().Round(time.Second), time.Second), whose), nil)
	}
	return result("", fault.New(fault.Config, "the clock is %s off %s's", skew.Round(time.Second), whose).
		WithHint("set this machine's clock, such as with timedatectl set-ntp true"))
}

// issuerChecks try the issuers that the policy needs, without minting.
func (n *network) issuerChecks() []check {
	var checks []check
	kinds := access.Kinds(n.policy)
	if slices.Contains(kinds, grant.AWS) || n.usesAWS() {
		checks = append(checks, check{"aws", n.checkAWS})
	}
	if slices.Contains(kinds, grant.SSH) {
		checks = append(checks, check{"ca", n.checkCA})
	}
	return checks
}

func (n *network) checkAWS(ctx context.Context) (string, error) {
	issuer, err := n.sts(ctx)
	if err != nil {
		return "", err
	}
	caller, err := issuer.Caller(ctx)
	if err != nil {
		return "", err
	}
	if skew, known := issuer.ClockSkew(); known && skew.Abs() > maxSkew {
		return clockCheck(skew, "AWS")(ctx)
	}
	detail := caller.ARN
	if strings.Contains(caller.ARN, ":assumed-role/") {
		detail += "; it is a role, so sessions last one hour at most"
	}
	return detail, nil
}

func (n *network) checkCA(ctx context.Context) (string, error) {
	issuer, err := n.ca(ctx)
	if err != nil {
		return "", err
	}
	health, err := issuer.Check(ctx)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(health.Location + " " + health.Fingerprint + " " + health.Note), nil
}

func (n *network) checkWallet(ctx context.Context) (string, error) {
	w, err := n.app.walletOf(n.cfg.Wallet)
	if err != nil {
		return "", err
	}
	if err := w.Ready(ctx); err != nil {
		return "", err
	}
	if problems := w.Problems(ctx); len(problems) > 0 {
		return "", problems[0]
	}
	return n.cfg.Wallet, nil
}

// tryToken proves a token, and tells whose it is.
func (a *app) tryToken(ctx context.Context, cfg *config.Config, token credential.Secret) (ticket.Principal, error) {
	n, err := a.networkOf(cfg, &policy.Policy{})
	if err != nil {
		return ticket.Principal{}, err
	}
	client, err := n.ticketsWith(token)
	if err != nil {
		return ticket.Principal{}, err
	}
	return access.Tickets(client).Whoami(ctx, false)
}
