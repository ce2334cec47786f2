package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/terminal"
)

// The exit codes, which scripts rely on.
const (
	exitOK        = 0
	exitInternal  = 1
	exitUsage     = 2
	exitDenied    = 3
	exitTicket    = 4
	exitAuth      = 5
	exitAudit     = 6
	exitIssuer    = 7
	exitConfig    = 8
	exitNoGrant   = 9
	exitWaiting   = 10
	exitNotRun    = 125 // exec: whatever fails before the child starts
	exitCancelled = 130
)

// meaning is what each code tells, as help texts print it.
func meaning(code int) string {
	switch code {
	case exitOK:
		return "done"
	case exitInternal:
		return "internal error"
	case exitUsage:
		return "wrong usage, or a choice is missing"
	case exitDenied:
		return "denied by the policy"
	case exitTicket:
		return "ticket malformed, not found or not readable"
	case exitAuth:
		return "not authenticated"
	case exitAudit:
		return "audit log unavailable, or it does not verify"
	case exitIssuer:
		return "the issuer (STS, CA or KMS) refused"
	case exitConfig:
		return "configuration or policy file is wrong"
	case exitNoGrant:
		return "no grant in force"
	case exitWaiting:
		return "waiting for approval"
	case exitNotRun:
		return "failed before the command started"
	case exitCancelled:
		return "cancelled"
	}
	return ""
}

// exitCodes is the part of a help text that lists a command's codes. Every
// command can end with 0, 1, 2 and 130.
func exitCodes(codes ...int) string { return exitCodesSaying(nil, codes...) }

// exitCodesSaying is exitCodes for a command in which a code says more than its
// meaning, as where what it reports is not as it should be.
func exitCodesSaying(says map[int]string, codes ...int) string {
	var b strings.Builder
	b.WriteString("\n\nExit codes:\n")
	all := append([]int{exitOK, exitInternal, exitUsage}, codes...)
	for _, code := range append(all, exitCancelled) {
		fmt.Fprintf(&b, "  %3d  %s\n", code, cmp.Or(says[code], meaning(code)))
	}
	return strings.TrimRight(b.String(), "\n")
}

// everyExitCode are the codes of the contract that not every command has.
func everyExitCode() []int {
	return []int{
		exitDenied, exitTicket, exitAuth, exitAudit, exitIssuer, exitConfig, exitNoGrant, exitWaiting, exitNotRun,
	}
}

// childExit carries the exit code of a command that jit ran.
type childExit struct{ code int }

func (e *childExit) Error() string { return fmt.Sprintf("the command exited with %d", e.code) }

// quietExit ends the process with a code whose reason was already told.
type quietExit struct{ code int }

func (e *quietExit) Error() string { return "" }

// exitCode maps an error to the contract's code.
func exitCode(ctx context.Context, err error) int {
	if child, ok := errors.AsType[*childExit](err); ok {
		return child.code
	}
	if quiet, ok := errors.AsType[*quietExit](err); ok {
		return quiet.code
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return exitCancelled
	}
	switch fault.ClassOf(err) {
	case fault.Usage:
		return exitUsage
	case fault.Denied:
		return exitDenied
	case fault.Ticket:
		return exitTicket
	case fault.Auth:
		return exitAuth
	case fault.Audit:
		return exitAudit
	case fault.Issuer:
		return exitIssuer
	case fault.Config:
		return exitConfig
	case fault.NoGrant:
		return exitNoGrant
	case fault.Waiting:
		return exitWaiting
	case fault.Cancelled:
		return exitCancelled
	}
	return exitInternal
}

// startsChild marks commands whose own failures must not be taken for their
// child's.
const startsChild = "starts-child"

// fail tells the user what went wrong and returns the exit code.
func (a *app) fail(ctx context.Context, c *cobra.Command, err error) int {
	code := exitCode(ctx, err)
	_, child := errors.AsType[*childExit](err)
	_, quiet := errors.AsType[*quietExit](err)
	if child || quiet {
		return code
	}
	if code == exitCancelled {
		a.io.Note("cancelled")
	} else {
		a.report(err)
	}
	if c != nil && c.Annotations[startsChild] != "" && code != exitCancelled {
		return exitNotRun
	}
	return code
}

// report prints an error, its hint, and the details that a denial or an
// ambiguous choice carries.
func (a *app) report(err error) {
	if denied, ok := errors.AsType[*access.DeniedError](err); ok {
		a.io.Error(denied.Error(), "")
		printRefusals(a.io, denied.Decisions)
		return
	}
	a.io.Error(err.Error(), fault.HintOf(err))
	if choice, ok := errors.AsType[*access.ChoiceError](err); ok {
		printChoices(a.io, choice)
	}
}

func printChoices(s *terminal.Streams, choice *access.ChoiceError) {
	for _, name := range choice.Choices {
		s.Note("  %s", name)
	}
}
