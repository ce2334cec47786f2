// Package fault is the one shape of error that reaches a person: what went
// wrong, in a sentence, and what to do about it, sorted into the classes that
// the exit codes of the command line distinguish.
package fault

import (
	"errors"
	"fmt"
)

// Class says which part of the world refused. The command layer alone turns a
// class into an exit code.
type Class int

// The classes, in the order of the exit codes that they become.
const (
	Internal  Class = iota // a defect of jit itself
	Usage                  // the command line is wrong, or a choice is missing
	Denied                 // the policy said no
	Ticket                 // the ticket is malformed, not found or not readable
	Auth                   // Jira or AWS did not accept who we are
	Audit                  // the audit log cannot be written, or does not verify
	Issuer                 // STS, the CA or KMS refused to mint
	Config                 // a config or policy file is wrong
	NoGrant                // nothing is in force
	Waiting                // the request waits for approval
	Cancelled              // the user stopped it
)

// Error is a failure with its class and, where there is one, a hint. Msg has no
// capital at the start and no full stop at the end; it never holds a secret.
type Error struct {
	Class Class
	Msg   string
	Hint  string // what to do; empty when there is nothing to advise
	Err   error  // the cause, or nil
}

// Error returns the message followed by its cause, or the cause alone where
// there is no message to add.
func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Msg
	case e.Msg == "":
		return e.Err.Error()
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of a class with a formatted message and no hint.
func New(class Class, format string, args ...any) *Error {
	return &Error{Class: class, Msg: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of a class whose cause is err.
func Wrap(class Class, err error, format string, args ...any) *Error {
	return &Error{Class: class, Msg: fmt.Sprintf(format, args...), Err: err}
}

// WithHint returns a copy of e that advises hint.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// ClassOf returns the class of the outermost Error in err's chain, and
// Internal where there is none.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return Internal
}

// HintOf returns the first hint in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
