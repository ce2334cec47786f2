package cmd

import (
	"context"
	"fmt"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/auditlog"
	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/pkg/audit"
)

// openLog opens the configured log; it speaks to nobody yet.
func (n *network) openLog() (*auditlog.Log, error) {
	return auditlog.Open(n.cfg.Audit.Log, auditlog.Options{
		S3: n.s3, StateDir: n.state, Version: buildVersion(), Random: n.app.random,
	})
}

func (n *network) s3(ctx context.Context, region string) (auditlog.S3API, error) {
	cfg, err := n.awsFor(ctx, "S3")
	if err != nil {
		return nil, err
	}
	return auditlog.NewS3(cfg, region), nil
}

func (n *network) log() (access.Log, error) { return n.openLog() }

// probe proves that the log takes records and lets none be written over. It
// leaves one record about the principal.
func (n *network) probe(ctx context.Context, principal audit.Person) (audit.Ref, error) {
	log, err := n.openLog()
	if err != nil {
		return audit.Ref{}, err
	}
	writer := n.cfg.Audit.Writer
	if writer == "" {
		writer = audit.EscapeID(principal.ID)
	}
	return log.Probe(ctx, writer, audit.Event{Kind: audit.Probe, Time: n.app.now().UTC(), Principal: principal, Site: n.cfg.Jira.URL})
}

func (n *network) checkLog(ctx context.Context) (string, error) {
	if n.who.ID == "" {
		return "", fault.New(fault.Audit, "not tried: Jira did not say whose chain to write").WithHint("mend the line about jira first")
	}
	ref, err := n.probe(ctx, n.who)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s takes records: wrote %s", n.cfg.Audit.Log, audit.Name(ref.Writer, ref.Seq)), nil
}

// tryLog proves that the log of a configuration takes records.
func (a *app) tryLog(ctx context.Context, cfg *config.Config, token credential.Secret) error {
	n, err := a.networkOf(cfg, &policy.Policy{})
	if err != nil {
		return err
	}
	client, err := n.ticketsWith(token)
	if err != nil {
		return err
	}
	who, err := client.Whoami(ctx, false)
	if err != nil {
		return err
	}
	_, err = n.probe(ctx, audit.Person{ID: who.ID, Name: shown(who.Name)})
	return err
}
