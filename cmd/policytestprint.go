package cmd

import (
	"fmt"
	"text/tabwriter"

	"github.com/jitaccess/jit/internal/trial"
)

type testedJSON struct {
	Path    string        `json:"path"`
	Hash    string        `json:"hash"`
	Cases   int           `json:"cases"`
	Failed  int           `json:"failed"`
	Results []outcomeJSON `json:"results"`
	Covered int           `json:"covered"` // percent
	Cover   []trial.Cover `json:"cover"`
}

// outcomeJSON is one entitlement in one case.
type outcomeJSON struct {
	Name        string `json:"name"`
	File        string `json:"file"`
	Line        int    `json:"line"`
	Column      int    `json:"column"`
	Entitlement string `json:"entitlement"`
	OK          bool   `json:"ok"`
	Problem     string `json:"problem,omitempty"`
	decidedJSON
}

func (t testedPolicy) json() testedJSON {
	failed, of := t.Failed()
	out := testedJSON{
		Path: t.path, Hash: t.policy.Hash, Cases: of, Failed: failed, Results: []outcomeJSON{},
		Covered: trial.Percent(t.Cover), Cover: t.Cover,
	}
	for _, o := range t.Outcomes {
		out.Results = append(out.Results, outcomeJSON{
			o.Case.Name, o.Case.File, o.Case.Line, o.Case.Col, o.Expectation.Entitlement, o.Problem == "", o.Problem, decided(o.Got),
		})
	}
	return out
}

func (a *app) printTested(tested []testedPolicy, o *policyTestOptions) error {
	if o.json {
		all := make([]testedJSON, 0, len(tested))
		for _, t := range tested {
			all = append(all, t.json())
		}
		return writeJSON(a.io.Out, all)
	}
	for _, t := range tested {
		for _, out := range t.Outcomes {
			if out.Problem != "" {
				c := out.Case
				fmt.Fprintf(a.io.Out, "FAIL  %s:%d:%d: %s: %s: %s\n", c.File, c.Line, c.Col, c.Name, out.Expectation.Entitlement, out.Problem)
			}
		}
		if o.cover {
			a.printCover(t.Cover)
		}
		failed, of := t.Failed()
		percent, short := trial.Percent(t.Cover), ""
		if percent < o.coverMin {
			short = fmt.Sprintf(", and %d %% is the least", o.coverMin)
		}
		fmt.Fprintf(a.io.Out, "%s: %d of %d cases passed, %d %% covered%s\n", t.path, of-failed, of, percent, short)
	}
	return nil
}

// printCover prints a table, in which what no case shows stands out.
func (a *app) printCover(covers []trial.Cover) {
	w := tabwriter.NewWriter(a.io.Out, 0, 0, 2, ' ', 0)
	for _, c := range covers {
		fmt.Fprintf(w, "%s\tallowed %d\tdenied %d%s\n", c.Entitlement, c.Allowed, c.Denied, missing(c.Allowed, c.Denied, "it is allowed", "it is denied"))
		for _, cond := range c.Conditions {
			fmt.Fprintf(w, "  %s\tholds %d\tfails %d%s\n", cond.Code, cond.Held, cond.Failed, missing(cond.Held, cond.Failed, "it holds", "it fails"))
		}
	}
	_ = w.Flush() // what cannot be written is told once, at the end
}

// missing is the last cell of a row, if it has one.
func missing(yes, no int, whenYes, whenNo string) string {
	switch {
	case yes == 0 && no == 0:
		return "\t- no case"
	case yes == 0:
		return "\t- no case in which " + whenYes
	case no == 0:
		return "\t- no case in which " + whenNo
	}
	return ""
}
