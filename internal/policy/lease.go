package policy

import (
	"time"

	"go.yaml.in/yaml/v4"
)

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
	e, ok := o.find("lease")
	if !ok {
		f.problem(o.at, "%s must have lease with default and max", what)
		return Lease{}
	}
	l := f.object(e.value, e.key, "lease", "default", "max")
	if !l.ok {
		return Lease{}
	}
	byDefault, defaultOK := f.duration(l, "default", b)
	longest, maxOK := f.duration(l, "max", b)
	if defaultOK && maxOK && byDefault > longest {
		f.problem(l.get("default"), "the default lease %s is longer than the max %s", Short(byDefault), Short(longest))
	}
	return Lease{Default: byDefault, Max: longest}
}

func (f *file) duration(l object, key string, b bounds) (time.Duration, bool) {
	n := l.get(key)
	if n == nil {
		f.problem(l.at, "lease must have %s", key)
		return 0, false
	}
	d, ok := f.parseDuration(n, "lease."+key)
	switch {
	case !ok:
		return 0, false
	case d < b.min:
		f.problem(n, "lease.%s %s is shorter than the %s that %s lasts at least", key, Short(d), Short(b.min), b.whose)
		return 0, false
	case d > b.max:
		f.problem(n, "lease.%s %s is longer than the %s that %s lasts at most", key, Short(d), Short(b.max), b.whose)
		return 0, false
	}
	return d, true
}

func (f *file) parseDuration(n *yaml.Node, what string) (time.Duration, bool) {
	n, ok := f.resolve(n)
	if !ok {
		return 0, false
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		d, err := time.ParseDuration(n.Value)
		if err == nil && d > 0 && d%time.Second == 0 {
			return d, true
		}
	}
	f.problem(n, "%s must be a duration in whole seconds, such as 30m or 1h30m, not %s", what, kindOf(n))
	return 0, false
}
