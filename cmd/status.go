package cmd

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/fault"
)

func newStatusCmd(a *app) *cobra.Command {
	var asJSON, watch, mouse bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the grants in force on this machine",
		Long: "Show the grants in force on this machine, soonest expiry first.\n\nIt reads the wallet and nothing else: no network, no keyring.\n\n" +
			"With --watch the list is live: r renews the selected grant, x revokes it,\nc copies the command that exports its keys, never the keys, o opens\nthe console, s logs in to a host, and ? tells them all. Those that renew,\nrevoke, open or log in use the network and the keyring as jit request,\njit revoke, jit console and jit ssh do; the list itself uses neither." + exitCodes(exitConfig),
		Example: "  jit status\n  jit status --watch\n  jit status --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if watch && asJSON {
				return fault.New(fault.Usage, "--watch draws, and --json prints").WithHint("give one of them")
			}
			if mouse && !watch {
				return fault.New(fault.Usage, "--mouse goes with --watch")
			}
			if watch {
				return a.watchStatus(c.Context(), mouse)
			}
			return a.status(c.Context(), asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print an array of grants as JSON")
	c.Flags().BoolVar(&watch, "watch", false, "show them live on the terminal, with keys to renew and revoke")
	c.Flags().BoolVar(&mouse, "mouse", false, "with --watch, let the wheel and clicks select")
	return c
}

func (a *app) status(ctx context.Context, asJSON bool) error {
	w, held, err := a.listHeld(ctx)
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
