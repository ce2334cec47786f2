package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/fault"
)

const doctorLong = `Check each part that a request needs, and say how to mend what is broken.

It asks Jira who you are, AWS the same, opens the CA without signing, appends a
probe record to the audit log, and tries the keyring. Nothing is minted.`

func newDoctorCmd(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "doctor",
		Short:   "Check each part and say how to mend what is broken",
		Long:    doctorLong + exitCodes(exitTicket, exitAuth, exitAudit, exitIssuer, exitConfig),
		Example: "  jit doctor\n  jit doctor --json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.doctor(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	return c
}

// finding is what one check came to.
type finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Mend   string `json:"mend,omitempty"`
	err    error
}

// check is one line of doctor's report.
type check struct {
	name string
	run  func(context.Context) (detail string, err error)
}

func (a *app) doctor(ctx context.Context, asJSON bool) error {
	checks, err := a.checks(ctx)
	if err != nil {
		return err
	}
	findings := make([]finding, 0, len(checks))
	var first error
	for _, c := range checks {
		f := a.examine(ctx, c)
		if f.err != nil && first == nil {
			first = f.err
		}
		if !asJSON {
			a.printFinding(f)
		}
		findings = append(findings, f)
	}
	if asJSON {
		if err := writeJSON(a.io.Out, findings); err != nil {
			return err
		}
	}
	if first != nil {
		return &quietExit{exitCode(ctx, first)}
	}
	return nil
}

func (a *app) examine(ctx context.Context, c check) finding {
	detail, err := c.run(ctx)
	if err != nil {
		return finding{Check: c.name, Detail: shown(err.Error()), Mend: shown(fault.HintOf(err)), err: err}
	}
	return finding{Check: c.name, OK: true, Detail: shown(detail)}
}

func (a *app) printFinding(f finding) {
	verdict := "ok  "
	if !f.OK {
		verdict = "FAIL"
	}
	fmt.Fprintf(a.io.Out, "%s  %-8s  %s\n", verdict, f.Check, strings.ReplaceAll(f.Detail, "\n", "\n                "))
	if f.Mend != "" {
		fmt.Fprintf(a.io.Out, "                mend: %s\n", f.Mend)
	}
}
