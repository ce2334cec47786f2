package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

type checkpointOptions struct {
	key     string
	despite bool
}

const auditCheckpointLong = `Verify the audit log, and sign where each chain ends: its last record's number
and SHA-256, with the time and the SHA-256 of the checkpoint before. From then
on, jit audit verify tells a chain whose end was cut off, or that was replaced.

The key is one that no engineer holds: the path of a file,
agent:SHA256:FINGERPRINT or awskms:///KEY. Its public half must be in
audit.checkpoint_keys. Who runs this needs the right to write below
_checkpoints/, which no writer has. The name of the checkpoint is printed: keep
a copy elsewhere, for verify --checkpoint.`

func newAuditCheckpointCmd(a *app) *cobra.Command {
	o := &checkpointOptions{}
	c := &cobra.Command{
		Use:     "checkpoint",
		Short:   "Sign where the chains of the audit log end",
		Long:    auditCheckpointLong + exitCodes(exitAuth, exitAudit, exitIssuer, exitConfig),
		Example: "  jit audit checkpoint --key awskms:///alias/jit-checkpoint",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.auditCheckpoint(c.Context(), o) },
	}
	c.Flags().StringVar(&o.key, "key", "", "the `KEY` that signs: a file, agent:SHA256:… or awskms:///KEY")
	c.Flags().BoolVar(&o.despite, "despite-problems", false, "sign a log that does not hold, and that it does not")
	return c
}

func (a *app) auditCheckpoint(ctx context.Context, o *checkpointOptions) error {
	if o.key == "" {
		return fault.New(fault.Usage, "--key names no key").WithHint("name a file, agent:SHA256:… or awskms:///KEY")
	}
	cfg, err := a.loadConfig()
	if err != nil {
		return err
	}
	if len(cfg.Audit.CheckpointKeys) == 0 {
		return fault.New(fault.Config, "audit.checkpoint_keys names no key, so that nobody could verify a checkpoint").
			WithHint("put the public half of --key there")
	}
	log, err := a.logOf(cfg)
	if err != nil {
		return err
	}
	found, err := a.checkpoints(ctx, cfg, log, "")
	if err != nil {
		return err
	}
	report, err := audit.Verify(ctx, log, audit.Options{Known: log.Known(), Checkpoint: found.Newest})
	if err != nil {
		return unreadable(err)
	}
	report.AddCheckpoints(found)
	if !report.OK && !o.despite {
		a.printReport(report)
		return fault.New(fault.Audit, "a log that does not hold is not signed").
			WithHint("--despite-problems signs it, and that it does not hold")
	}
	var before *audit.CheckpointRef
	if found.Newest != nil {
		ref := found.Newest.Ref()
		before = &ref
	}
	if before == nil && found.Last > 0 || before != nil && before.Serial != found.Last {
		return fault.New(fault.Audit, "the newest checkpoint of the log is not one that counts, so that none can follow it").
			WithHint("jit audit verify tells why")
	}
	c := audit.NewCheckpoint(report, log.Address(), before, a.now())
	statement, err := c.Statement()
	if err != nil {
		return fault.Wrap(fault.Audit, err, "no checkpoint can be made of the log")
	}
	signature, err := a.signWith(ctx, cfg, o.key, statement, c.Time)
	if err != nil {
		return err
	}
	if err := log.WriteCheckpoint(ctx, c.Serial, append(statement, signature...)); err != nil {
		return err
	}
	log.SawCheckpoint(audit.CheckpointRef{Serial: c.Serial, Hash: audit.Hash(statement), Time: c.Time})
	fmt.Fprintln(a.io.Out, audit.CheckpointName(c.Serial))
	return nil
}
