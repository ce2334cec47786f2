package trial

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/policy/strict"
)

// Outcome is how one expectation of a case came out.
type Outcome struct {
	Case        *Case
	Expectation Expectation // of one entitlement, never of Everything
	Got         policy.Decision
	Problem     string // what is other than expected; "" where nothing is
}

// Result is how a policy did.
type Result struct {
	Files    []*File
	Outcomes []Outcome // in the order of the files
	Cover    []Cover   // one an entitlement, by name
}

// Names tells expectations of entitlements that a policy does not have, all at
// once, as strict.Errors.
func Names(p *policy.Policy, files []*File) error {
	var problems strict.Problems
	for _, f := range files {
		for _, c := range f.Cases {
			c.names(p, &problems)
		}
	}
	return problems.Err("correct the cases, or name the policy that they are for")
}

func (c *Case) names(p *policy.Policy, problems *strict.Problems) {
	for _, x := range c.Expect {
		if _, ok := p.Entitlement(x.Entitlement); !ok && x.Entitlement != Everything {
			problems.Add(c.File, x.line, x.col, "the policy has no entitlement %q", x.Entitlement)
		}
	}
}

// Run decides about the cases whose name matches, and holds what is decided
// against what they expect.
func Run(p *policy.Policy, files []*File, match func(name string) bool) Result {
	r := Result{Files: files}
	for _, f := range files {
		for _, c := range f.Cases {
			if match(c.Name) {
				r.Outcomes = append(r.Outcomes, c.run(p)...)
			}
		}
	}
	r.Cover = cover(p, r.Outcomes)
	return r
}

func (c *Case) run(p *policy.Policy) []Outcome {
	in := c.Input(p)
	var outcomes []Outcome
	for _, x := range c.each(p) {
		got := p.Decide(x.Entitlement, in)
		outcomes = append(outcomes, Outcome{c, x, got, x.differs(got)})
	}
	return outcomes
}

// each are the expectations with Everything written out.
func (c *Case) each(p *policy.Policy) []Expectation {
	var list []Expectation
	named := map[string]bool{}
	for _, x := range c.Expect {
		named[x.Entitlement] = true
	}
	for _, x := range c.Expect {
		if x.Entitlement != Everything {
			list = append(list, x)
			continue
		}
		for _, e := range p.Entitlements() {
			if !named[e.Name] {
				one := x
				one.Entitlement = e.Name
				list = append(list, one)
			}
		}
	}
	return list
}

// differs says what is other than expected, and "" where nothing is.
func (x Expectation) differs(got policy.Decision) string {
	same := x.Allow == got.Allowed
	switch {
	case !same:
	case !x.Allow:
		same = x.Reasons == nil || slices.Equal(x.Reasons, Failing(got))
	default:
		same = (x.TTL == 0 || x.TTL == got.TTL) && (x.NotAfter.IsZero() || x.NotAfter.Equal(got.NotAfter))
	}
	if same {
		return ""
	}
	return "expected " + x.String() + ", got " + describe(x, got)
}

// Failing are the codes of what stands in the way, sorted and each once.
func Failing(d policy.Decision) []string {
	codes := []string{}
	for _, r := range d.Reasons {
		if !r.OK {
			codes = append(codes, r.Code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// String is the expectation in words.
func (x Expectation) String() string {
	switch {
	case !x.Allow && x.Reasons == nil:
		return deny
	case !x.Allow:
		return deny + " for " + strings.Join(x.Reasons, ", ")
	}
	return allowed(x.TTL, x.NotAfter)
}

// describe is a decision in the words of the expectation that it is held against.
func describe(x Expectation, d policy.Decision) string {
	if !d.Allowed {
		return deny + " for " + strings.Join(Failing(d), ", ")
	}
	if x.NotAfter.IsZero() {
		return allowed(d.TTL, time.Time{})
	}
	return allowed(d.TTL, d.NotAfter)
}

func allowed(ttl time.Duration, until time.Time) string {
	text := allow
	if ttl != 0 {
		text += " for " + policy.Short(ttl)
	}
	if !until.IsZero() {
		text += fmt.Sprintf(", not after %s", until.UTC().Format(time.RFC3339))
	}
	return text
}

// Failed is how many cases have an expectation that did not come true, of how
// many that were run.
func (r Result) Failed() (failed, of int) {
	cases := map[*Case]bool{}
	for _, o := range r.Outcomes {
		cases[o.Case] = cases[o.Case] || o.Problem != ""
	}
	for _, wrong := range cases {
		if wrong {
			failed++
		}
	}
	return failed, len(cases)
}
