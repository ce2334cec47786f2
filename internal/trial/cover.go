package trial

import "github.com/jitaccess/jit/internal/policy"

// Cover is what the cases show of one entitlement. Only what a case that passes
// asserts counts: what it would notice if it were otherwise.
type Cover struct {
	Entitlement string      `json:"entitlement"`
	Allowed     int         `json:"allowed"` // cases
	Denied      int         `json:"denied"`
	Conditions  []Condition `json:"conditions"`
}

// Condition is what the cases show of one condition, by the code of its reason.
type Condition struct {
	Code   string `json:"code"`
	Held   int    `json:"held"` // cases
	Failed int    `json:"failed"`
}

func cover(p *policy.Policy, outcomes []Outcome) []Cover {
	ents := p.Entitlements()
	covers := make([]Cover, 0, len(ents))
	for _, e := range ents {
		c := Cover{Entitlement: e.Name}
		for _, code := range e.Codes() {
			c.Conditions = append(c.Conditions, Condition{Code: code})
		}
		for _, o := range outcomes {
			if o.Expectation.Entitlement == e.Name && o.Problem == "" {
				c.count(o)
			}
		}
		covers = append(covers, c)
	}
	return covers
}

// count adds one case. A condition that failed is shown where the case names its
// code, or where nothing else failed: without it, the case would not pass.
func (c *Cover) count(o Outcome) {
	if o.Got.Allowed {
		c.Allowed++
	} else {
		c.Denied++
	}
	failing := Failing(o.Got)
	shown := o.Expectation.Reasons != nil || len(failing) == 1
	told := map[string]bool{} // codes, and whether they held
	for _, r := range o.Got.Reasons {
		ok, seen := told[r.Code]
		told[r.Code] = r.OK && (ok || !seen)
	}
	for i := range c.Conditions {
		held, seen := told[c.Conditions[i].Code]
		switch {
		case seen && held:
			c.Conditions[i].Held++
		case seen && shown:
			c.Conditions[i].Failed++
		}
	}
}

// Percent is how much of what there is to show is shown: of each entitlement that
// it is allowed and that it is denied, and of each condition that it holds and
// that it fails. It is rounded down, so that 100 means all.
func Percent(covers []Cover) int {
	shown, all := 0, 0
	for _, c := range covers {
		counts := []int{c.Allowed, c.Denied}
		for _, cond := range c.Conditions {
			counts = append(counts, cond.Held, cond.Failed)
		}
		for _, n := range counts {
			all++
			if n > 0 {
				shown++
			}
		}
	}
	if all == 0 {
		return 0
	}
	return shown * 100 / all
}
