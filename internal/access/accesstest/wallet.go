package accesstest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

var _ access.Wallet = (*Wallet)(nil)

// Wallet is an in-memory access.Wallet. It is safe for concurrent use.
type Wallet struct {
	now func() time.Time

	mu      sync.Mutex
	kept    map[grant.ID]keptGrant
	failPut error
	puts    int
}

type keptGrant struct {
	held credential.Held
	cred credential.Credential
}

// NewWallet returns an empty wallet; by now it tells what has expired.
func NewWallet(now func() time.Time) *Wallet {
	return &Wallet{now: now, kept: map[grant.ID]keptGrant{}}
}

// FailPut makes every later Put return err; nil mends it.
func (w *Wallet) FailPut(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failPut = err
}

// Puts counts the calls of Put, those that failed included.
func (w *Wallet) Puts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.puts
}

// Put keeps a credential.
func (w *Wallet) Put(ctx context.Context, held credential.Held, cred credential.Credential) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.puts++
	_, idErr := grant.ParseID(string(held.Grant.ID))
	g := held.Grant
	switch {
	case ctx.Err() != nil:
		return fault.Wrap(fault.Cancelled, ctx.Err(), "the wallet was not changed")
	case w.failPut != nil:
		return w.failPut
	case idErr != nil:
		return fault.Wrap(fault.Internal, idErr, "the wallet does not take this grant")
	case (cred.AWS != nil) != (g.Kind == grant.AWS), (cred.SSH != nil) != (g.Kind == grant.SSH):
		return fault.New(fault.Internal, "the credential is not of the kind %q that the grant says", g.Kind)
	}
	w.kept[g.ID] = keptGrant{held, clone(cred)}
	return nil
}

// List returns the grants that have not expired at now.
func (w *Wallet) List(_ context.Context, now time.Time) ([]credential.Held, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := []credential.Held{}
	for _, k := range w.kept {
		if k.held.Grant.ExpiresAt.After(now) {
			list = append(list, k.held)
		}
	}
	slices.SortFunc(list, func(a, b credential.Held) int {
		return cmp.Or(a.Grant.ExpiresAt.Compare(b.Grant.ExpiresAt), cmp.Compare(a.Grant.ID, b.Grant.ID))
	})
	return list, nil
}

// Open returns the secret of a grant that has not expired.
func (w *Wallet) Open(_ context.Context, id grant.ID) (credential.Credential, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	k, ok := w.kept[id]
	if !ok || !k.held.Grant.ExpiresAt.After(w.now()) {
		return credential.Credential{}, fault.New(fault.NoGrant, "the wallet does not hold this grant").
			WithHint("run jit request KEY")
	}
	return clone(k.cred), nil
}

// Remove forgets a grant.
func (w *Wallet) Remove(ctx context.Context, id grant.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.kept[id]; ok && ctx.Err() != nil {
		return fault.Wrap(fault.Cancelled, ctx.Err(), "the wallet was not changed")
	}
	delete(w.kept, id)
	return nil
}

// clone keeps a caller's later changes out of the wallet.
func clone(c credential.Credential) credential.Credential {
	if c.AWS != nil {
		a := *c.AWS
		c.AWS = &a
	}
	if c.SSH != nil {
		s := *c.SSH
		s.Logins, s.Hosts = slices.Clone(s.Logins), slices.Clone(s.Hosts)
		c.SSH = &s
	}
	return c
}
