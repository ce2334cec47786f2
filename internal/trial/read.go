package trial

import (
	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/policy/strict"
	"github.com/jitaccess/jit/internal/ticket"
)

// reader reads one file of cases.
type reader struct {
	*strict.Reader
	tickets  map[string]draft
	everyone people
	defaults Case
	seen     map[string]int // names of cases, with their lines
}

// Parse reads files of cases. The error is of class Config and has all mistakes
// of all files, as strict.Errors.
func Parse(sources []strict.Source) ([]*File, error) {
	var problems strict.Problems
	files := make([]*File, 0, len(sources))
	for _, s := range sources {
		if f := parse(s, &problems); f != nil {
			files = append(files, f)
		}
	}
	return files, problems.Err("correct the cases; jit policy schema --tests prints what an editor can check them by")
}

func parse(s strict.Source, problems *strict.Problems) *File {
	doc := strict.Read(s, "a test", problems)
	if doc == nil {
		return nil
	}
	r := &reader{Reader: doc, tickets: map[string]draft{}, seen: map[string]int{}}
	r.defaults = Case{principal: defaultPrincipal, at: defaultAt()}
	top := r.Object(r.Root, r.Root, "the file", "tests", "people", "tickets", "defaults", "cases")
	if !top.OK {
		return nil
	}
	r.version(top, s.Data)
	r.everyone = people{}
	if n := top.Get("people"); n != nil {
		r.everyone = r.people(n, nil)
	}
	if n := top.Get("tickets"); n != nil {
		r.namedTickets(n)
	}
	if e, ok := top.Find("defaults"); ok {
		o := r.Object(e.Value, e.Key, "defaults", "ticket", "principal", "at", "ttl", "reason")
		r.scene(o, &r.defaults)
	}
	// A case with another principal is about somebody else's ticket.
	r.defaults.owner = r.defaults.principal
	f := &File{Name: s.Name}
	n := top.Get("cases")
	if n == nil {
		r.Problem(top.At, "a file of tests must have cases")
		return f
	}
	f.Cases = each(r, n, "cases", r.oneCase)
	if len(f.Cases) == 0 {
		r.Problem(n, "cases is empty")
	}
	return f
}

// version wants tests: 1 at the very beginning, where a policy's loader looks for
// it.
func (r *reader) version(top strict.Object, data []byte) {
	switch n := top.Get("tests"); {
	case n == nil || !policy.IsCases(data):
		r.Problem(top.At, "a file of tests must begin with tests: 1")
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int":
		r.Problem(n, "tests must be the number 1")
	case n.Value != "1":
		r.Problem(n, "tests %s is not supported by this version of jit, which reads tests 1", n.Value)
	}
}

// namedTickets reads tickets. Each may be like one above it.
func (r *reader) namedTickets(n *yaml.Node) {
	entries, _ := r.Mapping(n, "tickets")
	for _, e := range entries {
		r.tickets[e.Name] = r.ticket(e.Value, e.Key, draft{})
	}
}

// scene reads what a case and the defaults have alike.
func (r *reader) scene(o strict.Object, c *Case) {
	if e, ok := o.Find("ticket"); ok {
		c.ticket = r.ticket(e.Value, e.Key, c.ticket)
	}
	if n := o.Get("principal"); n != nil {
		it, _ := r.Text(n, "principal")
		c.principal = it.Value
	}
	if n := o.Get("at"); n != nil {
		c.at, _ = r.Moment(n, "at")
	}
	if n := o.Get("ttl"); n != nil {
		c.ttl, _ = r.Duration(n, "ttl")
	}
	if n := o.Get("reason"); n != nil {
		it, _ := r.AnyText(n, "reason")
		c.reason = it.Value
	}
}

func (r *reader) oneCase(n *yaml.Node) *Case {
	c := r.defaults
	c.File, c.Line, c.Col, c.people = r.Name, n.Line, n.Column, r.everyone
	o := r.Object(n, n, "a case", "name", "ticket", "principal", "people", "at", "ttl", "reason", "expect")
	if !o.OK {
		return &c
	}
	r.caseName(o, &c)
	if n := o.Get("people"); n != nil {
		c.people = r.people(n, r.everyone)
	}
	r.scene(o, &c)
	if e, ok := o.Find("expect"); ok {
		c.Expect = r.expect(e)
	} else {
		r.Problem(n, "a case must have expect: what is expected of each entitlement")
	}
	return &c
}

func (r *reader) caseName(o strict.Object, c *Case) {
	n := o.Get("name")
	if n == nil {
		r.Problem(o.At, "a case must have name")
		return
	}
	it, ok := r.Text(n, "name")
	if !ok {
		return
	}
	c.Name = it.Value
	if ticket.Clean(c.Name) != c.Name {
		r.Problem(n, "name must be one line without control characters")
	}
	if line, dup := r.seen[c.Name]; dup {
		r.Problem(n, "a case %.80q stands already at line %d", c.Name, line)
	}
	r.seen[c.Name] = n.Line
}

// expect reads what is expected of each entitlement.
func (r *reader) expect(e strict.Entry) []Expectation {
	entries, ok := r.Mapping(e.Value, "expect")
	if ok && len(entries) == 0 {
		r.Problem(e.Value, "expect is empty")
	}
	list := make([]Expectation, 0, len(entries))
	for _, e := range entries {
		x := Expectation{Entitlement: e.Name, line: e.Key.Line, col: e.Key.Column}
		if e.Name != Everything && !policy.IsEntitlementName(e.Name) {
			r.Problem(e.Key, "%.80q cannot name an entitlement; %q stands for all that the case does not name", e.Name, Everything)
		}
		r.verdict(e, &x)
		list = append(list, x)
	}
	return list
}
