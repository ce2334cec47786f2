package awssts

import (
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
)

// The limits of STS on the length of a session (API reference of AssumeRole,
// DurationSeconds).
const (
	MinSession     = 15 * time.Minute
	MaxSession     = 12 * time.Hour
	ChainedSession = time.Hour // for a caller that is itself an assumed role
)

// term is a lease as STS can give it.
type term struct {
	lease   grant.Lease
	seconds int32 // of the session
	// denied is when the session must be of no use any more though STS lets it hold
	// longer; the zero time where it ends with the lease.
	denied  time.Time
	notices []string
}

// settle caps a lease and says for how long to ask at now, so that the session
// ends with the lease and not later by the time since it began. A window that ends
// sooner than STS's shortest session would has the session denied from then on.
func settle(lease grant.Lease, notAfter, now time.Time, chained bool) (term, error) {
	if !notAfter.IsZero() && notAfter.Sub(now) < MinSession {
		return windowed(lease, notAfter, now)
	}
	if lease.TTL() < MinSession {
		return term{}, fault.New(fault.Usage, "an AWS session lasts at least %s, and %s was asked for", short(MinSession), short(lease.TTL())).
			WithHint("ask with --for %s or more", short(MinSession))
	}
	t := term{lease: lease}
	switch {
	case chained && lease.TTL() > ChainedSession:
		t.lease = grant.NewLease(lease.NotBefore, ChainedSession)
		t.notices = append(t.notices, "the lease is cut to "+short(ChainedSession)+
			", because the base credentials are themselves an assumed role and AWS gives such a caller no longer session")
	case lease.TTL() > MaxSession:
		t.lease = grant.NewLease(lease.NotBefore, MaxSession)
		t.notices = append(t.notices, "the lease is cut to "+short(MaxSession)+", which is the longest that an AWS session can be")
	}
	left := t.lease.ExpiresAt.Sub(now)
	if left < MinSession {
		// Jira, the caller's identity or a prompt took some of the shortest
		// session that there is: begin now, no longer than was allowed.
		t.lease = grant.NewLease(now, MinSession)
		left = MinSession
	}
	t.seconds = int32(min(left, t.lease.TTL()) / time.Second)
	return t, nil
}

// windowed is the term of a session that its window cuts short.
func windowed(lease grant.Lease, notAfter, now time.Time) (term, error) {
	end := notAfter.UTC().Truncate(time.Second)
	if lease.ExpiresAt.Before(end) {
		end = lease.ExpiresAt
	}
	if !now.Before(end) {
		return term{}, fault.New(fault.Usage, "the ticket's window ends at %s", end.Format("15:04:05 MST")).
			WithHint("ask within another window")
	}
	return term{lease: grant.Lease{NotBefore: lease.NotBefore, ExpiresAt: end}, seconds: int32(MinSession / time.Second), denied: end}, nil
}

// short writes a length of time to the second: 1h, 15m, 14m59s.
func short(d time.Duration) string { return policy.Short(d.Round(time.Second)) }
