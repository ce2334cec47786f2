package cmd

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/policydiff"
)

type diffJSON struct {
	Entitlements []entitlementDiffJSON `json:"entitlements"`
	Decisions    []decisionDiffJSON    `json:"decisions"`
	Decided      int                   `json:"decided"` // decisions that were compared
	Changed      bool                  `json:"changed"`
	Widened      bool                  `json:"widened"`
}

type entitlementDiffJSON struct {
	Entitlement string           `json:"entitlement"`
	Change      string           `json:"change"` // added, removed or changed
	Effect      string           `json:"effect"` // wider, narrower, unclear or neither
	Keys        []policydiff.Key `json:"keys"`
}

type decisionDiffJSON struct {
	Ticket      string      `json:"ticket"` // the key, or the name of the case
	Entitlement string      `json:"entitlement"`
	Effect      string      `json:"effect"`
	Old         decidedJSON `json:"old"`
	New         decidedJSON `json:"new"`
}

func (a *app) printDiff(d policydiff.Diff, asJSON bool) error {
	if asJSON {
		return writeJSON(a.io.Out, toDiffJSON(d))
	}
	out := a.io.Out
	if d.Empty() {
		fmt.Fprintf(out, "nothing changes, in %d decisions neither\n", d.Decided)
		return nil
	}
	for _, e := range d.Entitlements {
		switch e.What {
		case policydiff.Added:
			fmt.Fprintf(out, "+ %s  %s\n", e.Name, words(e.Effect))
		case policydiff.Removed:
			fmt.Fprintf(out, "- %s  %s\n", e.Name, words(e.Effect))
		}
		for _, k := range e.Keys {
			fmt.Fprintf(out, "~ %s  %s: %s -> %s  %s\n", e.Name, k.Name, short(k.Old), short(k.New), words(k.Effect))
		}
	}
	for _, c := range d.Decisions {
		fmt.Fprintf(out, "! %s  %s: %s -> %s  %s\n", c.Entitlement, shown(c.Subject), inWords(c.Old), inWords(c.New), words(c.Effect))
	}
	fmt.Fprintf(out, "%d entitlements change, and %d of %d decisions\n", len(d.Entitlements), len(d.Decisions), d.Decided)
	return nil
}

func toDiffJSON(d policydiff.Diff) diffJSON {
	out := diffJSON{
		Entitlements: []entitlementDiffJSON{}, Decisions: []decisionDiffJSON{},
		Decided: d.Decided, Changed: !d.Empty(), Widened: d.Widens(),
	}
	for _, e := range d.Entitlements {
		keys := append([]policydiff.Key{}, e.Keys...)
		out.Entitlements = append(out.Entitlements, entitlementDiffJSON{e.Name, e.What, string(e.Effect), keys})
	}
	for _, c := range d.Decisions {
		out.Decisions = append(out.Decisions, decisionDiffJSON{c.Subject, c.Entitlement, string(c.Effect), decided(c.Old), decided(c.New)})
	}
	return out
}

func words(e policydiff.Effect) string {
	switch e {
	case policydiff.Unclear:
		return "may be wider"
	case policydiff.Neither:
		return "neither wider nor narrower"
	}
	return string(e)
}

// longestValue is how much of a value a line shows; the rest is in the file.
const longestValue = 120

func short(value string) string {
	value = strings.Join(strings.Fields(value), " ")
	if r := []rune(value); len(r) > longestValue {
		value = string(r[:longestValue]) + "…"
	}
	return cmp.Or(shown(value), "none")
}

// inWords is a decision in a few words.
func inWords(d policy.Decision) string {
	told := decided(d)
	switch {
	case !told.Allowed:
		return "deny for " + strings.Join(told.Reasons, ", ")
	case told.NotAfter != "":
		return "allow for " + policy.Short(d.TTL) + ", not after " + told.NotAfter
	}
	return "allow for " + policy.Short(d.TTL)
}
