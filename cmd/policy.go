package cmd

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
)

func newPolicyCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "policy",
		Short:   "Work on the policy",
		Long:    "Work on the policy that says what a ticket unlocks." + exitCodes(exitConfig),
		Example: "  jit policy check",
		RunE:    needCommand,
	}
	c.AddCommand(newPolicyCheckCmd(a), newPolicyIAMCmd(a), newPolicySignCmd(a), newPolicyTestCmd(a), newPolicySchemaCmd(a), newPolicyDiffCmd(a))
	return c
}

const policyCheckLong = `Check a policy: the one of the configuration, or the files and directories
named.

Every mistake is told at once, one a line, as FILE:LINE:COL: message. It runs
the code that reads the policy for a real request; no network and, where paths
are named, no configuration is used. Where the configuration names
policy_signers, its policy must be signed.

A warning tells an entitlement that relies on fields of the ticket that its own
user may be able to write. It changes no exit code.`

func newPolicyCheckCmd(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "check [PATH...]",
		Short:   "Check a policy, telling every mistake at once",
		Long:    policyCheckLong + exitCodes(exitConfig),
		Example: "  jit policy check\n  jit policy check policy.d/\n  jit policy check --json policy.yaml",
		RunE: func(_ *cobra.Command, paths []string) error {
			return a.policyCheck(paths, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print what was read as JSON")
	return c
}

type policySummary struct {
	Path         string   `json:"path"`
	Hash         string   `json:"hash"`
	Files        []string `json:"files"`
	Entitlements []string `json:"entitlements"`
	// Warnings have a place each, as mistakes do.
	Warnings []policy.Problem `json:"warnings"`
}

func (a *app) policyCheck(paths []string, asJSON bool) error {
	load := policy.Load
	if len(paths) == 0 {
		cfg, err := a.loadConfig()
		if err != nil {
			return err
		}
		paths = []string{cfg.Policy}
		load = func(string) (*policy.Policy, error) { return a.loadPolicy(cfg) }
	}
	summaries := make([]policySummary, 0, len(paths))
	var wrong []string
	var hint string
	for _, path := range paths {
		p, err := load(path)
		if err != nil && fault.ClassOf(err) != fault.Config {
			return err
		}
		if err != nil {
			wrong, hint = append(wrong, err.Error()), cmp.Or(hint, fault.HintOf(err))
			continue
		}
		s := policySummary{Path: path, Hash: p.Hash, Files: p.Files, Entitlements: []string{}, Warnings: append([]policy.Problem{}, p.Warnings()...)}
		for _, e := range p.Entitlements() {
			s.Entitlements = append(s.Entitlements, e.Name)
		}
		summaries = append(summaries, s)
	}
	if len(wrong) > 0 {
		return &fault.Error{Class: fault.Config, Msg: strings.Join(wrong, "\n"), Hint: hint}
	}
	if asJSON {
		return writeJSON(a.io.Out, summaries)
	}
	for _, s := range summaries {
		for _, w := range s.Warnings {
			a.io.Warn("%s", w)
		}
		fmt.Fprintf(a.io.Out, "%s: ok, %d entitlements in %d files, %s\n", s.Path, len(s.Entitlements), len(s.Files), s.Hash[:12])
	}
	return nil
}
