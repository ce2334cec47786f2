package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/policydiff"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/internal/trial"
)

type policyDiffOptions struct {
	before, after string
	cases         []string
	tickets       []string
	failOn        string
	json          bool
}

// The values of --fail-on.
const (
	failOnChanged = "changed"
	failOnWidened = "widened"
)

const policyDiffLong = `Tell what changes from one policy to another, each a file or a directory:
entitlements, their keys, and decisions about tickets. The tickets are those of
the cases beside NEW, if there are any, or of the files of --cases, and those of
--ticket, which Jira is asked for as jit explain does. Without --ticket, neither
network nor configuration is used.

Each change is narrower or wider, or neither where no access depends on it.
Where it cannot be told, as with an expression that changes, it may be wider.

--fail-on changed is for a check that nothing changes, --fail-on widened for one
that nothing is let in that was not: an entitlement that is added, a key that is
or may be wider, a decision that is allowed now, or for longer.`

func newPolicyDiffCmd(a *app) *cobra.Command {
	o := &policyDiffOptions{}
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell what changes from one policy to another",
		Long: policyDiffLong + exitCodesSaying(map[int]string{
			exitDenied: "what --fail-on names is the case",
			exitConfig: "configuration, policy or cases are wrong",
		}, exitDenied, exitTicket, exitAuth, exitConfig),
		Example: "  jit policy diff old.yaml policy.yaml\n  jit policy diff old.yaml policy.yaml --fail-on widened\n" +
			"  jit policy diff old.yaml policy.yaml --ticket OPS-7 --json",
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			o.before, o.after = args[0], args[1]
			return a.policyDiff(c.Context(), o)
		},
	}
	c.Flags().StringArrayVar(&o.cases, "cases", nil, "a `FILE` of cases, instead of those beside the policy; may be repeated")
	c.Flags().StringArrayVar(&o.tickets, "ticket", nil, "the `KEY` of a ticket to ask Jira for; may be repeated")
	c.Flags().StringVar(&o.failOn, "fail-on", "", "exit with 3 where something `WHAT` is: changed or widened")
	c.Flags().BoolVar(&o.json, "json", false, "print what changes as JSON")
	return c
}

func (a *app) policyDiff(ctx context.Context, o *policyDiffOptions) error {
	if o.failOn != "" && o.failOn != failOnChanged && o.failOn != failOnWidened {
		return fault.New(fault.Usage, "--fail-on is %s or %s, not %q", failOnChanged, failOnWidened, o.failOn)
	}
	before, err := policy.Load(o.before)
	if err != nil {
		return err
	}
	after, err := policy.Load(o.after)
	if err != nil {
		return err
	}
	subjects, err := o.subjects()
	if err != nil {
		return err
	}
	live, err := a.liveSubjects(ctx, o.tickets, before, after)
	if err != nil {
		return err
	}
	d := policydiff.Compare(before, after, append(subjects, live...))
	if err := a.printDiff(d, o.json); err != nil {
		return err
	}
	if o.failOn == failOnChanged && !d.Empty() || o.failOn == failOnWidened && d.Widens() {
		return &quietExit{exitDenied}
	}
	return nil
}

// subjects are the tickets of cases. What these expect does not matter here.
func (o *policyDiffOptions) subjects() ([]policydiff.Subject, error) {
	paths := o.cases
	if len(paths) == 0 {
		paths = trial.Found(o.after)
	}
	files, err := trial.Load(paths)
	if err != nil {
		return nil, err
	}
	var list []policydiff.Subject
	for _, f := range files {
		for _, c := range f.Cases {
			list = append(list, policydiff.Subject{Name: c.Name, Input: c.Input})
		}
	}
	return list, nil
}

// liveSubjects are tickets as Jira tells them now, asked for what each of the two
// policies needs.
func (a *app) liveSubjects(ctx context.Context, keys []string, policies ...*policy.Policy) ([]policydiff.Subject, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	cfg, err := a.loadConfig()
	if err != nil {
		return nil, err
	}
	n, err := a.networkOf(cfg, nil)
	if err != nil {
		return nil, err
	}
	svc, err := n.deciding(ctx)
	if err != nil {
		return nil, err
	}
	svc.Notice = a.noteOnce()
	list := make([]policydiff.Subject, 0, len(keys))
	for _, arg := range keys {
		s, err := lookForEach(ctx, *svc, policies, arg)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// lookForEach asks about a ticket for each policy. The time is the same for all, so
// that nothing differs but the policy.
func lookForEach(ctx context.Context, svc access.Service, policies []*policy.Policy, arg string) (policydiff.Subject, error) {
	key, err := ticket.ParseKey(arg)
	if err != nil {
		return policydiff.Subject{}, err
	}
	inputs := map[*policy.Policy]policy.Input{}
	for _, p := range policies {
		svc.Policy = p
		in, err := svc.Look(ctx, key)
		if err != nil {
			return policydiff.Subject{}, err
		}
		if before, ok := inputs[policies[0]]; ok {
			in.At = before.At
		}
		inputs[p] = in
	}
	name := string(inputs[policies[0]].Ticket.Key)
	return policydiff.Subject{Name: name, Input: func(p *policy.Policy) policy.Input { return inputs[p] }}, nil
}
