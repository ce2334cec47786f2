package cmd

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/auditlog"
	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/pkg/audit"
)

func newAuditCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "audit",
		Short:   "Read and verify the audit log",
		Long:    "Read and verify the audit log." + exitCodes(exitAudit, exitConfig),
		Example: "  jit audit list --limit 20\n  jit audit verify",
		RunE:    needCommand,
	}
	c.AddCommand(newAuditListCmd(a), newAuditShowCmd(a), newAuditVerifyCmd(a), newAuditCheckpointCmd(a), newAuditExportCmd(a))
	return c
}

// openLog opens the configured log for reading.
func (a *app) openLog() (*auditlog.Log, error) {
	cfg, err := a.loadConfig()
	if err != nil {
		return nil, err
	}
	return a.logOf(cfg)
}

func (a *app) logOf(cfg *config.Config) (*auditlog.Log, error) {
	n, err := a.networkOf(cfg, &policy.Policy{})
	if err != nil {
		return nil, err
	}
	return n.openLog()
}

// ofWriters passes the chains of the writers named, with their continuations,
// and all where none is named.
func ofWriters(writers []string) func(string) bool {
	return func(name string) bool {
		base, _ := audit.SplitWriter(name)
		return len(writers) == 0 || slices.Contains(writers, name) || slices.Contains(writers, base)
	}
}

// unreadable is the error of a log that could not be read.
func unreadable(err error) error {
	if err == nil || fault.ClassOf(err) != fault.Internal || errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Wrap(fault.Audit, err, "the audit log cannot be read")
}
