package credential

import "errors"

// UnknownError says that an issuer was asked and its answer was lost, so that
// a credential may exist that nobody holds.
type UnknownError struct{ Err error }

// Error tells the cause.
func (e *UnknownError) Error() string { return "the issuer's answer was lost: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *UnknownError) Unwrap() error { return e.Err }

// IsUnknown reports whether err leaves open whether a credential exists.
func IsUnknown(err error) bool {
	_, ok := errors.AsType[*UnknownError](err)
	return ok
}
