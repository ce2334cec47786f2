package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

const explainLong = `Say what a ticket unlocks, and why not the rest.

For every entitlement of the policy: allow or deny, with each reason. Nothing
is minted and nothing is recorded.`

func newExplainCmd(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "explain KEY",
		Short:   "Say what a ticket unlocks, and why not the rest",
		Long:    explainLong + exitCodes(exitDenied, exitTicket, exitAuth, exitConfig),
		Example: "  jit explain OPS-7\n  jit explain OPS-7 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.explain(c.Context(), args[0], asJSON)
		},
	}
	c.ValidArgsFunction = onlyFirst(a.completeTickets())
	c.Flags().BoolVar(&asJSON, "json", false, "print the decisions as JSON")
	return c
}

func (a *app) explain(ctx context.Context, arg string, asJSON bool) error {
	key, err := ticket.ParseKey(arg)
	if err != nil {
		return err
	}
	w, err := a.wire()
	if err != nil {
		return err
	}
	svc, err := w.deciding(ctx)
	if err != nil {
		return err
	}
	svc.Notice = func(text string) { a.io.Note("%s", text) }
	ex, err := svc.Explain(ctx, key)
	if err != nil {
		return err
	}
	if err := a.printExplanation(ex, asJSON); err != nil {
		return err
	}
	if !ex.Allowed() {
		return &quietExit{exitDenied}
	}
	return nil
}

type explanationJSON struct {
	Ticket    string            `json:"ticket"`
	TicketID  string            `json:"ticket_id"`
	Principal string            `json:"principal"`
	Allowed   bool              `json:"allowed"`
	Decisions []policy.Decision `json:"decisions"`
}

func (a *app) printExplanation(ex access.Explanation, asJSON bool) error {
	if asJSON {
		return writeJSON(a.io.Out, explanationJSON{
			string(ex.Ticket.Key), ex.Ticket.ID, ex.Principal.ID, ex.Allowed(), ex.Decisions,
		})
	}
	out := a.io.Out
	fmt.Fprintf(out, "%s  %s\n", ex.Ticket.Key, shown(ex.Ticket.Summary))
	for _, d := range ex.Decisions {
		verdict := "deny "
		if d.Allowed {
			verdict = "allow"
		}
		fmt.Fprintf(out, "\n%s  %s\n", verdict, d.Entitlement)
		for _, r := range d.Reasons {
			mark := "-"
			if r.OK {
				mark = "+"
			}
			fmt.Fprintf(out, "  %s %s: %s\n", mark, r.Code, shown(r.Text))
			if r.Hint != "" && !r.OK {
				fmt.Fprintf(out, "      %s\n", shown(r.Hint))
			}
		}
	}
	return nil
}
