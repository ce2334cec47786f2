package cmd

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/dotfile"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/terminal"
)

// editOptions are those of the commands that edit a file of the user's.
type editOptions struct{ yes, undo, dryRun bool }

func (o *editOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.yes, "yes", false, "change the file without asking")
	f.BoolVar(&o.undo, "undo", false, "take the lines out again")
	f.BoolVar(&o.dryRun, "dry-run", false, "decide and stop: print what would change")
}

// makeEdits shows changes and makes them, in their order, once they are agreed
// to. It reports whether they were made.
func (a *app) makeEdits(ctx context.Context, o editOptions, edits ...dotfile.Edit) (bool, error) {
	edits = slices.DeleteFunc(edits, dotfile.Edit.Empty)
	var diffs strings.Builder
	for _, e := range edits {
		diffs.WriteString(e.Diff())
	}
	switch {
	case len(edits) == 0:
		a.io.Note("nothing to change")
		return false, nil
	case o.dryRun:
		_, err := io.WriteString(a.io.Out, diffs.String())
		return false, err
	case !o.yes && !a.io.Interactive():
		return false, fault.New(fault.Usage, "there is no terminal to ask whether the file may be changed").
			WithHint("look with --dry-run, then change it with --yes")
	}
	if _, err := io.WriteString(a.io.Err, diffs.String()); err != nil {
		return false, err
	}
	if !o.yes {
		agreed, err := terminal.NewAsker(a.io).Yes(ctx, "Make this change?", true)
		if err != nil {
			return false, err
		}
		if !agreed {
			return false, fault.New(fault.Cancelled, "the file was left as it is")
		}
	}
	for _, e := range edits {
		if err := e.Apply(); err != nil {
			return false, err
		}
	}
	return true, nil
}
