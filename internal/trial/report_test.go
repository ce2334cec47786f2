package trial_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/jitaccess/jit/internal/trial"
)

func TestCoverCountsWhatACaseAsserts(t *testing.T) {
	t.Parallel()
	_, r := run(t, `  - {name: allowed, expect: {prod: allow}}
  - {name: one fails, ticket: {labels: []}, expect: {prod: deny}}
  - {name: named, ticket: {links: [], priority: P2}, expect: {prod: {deny: [linked, when]}}}
  - {name: two fail unnamed, ticket: {components: [], type: Task}, expect: {prod: deny}}
  - {name: wrong, ticket: {status: {name: Done, category: done}}, expect: {prod: allow}}
`)
	if len(r.Cover) != 2 || r.Cover[0].Entitlement != "bastion" || r.Cover[0].Allowed+r.Cover[0].Denied != 0 {
		t.Fatalf("%+v", r.Cover)
	}
	prod := r.Cover[1]
	if prod.Allowed != 1 || prod.Denied != 3 {
		t.Errorf("%+v", prod)
	}
	var failed, codes []string
	for _, c := range prod.Conditions {
		codes = append(codes, c.Code)
		if c.Failed > 0 {
			failed = append(failed, c.Code)
		}
		if c.Held == 0 {
			t.Errorf("%s never held", c.Code)
		}
	}
	if !slices.Equal(failed, []string{"labels", "linked", "when"}) {
		t.Errorf("failed %q", failed)
	}
	if want := "project type status labels components assignee reporter assigner status_by fields approvals linked window when lease"; strings.Join(codes, " ") != want {
		t.Errorf("conditions %q", codes)
	}
	// bastion: 0 of 2+2*4 (project, status_category, assignee, lease). prod: 2+15+3 of 2+2*15.
	if got := trial.Percent(r.Cover); got != 20*100/42 {
		t.Errorf("%d %%", got)
	}
	if trial.Percent(nil) != 0 {
		t.Error("nothing is covered by nothing")
	}
}

// elements are those of the schema junit-10.xsd, with their attributes and what
// may stand in them, as far as a report of ours can have it.
func elements() map[string]struct{ attributes, required, within []string } {
	type e = struct{ attributes, required, within []string }
	return map[string]e{
		"testsuites": {[]string{"name", "time", "tests", "failures", "errors"}, nil, []string{""}},
		"testsuite": {
			[]string{"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
			[]string{"name", "tests", "failures", "errors"},
			[]string{"testsuites"},
		},
		"testcase": {[]string{"name", "time", "classname", "group"}, []string{"name"}, []string{"testsuite"}},
		"failure":  {[]string{"message", "type"}, nil, []string{"testcase"}},
		"skipped":  {[]string{"message", "type"}, nil, []string{"testcase"}},
	}
}

// What is written is what the schema allows, and reads back as what was told.
func TestJUnit(t *testing.T) {
	t.Parallel()
	p := compiled(t, rules)
	files := parsed(t, good+`  - {name: 'allowed & <good> "quoted" é', expect: {prod: allow}}
  - {name: wrong, expect: {prod: deny, bastion: {deny: [project]}}}
  - {name: left out, expect: {prod: allow}}
`)
	r := trial.Run(p, files, func(name string) bool { return name != "left out" })
	var b bytes.Buffer
	if err := trial.WriteJUnit(&b, []trial.Result{r}); err != nil {
		t.Fatal(err)
	}
	checkElements(t, b.String())
	var got struct {
		Tests, Failures, Errors int `xml:",attr"`
		Suites                  []struct {
			Name                     string `xml:"name,attr"`
			Tests, Failures, Skipped int    `xml:",attr"`
			Cases                    []struct {
				Name    string    `xml:"name,attr"`
				Class   string    `xml:"classname,attr"`
				Skipped *struct{} `xml:"skipped"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	text := strings.NewReplacer("tests=", "Tests=", "failures=", "Failures=", "skipped=", "Skipped=").Replace(b.String())
	if err := xml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	s := got.Suites[0]
	if got.Tests != 3 || got.Failures != 1 || len(got.Suites) != 1 || s.Name != "p.test.yaml" || s.Tests != 3 || s.Failures != 1 || s.Skipped != 1 || len(s.Cases) != 3 {
		t.Fatalf("%s", b.String())
	}
	if c := s.Cases[0]; c.Name != `allowed & <good> "quoted" é` || c.Class != "p_test_yaml" || c.Failure != nil {
		t.Errorf("%+v", c)
	}
	const first, second = "prod: expected deny, got allow for 10m", "bastion: expected deny for project, got allow for 15m"
	if f := s.Cases[1].Failure; f == nil || f.Message != first || f.Text != "p.test.yaml:25:5\n"+first+"\n"+second {
		t.Errorf("%+v", f)
	}
	if s.Cases[2].Skipped == nil {
		t.Errorf("%+v", s.Cases[2])
	}
}

func checkElements(t *testing.T, text string) {
	t.Helper()
	d, stack := xml.NewDecoder(strings.NewReader(text)), []string{""}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.StartElement:
			known, ok := elements()[e.Name.Local]
			if !ok || !slices.Contains(known.within, stack[len(stack)-1]) {
				t.Errorf("<%s> in <%s>", e.Name.Local, stack[len(stack)-1])
			}
			var has []string
			for _, a := range e.Attr {
				has = append(has, a.Name.Local)
				if !slices.Contains(known.attributes, a.Name.Local) {
					t.Errorf("<%s> has %s", e.Name.Local, a.Name.Local)
				}
			}
			for _, name := range known.required {
				if !slices.Contains(has, name) {
					t.Errorf("<%s> lacks %s", e.Name.Local, name)
				}
			}
			stack = append(stack, e.Name.Local)
		}
	}
}
