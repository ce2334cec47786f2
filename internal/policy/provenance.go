package policy

import "go.yaml.in/yaml/v4"

// Provenance says who must have made the ticket what it is. Whoever is left out
// may be anybody.
type Provenance struct {
	Reporter Author // who filed it: reporter, creator, and who ever edited the reporter
	Assigner Author // who assigned it to whoever has it now
	StatusBy Author // who moved it to the status that it is in
	Fields   Author // who set every other field that the entitlement reads
	// Automation are the ids of accounts that are not people, such as that of
	// Jira's automation, and count as others all the same.
	Automation []string
}

// Author is a demand on whoever did something. The zero value demands nothing.
type Author struct {
	Other bool   // somebody other than the principal
	Group string // a member of this Jira group, and other than the principal
}

// Asked reports whether there is a demand.
func (a Author) Asked() bool { return a.Other || a.Group != "" }

// other, as an author, is anybody but the principal.
const other = "other"

// provenance reads ticket.provenance.
func (f *file) provenance(e entry) Provenance {
	var p Provenance
	o := f.Object(e.Value, e.Key, "provenance", "reporter", "assigner", "status_by", "fields", "automation")
	if !o.OK {
		return p
	}
	asked := false
	for key, author := range map[string]*Author{"reporter": &p.Reporter, "assigner": &p.Assigner, "status_by": &p.StatusBy, "fields": &p.Fields} {
		if n := o.Get(key); n != nil {
			*author, asked = f.author(n, key), true
		}
	}
	if !asked {
		f.Problem(o.At, "provenance asks for nothing; it takes reporter, assigner, status_by and fields")
	}
	if n := o.Get("automation"); n != nil {
		p.Automation = f.concrete(o, "automation", f.account)
	}
	return p
}

// author reads `other` or `{group: NAME}`.
func (f *file) author(n *yaml.Node, key string) Author {
	what := "provenance." + key
	if r, ok := f.Resolve(n); ok && r.Kind == yaml.MappingNode {
		o := f.Object(n, n, what, "group")
		if !o.OK {
			return Author{}
		}
		if o.Get("group") == nil {
			f.Problem(n, "%s must be %s, or have group", what, other)
			return Author{}
		}
		it, ok := f.Text(o.Get("group"), what+".group")
		if ok {
			f.trimmed("a group")(it)
		}
		return Author{Group: it.Value}
	}
	it, ok := f.Text(n, what)
	if ok && it.Value != other {
		f.Problem(it.Node, "%s must be %s, or {group: NAME}, not %.80q", what, other, it.Value)
	}
	return Author{Other: true}
}

// account refuses an id that no account of Jira can have.
func (f *file) account(it item) { f.trimmed("the id of an account")(it) }
