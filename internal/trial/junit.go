package trial

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// The elements and attributes are those of the schema that Jenkins' xUnit plugin
// publishes (junit-10.xsd), which the others read too. There is no time: what is
// measured differs with every run, and files that do not differ can be compared.
type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Cases    []testcase `xml:"testcase"`
}

type testcase struct {
	Name      string    `xml:"name,attr"`
	Classname string    `xml:"classname,attr"`
	Failure   *failure  `xml:"failure"`
	Skipped   *struct{} `xml:"skipped"`
}

type failure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes results as JUnit XML: a suite a file of cases, in which cases
// that were not run are skipped.
func WriteJUnit(w io.Writer, results []Result) error {
	all := suites{Name: "jit policy test"}
	for _, r := range results {
		problems, ran := r.byCase()
		for _, f := range r.Files {
			s := suite{Name: f.Name}
			for _, c := range f.Cases {
				s.add(c, problems[c], ran[c])
			}
			all.Tests, all.Failures = all.Tests+s.Tests, all.Failures+s.Failures
			all.Suites = append(all.Suites, s)
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// byCase are the lines about each case that failed, and the cases that were run.
func (r Result) byCase() (problems map[*Case][]string, ran map[*Case]bool) {
	problems, ran = map[*Case][]string{}, map[*Case]bool{}
	for _, o := range r.Outcomes {
		ran[o.Case] = true
		if o.Problem != "" {
			problems[o.Case] = append(problems[o.Case], o.Expectation.Entitlement+": "+o.Problem)
		}
	}
	return problems, ran
}

func (s *suite) add(c *Case, problems []string, ran bool) {
	// Viewers make a tree of the dots of a class name.
	t := testcase{Name: c.Name, Classname: strings.ReplaceAll(s.Name, ".", "_")}
	s.Tests++
	switch {
	case !ran:
		s.Skipped++
		t.Skipped = &struct{}{}
	case len(problems) > 0:
		s.Failures++
		t.Failure = &failure{
			Type: "policy", Message: problems[0],
			Text: fmt.Sprintf("%s:%d:%d\n%s", c.File, c.Line, c.Col, strings.Join(problems, "\n")),
		}
	}
	s.Cases = append(s.Cases, t)
}
