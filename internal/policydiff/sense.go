package policydiff

import (
	"slices"
	"strconv"
	"time"

	"github.com/jitaccess/jit/internal/policy"
)

// sense tells which way a key goes that changes from some values to others.
type sense func(old, now []string) Effect

// about is a key that no access depends on.
func about(_, _ []string) Effect { return Neither }

// opaque is a key of which it cannot be told.
func opaque(_, _ []string) Effect { return Unclear }

// anyOf is a condition that one of the values meets; without any, everything does.
func anyOf(old, now []string) Effect {
	all := func(v []string) bool { return len(v) == 0 || len(v) == 1 && v[0] == policy.Any }
	switch {
	case all(old) && all(now):
		return Neither
	case all(now), !all(old) && contains(now, old):
		return Wider
	case all(old), contains(old, now):
		return Narrower
	}
	return Unclear
}

// given are values that are unlocked, or let through, each by itself.
func given(old, now []string) Effect {
	switch {
	case contains(now, old):
		return Wider
	case contains(old, now):
		return Narrower
	}
	return Unclear
}

func contains(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// demand is something that must hold besides; another one may be anything.
func demand(old, now []string) Effect {
	switch {
	case len(now) == 0:
		return Wider
	case len(old) == 0:
		return Narrower
	}
	return Unclear
}

// other, as an author, is anybody but the principal, and so any member of a group.
const other = "other"

func author(old, now []string) Effect {
	switch {
	case len(old) > 0 && old[0] == other && len(now) > 0:
		return Narrower
	case len(now) > 0 && now[0] == other && len(old) > 0:
		return Wider
	}
	return demand(old, now)
}

// longest is a duration: a longer one is wider.
func longest(old, now []string) Effect {
	was, err := time.ParseDuration(old[0])
	is, errNow := time.ParseDuration(now[0])
	if err != nil || errNow != nil {
		return Unclear
	}
	return when(is > was)
}

// most is a number of things that are demanded: a higher one is narrower.
func most(old, now []string) Effect {
	if len(old) == 0 || len(now) == 0 {
		return demand(old, now)
	}
	was, err := strconv.Atoi(old[0])
	is, errNow := strconv.Atoi(now[0])
	if err != nil || errNow != nil {
		return Unclear
	}
	return when(is < was)
}

// fewest is a number that may be reached: a higher one, or none, is wider.
func fewest(old, now []string) Effect {
	switch most(old, now) {
	case Unclear:
		return Unclear
	case Wider:
		if len(now) == 0 {
			return Wider
		}
		return Narrower
	}
	if len(old) == 0 {
		return Narrower
	}
	return Wider
}

// pause is a time to wait: a longer one is narrower.
func pause(old, now []string) Effect {
	if len(old) == 0 || len(now) == 0 {
		return demand(old, now)
	}
	if longest(old, now) == Wider {
		return Narrower
	}
	return Wider
}
