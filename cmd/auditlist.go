package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/auditlog"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/pkg/audit"
)

type listOptions struct {
	filter auditlog.Filter
	event  string
	since  string
	until  string
	limit  int
	json   bool
}

const auditListLong = `List the records of the audit log, oldest first. Times are UTC: a date stands
for its first moment, and a duration such as 90m for so long ago.

On a terminal a table; with --json, or where the output goes elsewhere, the
records themselves, a line each, as they are in the log.`

func newAuditListCmd(a *app) *cobra.Command {
	o := &listOptions{}
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the records of the audit log",
		Long:    auditListLong + exitCodes(exitAuth, exitAudit, exitConfig),
		Example: "  jit audit list --limit 20\n  jit audit list --since 24h --event denied\n  jit audit list --who ada --since 2026-11-01 --until 2026-12-01\n  jit audit list --json | jq -r .unmapped.jit.event",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.auditList(c.Context(), o) },
	}
	c.Flags().StringVar(&o.filter.Writer, "writer", "", "only the chain of this `WRITER`")
	c.Flags().StringVar(&o.filter.Ticket, "ticket", "", "only the records of this ticket `KEY`")
	c.Flags().StringVar(&o.filter.Who, "who", "", "only the records about this `PERSON`: an id or a name")
	c.Flags().StringVarP(&o.filter.Entitlement, "entitlement", "e", "", "only the records of this `ENTITLEMENT`")
	c.Flags().StringVar(&o.since, "since", "", "only from this `TIME` on: RFC 3339, a date, or 24h for a day ago")
	c.Flags().StringVar(&o.until, "until", "", "only before this `TIME`, given in the same ways")
	c.Flags().StringVar(&o.event, "event", "", "only this `EVENT`, such as issued or denied")
	c.Flags().IntVar(&o.limit, "limit", 0, "only the last `N` records")
	c.Flags().BoolVar(&o.json, "json", false, "print the records as JSON lines")
	return c
}

func (a *app) auditList(ctx context.Context, o *listOptions) error {
	if o.limit < 0 {
		return fault.New(fault.Usage, "--limit %d is not a number of records", o.limit)
	}
	var err error
	if o.filter.Since, err = whenever("--since", o.since, a.now()); err != nil {
		return err
	}
	if o.filter.Until, err = whenever("--until", o.until, a.now()); err != nil {
		return err
	}
	o.filter.Kind, o.filter.Ticket = audit.Kind(o.event), strings.ToUpper(o.filter.Ticket)
	records, err := a.records(ctx, o.filter, o.limit)
	if err != nil {
		return err
	}
	if o.json || !a.io.OutTTY {
		return a.printRaw(records)
	}
	t := tabwriter.NewWriter(a.io.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "TIME\tEVENT\tTICKET\tENTITLEMENT\tPRINCIPAL\tRECORD")
	for _, r := range records {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Time.Format(time.RFC3339), shown(string(r.Kind)), dash(r.Ticket),
			dash(about(r)), dash(r.Principal.Name), shortName(r))
	}
	return t.Flush()
}

// records reads the last records that the filter takes, oldest first. What is
// no record is warned of, so that a list does not pass for the whole log.
func (a *app) records(ctx context.Context, filter auditlog.Filter, limit int) ([]audit.Record, error) {
	log, err := a.openLog()
	if err != nil {
		return nil, err
	}
	var records []audit.Record
	unreadable := 0
	for r, err := range log.List(ctx, filter) {
		switch {
		case err != nil && r.Seq == 0:
			return nil, err
		case err != nil:
			unreadable++
		default:
			records = append(records, r)
		}
		if limit > 0 && len(records) == limit {
			break
		}
	}
	if unreadable > 0 {
		a.io.Warn("%d records cannot be read", unreadable)
		a.io.Hint("see jit audit verify")
	}
	slices.Reverse(records)
	return records, nil
}

func (a *app) printRaw(records []audit.Record) error {
	for _, r := range records {
		if _, err := a.io.Out.Write(r.Raw); err != nil {
			return err
		}
	}
	return nil
}

// shortName names a record in a table, where a writer's whole name would not
// fit the line.
func shortName(r audit.Record) string {
	const most = 12
	writer := r.Writer
	if len(writer) > most {
		writer = writer[:most] + "…"
	}
	return fmt.Sprintf("%s/%d", writer, r.Seq)
}

// about is the entitlement of a record, or those that a denial considered.
func about(r audit.Record) string {
	if r.Entitlement != "" {
		return r.Entitlement
	}
	return strings.Join(r.Entitlements, ",")
}

func dash(s string) string {
	if s = shown(s); s == "" {
		return "-"
	}
	return s
}

func newAuditShowCmd(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "show GRANT",
		Short:   "Show all that the log has of a grant",
		Long:    "Show every record of a grant: what was given, to whom, because of which ticket,\nand what became of it." + exitCodes(exitAuth, exitAudit, exitConfig),
		Example: "  jit audit show $(jit request OPS-7)\n  jit audit show --json GRANT",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.auditShow(c.Context(), args[0], asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the records as JSON lines")
	return c
}

func (a *app) auditShow(ctx context.Context, arg string, asJSON bool) error {
	id, err := grant.ParseID(strings.ToLower(arg))
	if err != nil {
		return fault.Wrap(fault.Usage, err, "which grant?").WithHint("jit status and jit audit list show ids")
	}
	log, err := a.openLog()
	if err != nil {
		return err
	}
	records, err := log.Find(ctx, string(id))
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return fault.New(fault.Usage, "the log has no record of the grant %s", id)
	}
	if asJSON {
		return a.printRaw(records)
	}
	for _, r := range records {
		a.printRecord(r)
	}
	return nil
}

func (a *app) printRecord(r audit.Record) {
	fmt.Fprintf(a.io.Out, "%s  %s  %s\n", r.Time.Format(time.RFC3339), shown(string(r.Kind)), audit.Name(r.Writer, r.Seq))
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(a.io.Out, "  %-12s %s\n", name, shown(value))
		}
	}
	line("ticket", strings.TrimSpace(r.Ticket+" "+r.Site))
	line("principal", strings.TrimSpace(r.Principal.Name+" "+r.Principal.ID))
	line("entitlement", r.Entitlement)
	line("reason", r.Reason)
	if !r.ExpiresAt.IsZero() {
		line("lease", stamp(r.NotBefore)+" to "+stamp(r.ExpiresAt))
	}
	if r.Caller != nil {
		line("aws caller", r.Caller.ARN)
	}
	if r.AWS != nil {
		line("aws role", r.AWS.RoleARN)
		line("aws session", r.AWS.SessionName)
	}
	if r.SSH != nil {
		line("ssh key id", r.SSH.KeyID)
		line("ssh serial", fmt.Sprint(r.SSH.Serial))
		line("ssh logins", strings.Join(r.SSH.Principals, ", "))
	}
	line("error", r.Error)
	line("policy", r.Policy)
}
