package tui

import (
	"cmp"
	"slices"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/policy"
)

// openness is how far an entitlement is from being given, best last.
type openness int

const (
	locked       openness = iota
	wantDuration          // another duration than the default may unlock it
	wantReason            // a reason may unlock it
	unlocked
)

// openness tells what a decision, made on the reason and the duration that are
// known, leaves to be hoped for.
func (m *picker) openness(d policy.Decision) openness {
	switch {
	case d.Allowed:
		return unlocked
	case !d.OnlyWhen():
		return locked
	case m.o.Policy.ReadsReason(d.Entitlement):
		return wantReason
	case m.o.Policy.ReadsDuration(d.Entitlement) && m.o.Known.TTL == 0:
		return wantDuration
	}
	return locked
}

// opens is how open the most open of a ticket's entitlements is.
func (m *picker) opens(c access.Candidate) openness {
	best := locked
	for _, d := range c.Decisions {
		best = max(best, m.openness(d))
	}
	return best
}

// byOpenness puts decisions into order, the open ones first.
func (m *picker) byOpenness(all []policy.Decision) []policy.Decision {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b policy.Decision) int { return cmp.Compare(m.openness(b), m.openness(a)) })
	return sorted
}

func (m *picker) firstOpen(all []policy.Decision) int {
	return slices.IndexFunc(all, func(d policy.Decision) bool { return m.openness(d) != locked })
}

// ofKnown decides anew where a reason is known already, since tickets are found
// without one.
func (m *picker) ofKnown(c access.Candidate) access.Candidate {
	if m.o.Known.Reason == "" {
		return c
	}
	decided := make([]policy.Decision, len(c.Decisions))
	for i, d := range c.Decisions {
		decided[i] = m.o.Decide(c, d.Entitlement, 0, m.o.Known.Reason)
	}
	c.Decisions = decided
	return c
}

// judge decides anew with the duration and the reason as they are typed, so
// that a policy which refuses them says so before they are sent.
func (m *picker) judge() {
	if m.stage != stageDuration && m.stage != stageReason {
		return
	}
	ttl, problem := m.typedDuration()
	if problem != "" {
		ttl = 0 // said on its own; what the default would do is of more use than a repeat
	}
	m.judged = m.o.Decide(m.ticket, m.choice.Entitlement, ttl, m.reason.String())
}

// refused words a refusal of what was typed.
func (m *picker) refused() string {
	if m.reason.String() == "" && m.stage == stageReason && m.openness(m.judged) == wantReason {
		return "the policy wants a reason for " + m.choice.Entitlement
	}
	return "the policy refuses that for " + m.choice.Entitlement
}

// verdict tells how the policy takes what is typed. Where no expression of the
// policy could care, there is nothing to tell.
func (m *picker) verdict() []told {
	if m.entitlement().When == "" {
		return nil
	}
	open := m.openness(m.judged)
	if open == wantDuration || open == wantReason && m.reason.String() != "" {
		open = locked // what could unlock it is given, and does not
	}
	return append([]told{{m.paint.verdict(open, m.width), m.choice.Entitlement}}, m.fails(m.judged)...)
}

// fails is what stands in the way of an entitlement, with advice.
func (m *picker) fails(d policy.Decision) []told {
	var lines []told
	fails, _ := reasons(d)
	for _, r := range fails {
		lines = append(lines, told{text: "  - " + r.Text})
		if r.Hint != "" {
			lines = append(lines, told{text: "      " + r.Hint})
		}
	}
	return lines
}
