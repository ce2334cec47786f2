// Package policydiff tells what changes between two policies: which entitlements,
// which of their keys, and, for tickets that are given, which decisions. Of each
// change it says whether it can let more in.
package policydiff

import (
	"slices"
	"time"

	"github.com/jitaccess/jit/internal/policy"
)

// Effect says which way a change goes.
type Effect string

// The effects. What cannot be told to be narrower is Unclear, and is to be taken
// for wider where that matters.
const (
	Wider    Effect = "wider"
	Narrower Effect = "narrower"
	Unclear  Effect = "unclear"
	Neither  Effect = "neither" // no access depends on it
)

// Diff is all that changes.
type Diff struct {
	Entitlements []Entitlement // by name
	Decisions    []Decision    // in the order of the subjects
	Decided      int           // how many decisions were compared
}

// Entitlement is an entitlement that was added, removed or changed.
type Entitlement struct {
	Name   string
	Effect Effect
	What   string // added, removed or changed
	Keys   []Key  // that changed, in the order of the documentation
}

// The values of What.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// Key is one key of an entitlement with its values as text; "" is none.
type Key struct {
	Name   string `json:"key"`
	Old    string `json:"old"`
	New    string `json:"new"`
	Effect Effect `json:"effect"`
}

// Subject is a ticket at some time, seen by somebody, as a policy asks about it.
type Subject struct {
	Name  string
	Input func(*policy.Policy) policy.Input
}

// Decision is a decision that changes.
type Decision struct {
	Subject     string
	Entitlement string
	Old, New    policy.Decision
	Effect      Effect
}

// Compare tells what changes from one policy to another.
func Compare(before, after *policy.Policy, subjects []Subject) Diff {
	var d Diff
	for _, name := range names(before, after) {
		old, was := before.Entitlement(name)
		now, is := after.Entitlement(name)
		switch {
		case !was:
			d.Entitlements = append(d.Entitlements, Entitlement{Name: name, Effect: Wider, What: Added})
		case !is:
			d.Entitlements = append(d.Entitlements, Entitlement{Name: name, Effect: Narrower, What: Removed})
		default:
			if e, changed := compare(old, now); changed {
				d.Entitlements = append(d.Entitlements, e)
			}
		}
	}
	for _, s := range subjects {
		d.decide(before, after, s)
	}
	return d
}

func names(policies ...*policy.Policy) []string {
	var all []string
	for _, p := range policies {
		for _, e := range p.Entitlements() {
			all = append(all, e.Name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// decide compares the decisions about one subject. An entitlement that a policy
// does not have is denied by it.
func (d *Diff) decide(before, after *policy.Policy, s Subject) {
	old, now := s.Input(before), s.Input(after)
	for _, name := range names(before, after) {
		d.Decided++
		change := Decision{Subject: s.Name, Entitlement: name, Old: before.Decide(name, old), New: after.Decide(name, now)}
		if change.Effect = effect(change.Old, change.New); change.Effect != Neither {
			d.Decisions = append(d.Decisions, change)
		}
	}
}

// effect says which way a decision goes: whether anything is unlocked, then for
// how long, then until when at the most.
func effect(old, now policy.Decision) Effect {
	switch {
	case !old.Allowed && !now.Allowed:
		return Neither
	case old.Allowed != now.Allowed:
		return when(now.Allowed)
	case old.TTL != now.TTL:
		return when(now.TTL > old.TTL)
	case !old.NotAfter.Equal(now.NotAfter):
		return when(later(now.NotAfter, old.NotAfter))
	}
	return Neither
}

func when(wider bool) Effect {
	if wider {
		return Wider
	}
	return Narrower
}

// later reports whether a ends after b; the zero time is no end.
func later(a, b time.Time) bool { return !b.IsZero() && (a.IsZero() || a.After(b)) }

// Empty reports whether nothing changes.
func (d Diff) Empty() bool { return len(d.Entitlements) == 0 && len(d.Decisions) == 0 }

// Widens reports whether anything is, or may be, let in that was not.
func (d Diff) Widens() bool {
	for _, e := range d.Entitlements {
		if e.Effect == Wider || e.Effect == Unclear {
			return true
		}
	}
	return slices.ContainsFunc(d.Decisions, func(c Decision) bool { return c.Effect == Wider })
}
