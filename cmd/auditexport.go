package cmd

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/auditlog"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

type exportOptions struct{ format, out string }

const auditExportLong = `Write all records of the audit log, oldest first, for other programs: as JSON
lines, which are the records themselves, or as CSV with a header.

A field of the CSV that a spreadsheet would take for a formula begins with an
apostrophe.`

func newAuditExportCmd(a *app) *cobra.Command {
	o := &exportOptions{}
	c := &cobra.Command{
		Use:     "export",
		Short:   "Write the audit log for other programs",
		Long:    auditExportLong + exitCodes(exitAuth, exitAudit, exitConfig),
		Example: "  jit audit export --format csv --out log.csv\n  jit audit export > log.jsonl",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.auditExport(c.Context(), o) },
	}
	c.Flags().StringVar(&o.format, "format", "jsonl", "the `FORMAT`: jsonl or csv")
	c.Flags().StringVar(&o.out, "out", "", "write to a new `FILE` instead of standard output")
	return c
}

func (a *app) auditExport(ctx context.Context, o *exportOptions) (err error) {
	if o.format != "jsonl" && o.format != "csv" {
		return fault.New(fault.Usage, "--format %q is neither jsonl nor csv", o.format)
	}
	log, err := a.openLog()
	if err != nil {
		return err
	}
	out := a.io.Out
	if o.out != "" {
		// Never over a file that is there: it may be another export.
		f, err := os.OpenFile(o.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fault.Wrap(fault.Usage, err, "the export cannot be written")
		}
		defer func() {
			if closeErr := f.Close(); err == nil {
				err = closeErr
			}
		}()
		out = f
	}
	buffered := bufio.NewWriter(out)
	if err := a.exportTo(ctx, log, o.format, buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

// exportTo streams the records. One that cannot be read is warned of, since an
// export without it must not pass for the whole log.
func (a *app) exportTo(ctx context.Context, log *auditlog.Log, format string, out io.Writer) error {
	table := csv.NewWriter(out)
	write := func(r audit.Record) error { return table.Write(csvRow(r)) }
	if format == "jsonl" {
		write = func(r audit.Record) error { _, err := out.Write(r.Raw); return err }
	} else if err := table.Write(csvHeader()); err != nil {
		return err
	}
	bad := 0
	for r, err := range log.List(ctx, auditlog.Filter{Oldest: true}) {
		switch {
		case err != nil && r.Seq == 0:
			return err
		case err != nil:
			bad++
		default:
			if err := write(r); err != nil {
				return err
			}
		}
	}
	if bad > 0 {
		a.io.Warn("%d records cannot be read, and are left out", bad)
		a.io.Hint("see jit audit verify")
	}
	table.Flush()
	return table.Error()
}

// csvHeader is fixed: columns are only ever added at its end.
func csvHeader() []string {
	return []string{
		"time", "event", "writer", "seq", "hash", "grant", "kind", "ticket", "ticket_id", "entitlement", "principal_id", "principal_name",
		"not_before", "expires_at", "reason", "error", "role_arn", "ssh_logins", "policy",
	}
}

func csvRow(r audit.Record) []string {
	var role, logins string
	if r.AWS != nil {
		role = r.AWS.RoleARN
	}
	if r.SSH != nil {
		logins = strings.Join(r.SSH.Principals, " ")
	}
	row := []string{
		r.Time.Format(time.RFC3339Nano), string(r.Kind), r.Writer, strconv.FormatUint(r.Seq, 10), r.Hash, r.Grant, r.CredKind, r.Ticket, r.TicketID,
		about(r), r.Principal.ID, r.Principal.Name, csvTime(r.NotBefore), csvTime(r.ExpiresAt), r.Reason, r.Error, role, logins, r.Policy,
	}
	for i, field := range row {
		row[i] = noFormula(field)
	}
	return row
}

func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// noFormula keeps a spreadsheet from running a field
// (https://owasp.org/www-community/attacks/CSV_Injection).
func noFormula(field string) string {
	if field != "" && strings.ContainsRune("=+-@\t\r\n", rune(field[0])) {
		return "'" + field
	}
	return field
}
