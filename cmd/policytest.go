package cmd

import (
	"bytes"
	"cmp"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/trial"
)

type policyTestOptions struct {
	paths    []string
	cases    []string
	run      string
	junit    string
	json     bool
	cover    bool
	coverMin int
}

const policyTestLong = `Test a policy with cases: tickets, people and times that are written down, and
what the policy must say about them.

The policy is the one of the configuration, or each file or directory named; no
network and, where paths are named, no configuration is used. Its cases are in
NAME.test.yaml beside NAME.yaml, or in each *.test.yaml of the directory, or in
the files of --cases instead. Decisions are made by the code that decides about
a real request.

A line tells each case that did not come out as expected. --cover tells for each
entitlement whether a case is allowed and one denied, and for each condition
whether it holds in a case and fails in one. A condition counts as failing where
the case names its code, or where it alone stands in the way. --cover-min is
about how many of all these there are.`

func newPolicyTestCmd(a *app) *cobra.Command {
	o := &policyTestOptions{}
	c := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Test a policy with cases",
		Long: policyTestLong + exitCodesSaying(map[int]string{
			exitDenied: "a case failed, or too little is covered",
			exitConfig: "configuration, policy or cases are wrong, or there is no case",
		}, exitDenied, exitConfig),
		Example: "  jit policy test\n  jit policy test policy.yaml --cover\n" +
			"  jit policy test policy.d/ --junit report.xml --cover-min 80\n  jit policy test policy.yaml --run 'incident|change' --json",
		RunE: func(_ *cobra.Command, paths []string) error {
			o.paths = paths
			return a.policyTest(o)
		},
	}
	c.Flags().StringArrayVar(&o.cases, "cases", nil, "a `FILE` of cases, instead of those beside the policy; may be repeated")
	c.Flags().StringVar(&o.run, "run", "", "only cases whose name matches this regular expression `PATTERN`")
	c.Flags().StringVar(&o.junit, "junit", "", "write the results to this `FILE` as JUnit XML")
	c.Flags().BoolVar(&o.json, "json", false, "print the results as JSON")
	c.Flags().BoolVar(&o.cover, "cover", false, "print what the cases cover")
	c.Flags().IntVar(&o.coverMin, "cover-min", 0, "fail where less than this `PERCENT` is covered")
	return c
}

func (a *app) policyTest(o *policyTestOptions) error {
	match, err := o.match()
	if err != nil {
		return err
	}
	paths, err := a.policyPaths(o.paths)
	if err != nil {
		return err
	}
	tested, err := o.testEach(paths, match)
	if err != nil {
		return err
	}
	if err := o.writeJUnit(tested); err != nil {
		return err
	}
	if err := a.printTested(tested, o); err != nil {
		return err
	}
	return o.verdict(tested)
}

// match is which cases are to be run.
func (o *policyTestOptions) match() (func(string) bool, error) {
	switch {
	case o.coverMin < 0 || o.coverMin > 100:
		return nil, fault.New(fault.Usage, "--cover-min %d is not from 0 to 100", o.coverMin)
	case o.run != "" && o.coverMin > 0:
		return nil, fault.New(fault.Usage, "--cover-min is about all cases, and --run leaves some out")
	}
	pattern, err := regexp.Compile(o.run)
	if err != nil {
		return nil, fault.New(fault.Usage, "--run %q is not a regular expression", o.run)
	}
	return pattern.MatchString, nil
}

// testedPolicy is a policy with how it did.
type testedPolicy struct {
	path   string
	policy *policy.Policy
	trial.Result
}

// testEach tests each policy, and tells what is wrong with the files of all.
func (o *policyTestOptions) testEach(paths []string, match func(string) bool) ([]testedPolicy, error) {
	tested := make([]testedPolicy, 0, len(paths))
	var wrong []string
	var hint string
	for _, path := range paths {
		t, err := o.test(path, match)
		switch {
		case err == nil:
			tested = append(tested, t)
		case fault.ClassOf(err) == fault.Config:
			wrong, hint = append(wrong, err.Error()), cmp.Or(hint, fault.HintOf(err))
		default:
			return nil, err
		}
	}
	if len(wrong) > 0 {
		return nil, &fault.Error{Class: fault.Config, Msg: strings.Join(wrong, "\n"), Hint: hint}
	}
	return tested, nil
}

func (o *policyTestOptions) test(path string, match func(string) bool) (testedPolicy, error) {
	p, err := policy.Load(path)
	if err != nil {
		return testedPolicy{}, err
	}
	names := o.cases
	if len(names) == 0 {
		if names, err = trial.Beside(path); err != nil {
			return testedPolicy{}, err
		}
	}
	files, err := trial.Load(names)
	if err != nil {
		return testedPolicy{}, err
	}
	if err := trial.Names(p, files); err != nil {
		return testedPolicy{}, err
	}
	t := testedPolicy{path, p, trial.Run(p, files, match)}
	if len(t.Outcomes) == 0 {
		return testedPolicy{}, fault.New(fault.Usage, "no case of %s matches --run %q", path, o.run)
	}
	return t, nil
}

func (o *policyTestOptions) writeJUnit(tested []testedPolicy) error {
	if o.junit == "" {
		return nil
	}
	var b bytes.Buffer
	results := make([]trial.Result, 0, len(tested))
	for _, t := range tested {
		results = append(results, t.Result)
	}
	if err := trial.WriteJUnit(&b, results); err != nil {
		return err
	}
	if err := os.WriteFile(o.junit, b.Bytes(), 0o644); err != nil { //nolint:gosec // a report that others may read
		return fault.Wrap(fault.Usage, err, "cannot write the report")
	}
	return nil
}

// verdict is the exit code, after everything was told.
func (o *policyTestOptions) verdict(tested []testedPolicy) error {
	for _, t := range tested {
		if failed, _ := t.Failed(); failed > 0 || trial.Percent(t.Cover) < o.coverMin {
			return &quietExit{exitDenied}
		}
	}
	return nil
}
