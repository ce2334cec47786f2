package trial

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/policy/strict"
)

const (
	allow = "allow"
	deny  = "deny"
)

// verdict reads `allow`, `deny`, `{allow: {for: DURATION, not_after: TIME}}` or
// `{deny: [CODE, …]}`.
func (r *reader) verdict(e strict.Entry, x *Expectation) {
	what := "what is expected of " + e.Name
	n, ok := r.Resolve(e.Value)
	if !ok {
		return
	}
	if n.Kind != yaml.MappingNode {
		it, ok := r.Text(n, what)
		if ok && it.Value != allow && it.Value != deny {
			r.Problem(n, "%s is allow, deny, {allow: {for: 30m}} or {deny: [status]}, not %.80q", what, it.Value)
		}
		x.Allow = it.Value == allow
		return
	}
	o := r.Object(n, n, what, allow, deny)
	if o.OK && len(o.Entries) != 1 {
		r.Problem(n, "%s must have allow or deny, and one of the two", what)
		return
	}
	if e, ok := o.Find(allow); ok {
		x.Allow = true
		r.terms(e, x)
	}
	if n := o.Get(deny); n != nil {
		x.Reasons = r.codes(n)
	}
}

// terms reads for how long something is allowed.
func (r *reader) terms(e strict.Entry, x *Expectation) {
	o := r.Object(e.Value, e.Key, allow, "for", "not_after")
	if !o.OK {
		return
	}
	if n := o.Get("for"); n != nil {
		x.TTL, _ = r.Duration(n, "for")
	}
	if n := o.Get("not_after"); n != nil {
		x.NotAfter, _ = r.Moment(n, "not_after")
	}
}

// codes reads the codes of reasons.
func (r *reader) codes(n *yaml.Node) []string {
	items, known := r.Texts(n, deny), policy.Codes()
	codes := make([]string, 0, len(items))
	for _, it := range items {
		if !slices.Contains(known, it.Value) {
			r.Problem(it.Node, "%.80q is not the code of a reason; there are %s", it.Value, strings.Join(known, ", "))
		}
		codes = append(codes, it.Value)
	}
	slices.Sort(codes)
	return codes
}
