package auditlog

import (
	"context"
	"errors"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// backend keeps records by name and never changes one.
type backend interface {
	audit.Store
	// create makes a record durable under a name that nothing has yet. Beside
	// the errors below, an error says that nothing was written.
	create(ctx context.Context, name string, data []byte) error
	// last returns the greatest sequence number below a bound that a writer has
	// a record of, holes or not; from, which is known to be there (or 0), where
	// there is none after it.
	last(ctx context.Context, writer string, from, below uint64) (uint64, error)
	// warm makes the next call quick.
	warm(ctx context.Context)
	// explain turns an error into one for people; doing is such as "be written".
	explain(err error, doing string) *fault.Error
}

// What create says beside success and failure.
var (
	// errTaken says that the name has a record.
	errTaken = errors.New("the name has a record")
	// errConflict says that another write of the same name was under way, and
	// that nothing was written.
	errConflict = errors.New("another write was under way")
	// errUnclear says that the record may or may not have been written: the
	// same bytes are to be written again.
	errUnclear = errors.New("the answer was lost")
	// errUnsent says that the store was not reached; it may be the next time.
	errUnsent = errors.New("the store was not reached")
)
