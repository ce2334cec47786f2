package accesstest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/pkg/audit"
)

// Both fakes are held to the ports that they stand in for.
var (
	_ access.Issuer  = (*Issuer)(nil)
	_ access.Callers = (*Callers)(nil)
)

// Issuer is an in-memory access.Issuer of one kind. It mints as soon as it is
// asked unless one of its levers says otherwise; it is safe for concurrent use.
type Issuer struct {
	kind grant.Kind

	mu       sync.Mutex
	refuse   error
	lose     error
	prepare  error
	limit    time.Duration
	held     chan struct{}
	asked    chan struct{}
	prepared []credential.Order
	minted   []credential.Order
}

// NewIssuer returns an issuer that mints credentials of kind.
func NewIssuer(kind grant.Kind) *Issuer {
	return &Issuer{kind: kind, asked: make(chan struct{}, 1024)}
}

// FailPrepare makes every later Prepare return err; nil mends it.
func (i *Issuer) FailPrepare(err error) { i.set(func() { i.prepare = err }) }

// Refuse makes every later Mint a definite refusal with err, which should be a
// fault.Error of class Issuer or Auth; nil mends it.
func (i *Issuer) Refuse(err error) { i.set(func() { i.refuse = err }) }

// Lose makes every later Mint create a credential whose answer is lost with
// err; nil mends it.
func (i *Issuer) Lose(err error) { i.set(func() { i.lose = err }) }

// Cap shortens every lease longer than limit, with a notice, as role chaining
// does; zero lifts the cap.
func (i *Issuer) Cap(limit time.Duration) { i.set(func() { i.limit = limit }) }

// Hold makes every later Mint wait until release is called or its context ends,
// so that a test can look at the moment in between. Release may be called twice.
func (i *Issuer) Hold() (release func()) {
	held := make(chan struct{})
	i.set(func() { i.held = held })
	return sync.OnceFunc(func() {
		i.set(func() { i.held = nil })
		close(held)
	})
}

// Asked receives a value each time that Mint has reached the issuer.
func (i *Issuer) Asked() <-chan struct{} { return i.asked }

// Prepared returns the orders that Prepare accepted.
func (i *Issuer) Prepared() []credential.Order { return i.orders(&i.prepared) }

// Minted returns the orders for which a credential exists, those whose answer
// was lost included.
func (i *Issuer) Minted() []credential.Order { return i.orders(&i.minted) }

func (i *Issuer) set(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f()
}

func (i *Issuer) orders(list *[]credential.Order) []credential.Order {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(*list)
}

// Prepare accepts an order of the issuer's kind.
func (i *Issuer) Prepare(ctx context.Context, order credential.Order) (credential.Minting, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(fault.Cancelled, err, "the request was stopped before anything was minted")
	}
	e := order.Entitlement
	if order.Grant.Kind != i.kind || (e.AWS != nil) != (i.kind == grant.AWS) || (e.SSH != nil) != (i.kind == grant.SSH) {
		return nil, fault.New(fault.Internal, "an order of kind %q reached the issuer of %q", order.Grant.Kind, i.kind)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.prepare != nil {
		return nil, i.prepare
	}
	i.prepared = append(i.prepared, order)
	return &minting{issuer: i, order: order, facts: i.facts(order)}, nil
}

// facts tells what the fake will mint; the caller holds the lock.
func (i *Issuer) facts(order credential.Order) credential.Facts {
	f := credential.Facts{Lease: order.Grant.Lease}
	if i.limit > 0 && f.Lease.TTL() > i.limit {
		f.Lease = grant.NewLease(f.Lease.NotBefore, i.limit)
		f.Notices = []string{fmt.Sprintf("the lease is cut to %s, which is all that the issuer gives", i.limit)}
	}
	if i.kind == grant.AWS {
		f.AWS = &audit.AWS{RoleARN: order.Entitlement.AWS.RoleARN, SessionName: order.Grant.SessionName()}
		if order.Entitlement.AWS.SourceIdentity != policy.SourceIdentityInherit {
			f.AWS.SourceIdentity = audit.EscapeID(order.Grant.Principal)
		}
		return f
	}
	f.SSH = &audit.SSH{
		KeyID:       order.Grant.SSHKeyID(),
		Serial:      uint64(len(i.prepared)),
		Fingerprint: "SHA256:fake" + string(order.Grant.ID),
		CA:          "SHA256:fakeca",
		Principals:  slices.Clone(order.Entitlement.SSH.Logins),
	}
	return f
}

// minting is one order that the fake has accepted.
type minting struct {
	issuer *Issuer
	order  credential.Order
	facts  credential.Facts
}

// Facts are what the record tells.
func (m *minting) Facts() credential.Facts { return m.facts }

// Mint obeys the levers of the issuer. A context that ended before it began
// mints nothing; one that ends while the issuer works loses the answer.
func (m *minting) Mint(ctx context.Context) (credential.Credential, error) {
	if err := ctx.Err(); err != nil {
		return credential.Credential{}, fault.Wrap(fault.Cancelled, err, "the request was stopped before anything was minted")
	}
	i := m.issuer
	i.mu.Lock()
	refuse, lose, held := i.refuse, i.lose, i.held
	if refuse == nil {
		i.minted = append(i.minted, m.order)
	}
	i.mu.Unlock()
	select {
	case i.asked <- struct{}{}:
	default: // nobody listens: a test that counts more than the buffer holds uses Minted
	}
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			lose = ctx.Err()
		}
	}
	switch {
	case refuse != nil:
		return credential.Credential{}, refuse
	case lose != nil:
		cause := fault.Wrap(fault.Issuer, lose, "the fake issuer did not answer")
		return credential.Credential{}, &credential.UnknownError{Err: cause}
	}
	return m.credential(), nil
}

// FakeSecretPrefix begins every secret that the fake mints, so that a test can
// search output for it.
const FakeSecretPrefix = "fakesecret"

func (m *minting) credential() credential.Credential {
	g, secret := m.order.Grant, credential.NewSecret(FakeSecretPrefix+string(m.order.Grant.ID))
	if e := m.order.Entitlement.AWS; e != nil {
		return credential.Credential{AWS: &credential.AWS{
			AccessKeyID:     "ASIAFAKE",
			SecretAccessKey: secret,
			SessionToken:    secret,
			ExpiresAt:       m.facts.Lease.ExpiresAt,
			RoleARN:         e.RoleARN,
			AssumedRoleARN:  e.RoleARN + "/" + g.SessionName(),
			Region:          e.Region,
		}}
	}
	return credential.Credential{SSH: &credential.SSH{
		PrivateKey:  secret,
		Certificate: "ssh-ed25519-cert-v01@openssh.com ZmFrZQ== " + m.facts.SSH.KeyID,
		Logins:      m.facts.SSH.Principals,
		Hosts:       m.order.Entitlement.SSH.Hosts,
		Serial:      m.facts.SSH.Serial,
		KeyID:       m.facts.SSH.KeyID,
		ExpiresAt:   m.facts.Lease.ExpiresAt,
	}}
}

// Callers is an access.Callers that always gives the same answer.
type Callers struct {
	Identity audit.Caller
	Err      error
}

// Caller returns Identity and Err.
func (c *Callers) Caller(context.Context) (audit.Caller, error) { return c.Identity, c.Err }
