package cmd

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newStatusCmd(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "status",
		Short:   "Show the grants in force on this machine",
		Long:    "Show the grants in force on this machine, soonest expiry first.\n\nIt reads the wallet and nothing else: no network, no keyring." + exitCodes(exitConfig),
		Example: "  jit status\n  jit status --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.status(c.Context(), asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print an array of grants as JSON")
	return c
}

func (a *app) status(ctx context.Context, asJSON bool) error {
	w, err := a.openWallet()
	if err != nil {
		return err
	}
	held, err := w.List(ctx, a.now())
	if err != nil {
		return err
	}
	a.warnProblems(ctx, w)
	if asJSON {
		list := make([]grantJSON, len(held))
		for i, h := range held {
			list[i] = toJSON(h)
		}
		return writeJSON(a.io.Out, list)
	}
	if len(held) == 0 {
		a.io.Note("no grant is in force")
		return nil
	}
	t := tabwriter.NewWriter(a.io.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "TICKET\tENTITLEMENT\tKIND\tLEFT\tGRANT")
	for _, h := range held {
		g := h.Grant
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", g.Ticket, g.Entitlement, g.Kind, left(g.ExpiresAt.Sub(a.now())), g.ID)
	}
	return t.Flush()
}
