package cmd

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/auditlog"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/pkg/audit"
)

func newAuditCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Read and verify the audit log",
		Long:  "Read and verify the audit log." + exitCodes(exitAudit, exitConfig),
		RunE:  needCommand,
	}
	c.AddCommand(newAuditListCmd(a), newAuditShowCmd(a), newAuditVerifyCmd(a))
	return c
}

// openLog opens the configured log for reading.
func (a *app) openLog() (*auditlog.Log, error) {
	cfg, err := a.loadConfig()
	if err != nil {
		return nil, err
	}
	n, err := a.networkOf(cfg, &policy.Policy{})
	if err != nil {
		return nil, err
	}
	return n.openLog()
}

// each reads the records of the log that pass, chain by chain, and hands them
// to visit. What is no record is counted, not read: audit verify tells of it.
func each(ctx context.Context, store audit.Store, pass func(writer string) bool, visit func(audit.Record) error) (skipped int, err error) {
	for name, err := range store.Top(ctx) {
		if err != nil {
			return skipped, err
		}
		writer, isDir := strings.CutSuffix(name, "/")
		if !isDir || !audit.IsWriter(writer) || !pass(writer) {
			continue
		}
		n, err := eachOf(ctx, store, writer, visit)
		if skipped += n; err != nil {
			return skipped, err
		}
	}
	return skipped, nil
}

func eachOf(ctx context.Context, store audit.Store, writer string, visit func(audit.Record) error) (skipped int, err error) {
	for file, err := range store.Files(ctx, writer) {
		if err != nil {
			return skipped, err
		}
		if _, ok := audit.ParseFileName(file); !ok {
			skipped++
			continue
		}
		data, err := store.Read(ctx, writer+"/"+file)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, audit.ErrTooLarge) {
			skipped++
			continue
		}
		if err != nil {
			return skipped, err
		}
		r, err := audit.Decode(data)
		if err != nil {
			skipped++
			continue
		}
		if err := visit(r); err != nil {
			return skipped, err
		}
	}
	return skipped, nil
}

// ofWriters passes the chains of the writers named, with their continuations,
// and all where none is named.
func ofWriters(writers []string) func(string) bool {
	return func(name string) bool {
		base, _ := audit.SplitWriter(name)
		return len(writers) == 0 || slices.Contains(writers, name) || slices.Contains(writers, base)
	}
}

// warnSkipped tells of names that were no records, so that a list does not
// pass for the whole log.
func (a *app) warnSkipped(skipped int) {
	if skipped > 0 {
		a.io.Warn("%d names in the log are no records", skipped)
		a.io.Hint("see jit audit verify")
	}
}

// unreadable is the error of a log that could not be read.
func unreadable(err error) error {
	if err == nil || fault.ClassOf(err) != fault.Internal || errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Wrap(fault.Audit, err, "the audit log cannot be read")
}
