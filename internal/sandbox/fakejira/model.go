// Package fakejira is a Jira for the sandbox and for tests: the calls of API
// version 2 that jit makes, in the shapes of Cloud and of Data Center, over a
// store that tests can change. It is seeded with people and tickets; see New.
package fakejira

import "time"

// Edition is the kind of Jira.
type Edition int

// The editions.
const (
	Cloud Edition = iota
	DataCenter
)

// User is an account.
type User struct {
	// ID is accountId on Cloud and key on Data Center.
	ID       string
	Name     string // login name, which only Data Center shows
	Display  string
	Email    string
	Type     string // Cloud's accountType; "" is atlassian
	Groups   []string
	Inactive bool
	// ShowEmail sends the e-mail to others than the user themselves.
	ShowEmail bool
}

// Token is what a client logs in with: with the user's e-mail by Basic on
// Cloud, by itself as Bearer on Data Center.
type Token struct {
	Value  string
	UserID string
	// Scopes, where not nil, make it a scoped token, good only at the gateway.
	Scopes  []string
	Expired bool
	// Captcha locks the account until a browser has logged in.
	Captcha bool
}

// Project holds issues.
type Project struct {
	ID, Key, Name string
	Public        bool // shown to anonymous callers
}

// Status is a state of an issue.
type Status struct {
	ID, Name string
	// Untranslated is the name as it was made; "" leaves it out, as Data Center
	// does.
	Untranslated string
	Category     string // key: new, indeterminate, done or undefined
	ProjectID    string // of a status that belongs to one project; "" is global
}

// Issue is a ticket. People are given by their ids, "" for nobody.
type Issue struct {
	ID, Key, Project            string // Project is a key
	Type, Summary, Status       string // Status is an id
	Priority                    string // a name, or ""
	Labels, Components          []string
	Assignee, Reporter, Creator string
	Created, Updated            time.Time
	Due                         string // a date such as 2026-03-04, or ""
	Archived                    bool
	Hidden                      bool           // nobody may see it
	Custom                      map[string]any // by field id
	// Broken are fields that fail to load: absent from the answer, or an error
	// with failFast=true.
	Broken  []string
	History []Change // oldest first
	// Former are keys that it had before it was moved, which still find it.
	Former []string
}

// Change is one entry of an issue's changelog.
type Change struct {
	ID     string
	Author string // a user's id
	At     time.Time
	Items  []Item
}

// Item is one field of a change. From and To are ids or keys, "" for null.
type Item struct {
	Field          string
	From, FromText string
	To, ToText     string
}
