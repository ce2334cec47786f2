package iam_test

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/iam"
)

// request is what AWS knows of a call when it evaluates a policy.
type request struct {
	action, resource, caller string
	context                  map[string][]string
}

// allowed evaluates a document as the guide "Policy evaluation logic" of IAM says:
// a deny that applies wins, and without an allow that applies nothing is allowed.
// It knows the operators that the documents use.
func allowed(d iam.Document, r request) bool {
	ok := false
	for _, s := range d.Statement {
		if !applies(s, r) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		ok = true
	}
	return ok
}

func applies(s iam.Statement, r request) bool {
	switch who := s.Principal.(type) {
	case string:
		if who != "*" {
			return false
		}
	case map[string][]string:
		if !slices.Contains(who["AWS"], r.caller) {
			return false
		}
	}
	like := func(patterns []string, value string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return glob(r.filled(p), value) })
	}
	switch {
	case !like(s.Action, r.action),
		s.Resource != nil && !like(s.Resource, r.resource),
		s.NotResource != nil && like(s.NotResource, r.resource):
		return false
	}
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if !r.holds(operator, key, values) {
				return false
			}
		}
	}
	return true
}

func (r request) holds(operator, key string, values []string) bool {
	have := r.context[key]
	switch operator {
	case "Null":
		return (len(have) == 0) == (values[0] == "true")
	case "ForAllValues:StringEquals":
		return !slices.ContainsFunc(have, func(h string) bool { return !slices.Contains(values, h) })
	case "StringEquals", "Bool":
		return len(have) == 1 && slices.ContainsFunc(values, func(v string) bool { return r.filled(v) == have[0] })
	case "StringLike":
		return len(have) == 1 && slices.ContainsFunc(values, func(v string) bool { return glob(r.filled(v), have[0]) })
	}
	panic("an operator that the evaluator does not know: " + operator)
}

var variable = regexp.MustCompile(`\$\{([^}]+)\}`)

// filled puts the values of variables in; one without a value matches nothing.
func (r request) filled(s string) string {
	return variable.ReplaceAllStringFunc(s, func(v string) string {
		if have := r.context[v[2:len(v)-1]]; len(have) == 1 {
			return have[0]
		}
		return "\x00"
	})
}

func glob(pattern, value string) bool {
	p := regexp.QuoteMeta(pattern)
	p = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(p)
	return regexp.MustCompile(`^(?s:` + p + `)$`).MatchString(value)
}
