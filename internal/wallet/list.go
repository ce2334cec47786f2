package wallet

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

// List returns the grants that have not expired at now, soonest expiry first.
// It takes no lock and opens no seal, so what it says of a file that somebody
// has changed is only believed once Open succeeds. A file that cannot be read
// is left out, and told by Problems. What has expired by the wallet's own clock
// is purged on the way, and what a killed process left undone is done, where
// nobody else is changing the wallet.
func (w *Wallet) List(_ context.Context, now time.Time) ([]credential.Held, error) {
	found, err := w.scan()
	if err != nil {
		return nil, err
	}
	if len(found.expired(w.now())) > 0 || len(found.leftover) > 0 || w.promptMissing() {
		// Reading must work on a full or read-only disk too, and whatever is
		// left undone is done by the next change, which tells its errors.
		_ = w.tryLocked(w.tidy)
	}
	return found.inForce(now), nil
}

// Problems returns an error for each file that should hold a grant and does
// not. They do not keep the others from being used.
func (w *Wallet) Problems(context.Context) []error {
	found, err := w.scan()
	if err != nil {
		return []error{err}
	}
	return found.problems
}

// contents are what is in the directory of the grants.
type contents struct {
	held     []credential.Held // soonest expiry first, expired ones too
	problems []error
	leftover []string // names of markers and temporary files; nobody's, under the lock
}

// scan reads the directory and the beginning of each file in it. A directory
// that is not there is an empty wallet.
func (w *Wallet) scan() (contents, error) {
	var c contents
	entries, err := os.ReadDir(w.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	} else if err != nil {
		return c, fault.Wrap(fault.Config, err, "the wallet cannot be read").
			WithHint("look at the permissions of %s", w.dir)
	}
	for _, e := range entries {
		stem, ok := strings.CutSuffix(e.Name(), grantSuffix)
		switch {
		case strings.HasPrefix(e.Name(), "."):
			c.leftover = append(c.leftover, e.Name())
		case ok:
			w.add(&c, stem)
		}
	}
	slices.SortFunc(c.held, func(a, b credential.Held) int {
		return cmp.Or(a.Grant.ExpiresAt.Compare(b.Grant.ExpiresAt), cmp.Compare(a.Grant.ID, b.Grant.ID))
	})
	return c, nil
}

func (w *Wallet) add(c *contents, stem string) {
	id, err := grant.ParseID(stem)
	if err != nil {
		c.problems = append(c.problems, w.broken(grant.ID(stem), errors.New("its name is not the id of a grant")))
		return
	}
	h, err := w.readHeader(id)
	switch {
	case err == nil:
		c.held = append(c.held, h.Held)
	case !errors.Is(err, fs.ErrNotExist): // removed since the directory was read
		c.problems = append(c.problems, w.broken(id, err))
	}
}

// inForce returns the grants that have not expired at now, never nil.
func (c contents) inForce(now time.Time) []credential.Held {
	at, _ := slices.BinarySearchFunc(c.held, now, func(h credential.Held, now time.Time) int {
		if h.Grant.ExpiresAt.After(now) {
			return 1
		}
		return -1
	})
	return append([]credential.Held{}, c.held[at:]...)
}

func (c contents) expired(now time.Time) []credential.Held {
	return c.held[:len(c.held)-len(c.inForce(now))]
}

// broken says that the file of a grant cannot be used and what to do.
func (w *Wallet) broken(id grant.ID, why error) error {
	return fault.Wrap(fault.Internal, why, "the grant in %s cannot be used", w.path(id)).
		WithHint("remove that file and run jit request again")
}
