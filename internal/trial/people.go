package trial

import (
	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/policy/strict"
	"github.com/jitaccess/jit/internal/ticket"
)

// personAccount is Cloud's account type of a person.
const personAccount = "atlassian"

// human is a person with the Jira groups they are in.
type human struct {
	ticket.Person
	groups []string
}

// people are those that a file says more of than an id, by id.
type people map[string]human

// find is the person of an id: a member of no group where nothing is said of them.
func (p people) find(id string) human {
	if h, ok := p[id]; ok {
		return h
	}
	return human{Person: ticket.Person{ID: id, Name: id, Type: personAccount}}
}

// person is the one that an id names; nil for nobody.
func (p people) person(id string) *ticket.Person {
	if id == "" {
		return nil
	}
	found := p.find(id).Person
	return &found
}

// people reads people over those known before.
func (r *reader) people(n *yaml.Node, before people) people {
	all := people{}
	for id, h := range before {
		all[id] = h
	}
	entries, _ := r.Mapping(n, "people")
	for _, e := range entries {
		all[e.Name] = r.human(e)
	}
	return all
}

func (r *reader) human(e strict.Entry) human {
	h := people{}.find(e.Name)
	o := r.Object(e.Value, e.Key, "a person", "name", "email", "type", "gone", "groups")
	if !o.OK {
		return h
	}
	r.set(o, "name", &h.Name)
	r.set(o, "email", &h.Email)
	r.set(o, "type", &h.Type)
	if n := o.Get("gone"); n != nil {
		h.Gone = r.Boolean(n, "gone")
	}
	if n := o.Get("groups"); n != nil {
		h.groups = r.list(n, "groups")
	}
	return h
}
