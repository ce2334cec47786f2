package policy

import "time"

// The bounds of leases. Those of AWS are STS's own for AssumeRole: 900 seconds
// to 12 hours. Those of SSH are our choice: below a minute nobody can log in,
// and beyond a day access is no longer just in time.
const (
	minAWSLease = 15 * time.Minute
	maxAWSLease = 12 * time.Hour
	minSSHLease = time.Minute
	maxSSHLease = 24 * time.Hour
)

type bounds struct {
	min, max time.Duration
	whose    string
}

func leaseBounds(ent Entitlement) bounds {
	if ent.AWS != nil {
		return bounds{minAWSLease, maxAWSLease, "an AWS session"}
	}
	return bounds{minSSHLease, maxSSHLease, "an SSH certificate"}
}

// lease reads lease, both parts of which must be given.
func (f *file) lease(o object, what string, b bounds) Lease {
	e, ok := o.Find("lease")
	if !ok {
		f.Problem(o.At, "%s must have lease with default and max", what)
		return Lease{}
	}
	l := f.Object(e.Value, e.Key, "lease", "default", "max")
	if !l.OK {
		return Lease{}
	}
	byDefault, defaultOK := f.duration(l, "default", b)
	longest, maxOK := f.duration(l, "max", b)
	if defaultOK && maxOK && byDefault > longest {
		f.Problem(l.Get("default"), "the default lease %s is longer than the max %s", Short(byDefault), Short(longest))
	}
	return Lease{Default: byDefault, Max: longest}
}

func (f *file) duration(l object, key string, b bounds) (time.Duration, bool) {
	n := l.Get(key)
	if n == nil {
		f.Problem(l.At, "lease must have %s", key)
		return 0, false
	}
	d, ok := f.Duration(n, "lease."+key)
	switch {
	case !ok:
		return 0, false
	case d < b.min:
		f.Problem(n, "lease.%s %s is shorter than the %s that %s lasts at least", key, Short(d), Short(b.min), b.whose)
		return 0, false
	case d > b.max:
		f.Problem(n, "lease.%s %s is longer than the %s that %s lasts at most", key, Short(d), Short(b.max), b.whose)
		return 0, false
	}
	return d, true
}
