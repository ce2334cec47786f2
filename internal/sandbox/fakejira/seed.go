package fakejira

import (
	"strconv"
	"strings"
	"time"
)

// The ids of the seeded statuses. In Progress is there twice, once for a
// project of its own, as on many real sites.
const (
	StatusToDo         = "10000"
	StatusInProgress   = "3"
	StatusDone         = "10001"
	StatusInReview     = "10002"
	StatusInProgressOf = "10042" // In Progress of the project OPS alone
)

// The seeded people, as accountIds and as Data Center keys.
const (
	Ada   = "712020:1b6f2a9c-7d3e-4c58-8a41-0f9e5d2c7b60"
	Bob   = "712020:2c7f3bad-8e4f-4d69-9b52-1a0f6e3d8c71"
	Carol = "712020:3d804cbe-9f50-4e7a-8c63-2b107f4e9d82"

	AdaKey   = "JIRAUSER10101"
	BobKey   = "JIRAUSER10102"
	CarolKey = "JIRAUSER10103"
)

// ID returns the id of a seeded user, by login name, in this edition.
func (e Edition) ID(name string) string {
	ids := map[string][2]string{"ada": {Ada, AdaKey}, "bob": {Bob, BobKey}, "carol": {Carol, CarolKey}}
	return ids[name][e]
}

// Email is the e-mail address of a seeded user.
func Email(name string) string { return name + "@acme.example" }

func (s *Server) seed() {
	e := s.opts.Edition
	groups := map[string][]string{"ada": {"jira-users", "sre"}, "bob": {"jira-users"}, "carol": {"jira-users", "jira-administrators"}}
	for _, name := range []string{"ada", "bob", "carol"} {
		s.users = append(s.users, User{
			ID: e.ID(name), Name: name, Display: strings.ToUpper(name[:1]) + name[1:] + " of Acme", Email: Email(name), Groups: groups[name],
		})
	}
	s.projects = []Project{{ID: "10000", Key: "DEMO", Name: "Demonstration"}, {ID: "10001", Key: "OPS", Name: "Operations"}}
	s.statuses = []Status{
		{ID: StatusToDo, Name: "To Do", Category: "new"},
		{ID: StatusInProgress, Name: "In Progress", Category: "indeterminate"},
		{ID: StatusInReview, Name: "In Review", Category: "indeterminate"},
		{ID: StatusDone, Name: "Done", Category: "done"},
		{ID: StatusInProgressOf, Name: "In Progress", Category: "indeterminate", ProjectID: "10001"},
	}
	if e == Cloud {
		for i := range s.statuses {
			s.statuses[i].Untranslated = s.statuses[i].Name
		}
	}
	s.seedIssues()
}

// seedIssues makes the tickets of the demonstration.
func (s *Server) seedIssues() {
	ada, bob, carol := s.opts.Edition.ID("ada"), s.opts.Edition.ID("bob"), s.opts.Edition.ID("carol")
	began := s.opts.Now().Add(-26 * time.Hour)
	for n, i := range []Issue{
		{
			Type: "Incident", Summary: "Checkout answers slowly in eu-west-1", Status: StatusInProgress, Priority: "P1",
			Assignee: ada, Labels: []string{"prod-access"}, Components: []string{"payments"},
		},
		{Type: "Incident", Summary: "Disk full on demo-host", Status: StatusDone, Priority: "P2", Assignee: ada},
		{Type: "Incident", Summary: "Certificate of the shop expires", Status: StatusInProgress, Priority: "P2", Assignee: bob},
		{Type: "Task", Summary: "Rotate the keys of the backup user", Status: StatusInProgress, Priority: "P3"},
		{
			Type: "Task", Summary: "\x1b]0;owned\x07\x1b[31mRed\x1b[0m alert\u202e\r\nof the \x9b2Jterminal", Status: StatusInProgress,
			Priority: "P3", Assignee: ada,
		},
	} {
		i.Project, i.Reporter, i.Created = "DEMO", carol, began.Add(time.Duration(n)*time.Minute)
		issue := s.addIssue(i)
		s.seedHistory(issue, carol)
	}
}

// seedHistory tells how a seeded issue came to its assignee and status.
func (s *Server) seedHistory(i *Issue, by string) {
	at := i.Created.Add(10 * time.Minute)
	if u := s.user(i.Assignee); u != nil {
		i.History = append(i.History, Change{
			ID: strconv.Itoa(s.newID()), Author: by, At: at,
			Items: []Item{{Field: "assignee", To: u.ID, ToText: u.Display}},
		})
	}
	from, to := s.status(StatusToDo), s.status(i.Status)
	i.Updated = at.Add(5 * time.Minute)
	i.History = append(i.History, Change{
		ID: strconv.Itoa(s.newID()), Author: by, At: i.Updated,
		Items: []Item{{Field: "status", From: from.ID, FromText: from.Name, To: to.ID, ToText: to.Name}},
	})
}
