package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/pkg/audit"
)

type verifyOptions struct {
	writers    []string
	principals string
	json       bool
}

const auditVerifyLong = `Read every chain of the audit log and tell what does not hold: a gap, an edited
or misplaced record, a name that no log has, a record about somebody whose
chain it is not. Records of grants in this machine's wallet must be there.

A chain whose end was cut off looks like a shorter one, unless the wallet
knows a record that is missing.`

func newAuditVerifyCmd(a *app) *cobra.Command {
	o := &verifyOptions{}
	c := &cobra.Command{
		Use:     "verify",
		Short:   "Verify the chains of the audit log",
		Long:    auditVerifyLong + exitCodes(exitAuth, exitAudit, exitConfig),
		Example: "  jit audit verify\n  jit audit verify --json\n  jit audit verify --principals writers.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.auditVerify(c.Context(), o) },
	}
	c.Flags().StringArrayVar(&o.writers, "writer", nil, "only the chain of this `WRITER`; may be repeated")
	c.Flags().StringVar(&o.principals, "principals", "", "a YAML `FILE` that maps each writer to the principal it may write about")
	c.Flags().BoolVar(&o.json, "json", false, "print the report as JSON")
	return c
}

func (a *app) auditVerify(ctx context.Context, o *verifyOptions) error {
	options := audit.Options{Writers: o.writers}
	if o.principals != "" {
		principals, err := config.LoadPrincipals(o.principals)
		if err != nil {
			return err
		}
		options.Principals = principals
	}
	known, err := a.knownRecords(ctx, ofWriters(o.writers))
	if err != nil {
		return err
	}
	options.Known = known
	store, err := a.openLog()
	if err != nil {
		return err
	}
	options.Known = append(options.Known, store.Known()...)
	report, err := audit.Verify(ctx, store, options)
	if err != nil {
		return unreadable(err)
	}
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

// knownRecords are those of the grants that this machine's wallet holds.
func (a *app) knownRecords(ctx context.Context, pass func(string) bool) ([]audit.Ref, error) {
	w, err := a.openWallet()
	if err != nil {
		return nil, err
	}
	held, err := w.List(ctx, a.now())
	if err != nil {
		return nil, err
	}
	var known []audit.Ref
	for _, h := range held {
		if pass(h.Record.Writer) {
			known = append(known, h.Record)
		}
	}
	return known, nil
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
			a.printProblem(p)
		}
		if c.More > 0 {
			fmt.Fprintf(out, "      and %d more\n", c.More)
		}
	}
	for _, p := range report.Problems {
		fmt.Fprintf(out, "FAIL  %s: %s\n", p.Code, shown(p.Text))
	}
	verdict := "the log holds"
	if !report.OK {
		verdict = "the log does not hold"
	}
	fmt.Fprintf(out, "%s: %d records on %d chains\n", verdict, report.Records, len(report.Chains))
}

func (a *app) printProblem(p audit.Problem) {
	if p.Seq > 0 {
		fmt.Fprintf(a.io.Out, "      %s: %s: %s\n", audit.Name(p.Writer, p.Seq), p.Code, shown(p.Text))
		return
	}
	fmt.Fprintf(a.io.Out, "      %s: %s\n", p.Code, shown(p.Text))
}
