package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/pkg/audit"
)

type verifyOptions struct {
	writers    []string
	principals string
	checkpoint string
	json       bool
}

const auditVerifyLong = `Read every chain of the audit log and tell what does not hold: a gap, an edited
or misplaced record, a name that no log has, a continuation of nothing, a
record about somebody whose chain it is not. Records of grants in this
machine's wallet, and the last that it wrote, must be there.

A chain is that of the principal whose id it is named after, or whom the file of
--principals names. Without that file, the chain that audit.writer names may be
about anybody.

A chain whose end was cut off looks like a shorter one, unless this machine
knows a record that is missing, or a checkpoint does. The newest checkpoint of
the log is compared, or the copy that --checkpoint names where that is newer;
audit.checkpoint_keys says whose count. What came after it is unproven.`

func newAuditVerifyCmd(a *app) *cobra.Command {
	o := &verifyOptions{}
	c := &cobra.Command{
		Use:     "verify",
		Short:   "Verify the chains of the audit log",
		Long:    auditVerifyLong + exitCodes(exitAuth, exitAudit, exitConfig),
		Example: "  jit audit verify\n  jit audit verify --json\n  jit audit verify --principals writers.yaml\n  jit audit verify --checkpoint kept.checkpoint",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.auditVerify(c.Context(), o) },
	}
	c.Flags().StringArrayVar(&o.writers, "writer", nil, "only the chain of this `WRITER`; may be repeated")
	c.Flags().StringVar(&o.principals, "principals", "", "a YAML `FILE` that maps each writer to the principal it may write about")
	c.Flags().StringVar(&o.checkpoint, "checkpoint", "", "a `FILE` with a checkpoint that was kept outside the log")
	c.Flags().BoolVar(&o.json, "json", false, "print the report as JSON")
	return c
}

func (a *app) auditVerify(ctx context.Context, o *verifyOptions) error {
	cfg, err := a.loadConfig()
	if err != nil {
		return err
	}
	options, err := o.against(cfg.Audit.Writer)
	if err != nil {
		return err
	}
	if options.Known, err = a.knownRecords(ctx, cfg, ofWriters(o.writers)); err != nil {
		return err
	}
	store, err := a.logOf(cfg)
	if err != nil {
		return err
	}
	options.Known = append(options.Known, store.Known()...)
	found, err := a.checkpoints(ctx, cfg, store, o.checkpoint)
	if err != nil {
		return err
	}
	options.Checkpoint = found.Newest
	counted := a.startCount(ctx)
	options.Done = &counted.done
	report, err := audit.Verify(ctx, store, options)
	counted.stop()
	if err != nil {
		return unreadable(err)
	}
	report.AddCheckpoints(found)
	if o.json {
		if err := writeJSON(a.io.Out, report); err != nil {
			return err
		}
	} else {
		a.printReport(report)
	}
	if !report.OK {
		return &quietExit{exitAudit}
	}
	return nil
}

// against is what the log is held to, where this machine writes as a writer;
// "" is the principal's id. A name from the config says nothing of a principal:
// only a map can.
func (o *verifyOptions) against(writer string) (audit.Options, error) {
	options := audit.Options{Writers: o.writers, CheckPrincipals: true}
	if o.principals != "" {
		principals, err := config.LoadPrincipals(o.principals)
		options.Principals = principals
		return options, err
	}
	if writer != "" {
		options.AnyPrincipal = []string{writer}
	}
	return options, nil
}

// knownRecords are those of the grants that this machine's wallet holds.
func (a *app) knownRecords(ctx context.Context, cfg *config.Config, pass func(string) bool) ([]audit.Ref, error) {
	w, err := a.walletOf(cfg.Wallet)
	if err != nil {
		return nil, err
	}
	held, err := w.List(ctx, a.now())
	if err != nil {
		return nil, err
	}
	var known []audit.Ref
	for _, h := range held {
		// A grant of before the log was moved is not recorded in this one.
		if h.Log == cfg.Audit.Log && pass(h.Record.Writer) {
			known = append(known, h.Record)
		}
	}
	return known, nil
}

// accuses reports whether a record is about somebody whose chain it is not.
func accuses(report audit.Report) bool {
	return slices.ContainsFunc(report.Chains, func(c audit.Chain) bool {
		return slices.ContainsFunc(c.Problems, func(p audit.Problem) bool { return p.Code == audit.CodePrincipal })
	})
}

func (a *app) printReport(report audit.Report) {
	out := a.io.Out
	for _, c := range report.Chains {
		if c.OK {
			fmt.Fprintf(out, "ok    %s: %d records\n", shown(c.Writer), c.Records)
			continue
		}
		fmt.Fprintf(out, "FAIL  %s: %d records\n", shown(c.Writer), c.Records)
		for _, p := range c.Problems {
			fmt.Fprint(out, "      ")
			a.printProblem(p)
		}
		if c.More > 0 {
			fmt.Fprintf(out, "      and %d more\n", c.More)
		}
	}
	for _, p := range report.Problems {
		fmt.Fprint(out, "FAIL  ")
		a.printProblem(p)
	}
	if accuses(report) {
		a.io.Hint("where a writer is not named after its principal, say whose it is with --principals FILE")
	}
	verdict := "the log holds"
	if !report.OK {
		verdict = "the log does not hold"
	}
	fmt.Fprintf(out, "%s: %d records on %d chains\n", verdict, report.Records, len(report.Chains))
	a.printProof(report)
	if report.Versions != audit.VersionsChecked {
		fmt.Fprintf(out, "versions: %s\n", shown(string(report.Versions)))
	}
}

// printProof says what the verdict rests on, and what it does not cover.
func (a *app) printProof(report audit.Report) {
	if report.Checkpoint == nil {
		fmt.Fprintln(a.io.Out, "unproven: no checkpoint says where the chains ended")
		return
	}
	unproven := uint64(0)
	for _, c := range report.Chains {
		if c.Head != nil {
			unproven += c.Head.Seq - c.Proven
		}
	}
	if report.OK {
		fmt.Fprintf(a.io.Out, "whole up to %s, unproven since: %d records\n", stamp(report.Checkpoint.Time), unproven)
		return
	}
	fmt.Fprintf(a.io.Out, "not whole up to %s: %d records are unproven\n", stamp(report.Checkpoint.Time), unproven)
}

// printProblem ends a line with where something is wrong, and what.
func (a *app) printProblem(p audit.Problem) {
	where := p.Place()
	if where != "" {
		where = shown(where) + ": "
	}
	fmt.Fprintf(a.io.Out, "%s%s: %s\n", where, p.Code, shown(p.Text))
}
