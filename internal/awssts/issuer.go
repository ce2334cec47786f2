// Package awssts mints AWS sessions: it finds the base credentials, assumes an
// entitlement's role with the grant in the session's name and tags, and turns
// every answer of STS into a sentence about what to change.
package awssts

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/pkg/audit"
)

// DefaultTimeout limits one exchange with STS. Fetching the base credentials is
// not part of it, since a person may have to answer for them.
const DefaultTimeout = 20 * time.Second

// API is the part of the STS client that the issuer uses. An implementation
// must apply the options of a call, as *sts.Client does: they tell whether a
// request left the machine.
type API interface {
	GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
	AssumeRole(context.Context, *sts.AssumeRoleInput, ...func(*sts.Options)) (*sts.AssumeRoleOutput, error)
}

// NewClient returns the STS client of cfg. It does no I/O, and refuses the
// endpoints that CheckEndpoints refuses.
func NewClient(ctx context.Context, cfg aws.Config) (*sts.Client, error) {
	if err := CheckEndpoints(ctx, cfg); err != nil {
		return nil, err
	}
	return sts.NewFromConfig(cfg), nil
}

// Options are what an Issuer needs. Client and Now are required.
type Options struct {
	Client API
	Now    func() time.Time
	// MFAPrompt is asked for entitlements with an MFA serial whose order has
	// no code; nil where there is nobody to ask.
	MFAPrompt MFAPrompt
	// Region is the config's, for entitlements that name none; it goes into
	// the credential, not into the call.
	Region string
	// Profile is the base profile's name for hints; "" for none.
	Profile string
	// Timeout limits one exchange with STS; zero takes DefaultTimeout.
	Timeout time.Duration
}

// Issuer mints AWS sessions. It is safe for concurrent use.
type Issuer struct {
	o      Options
	caller callerFlight
}

// New returns an issuer. It does no I/O.
func New(o Options) *Issuer {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	return &Issuer{o: o}
}

// Prepare finds out who calls, asks for the MFA code where one is needed, and
// settles the lease and everything else that the record tells. It fails with
// class Usage for a missing or malformed MFA code and a lease under MinSession,
// Config for tags that the entitlement must not set, Auth for a clock that is
// minutes off, and with those of Caller.
//
// Where less than MinSession of the lease is left, which is STS's shortest
// session, the lease begins now instead; it never becomes longer.
func (i *Issuer) Prepare(ctx context.Context, order credential.Order) (credential.Minting, error) {
	e := order.Entitlement
	if order.Grant.Kind != grant.AWS || e.AWS == nil || e.SSH != nil {
		return nil, fault.New(fault.Internal, "an order of kind %q reached the issuer of AWS sessions", order.Grant.Kind)
	}
	if err := checkTags(e); err != nil {
		return nil, err
	}
	caller, err := i.Caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := i.checkClock(); err != nil {
		return nil, err
	}
	code, err := i.code(ctx, order)
	if err != nil {
		return nil, err
	}
	term, err := settle(order.Grant.Lease, order.NotAfter, i.o.Now(), chained(caller.ARN))
	if err != nil {
		return nil, err
	}
	m := &minting{issuer: i, caller: caller, input: input(order, code, term.seconds), region: e.AWS.Region}
	if !term.denied.IsZero() {
		if m.input.Policy, err = deadline(e.AWS, term.denied); err != nil {
			return nil, err
		}
		m.longer = time.Duration(term.seconds)*time.Second - term.lease.ExpiresAt.Sub(i.o.Now())
	}
	if m.region == "" {
		m.region = i.o.Region
	}
	m.facts = credential.Facts{
		Lease:   term.lease,
		Notices: term.notices,
		AWS: &audit.AWS{
			RoleARN:        e.AWS.RoleARN,
			SessionName:    aws.ToString(m.input.RoleSessionName),
			SourceIdentity: aws.ToString(m.input.SourceIdentity),
		},
	}
	return m, nil
}
