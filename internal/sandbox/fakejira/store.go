package fakejira

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// AddUser adds an account, or replaces the one of this id.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.user(u.ID); old != nil {
		*old = u
		return
	}
	s.users = append(s.users, u)
}

// AddToken makes a token good, or replaces the one of this value.
func (s *Server) AddToken(t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = slices.DeleteFunc(s.tokens, func(o Token) bool { return o.Value == t.Value })
	s.tokens = append(s.tokens, t)
}

// AddProject adds a project.
func (s *Server) AddProject(p Project) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.projects = append(s.projects, p)
}

// AddStatus adds a status.
func (s *Server) AddStatus(st Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = append(s.statuses, st)
}

// AddIssue adds an issue and returns it, and its project where that is missing.
// What is left empty of id, key, type, status, creator and times gets a value.
func (s *Server) AddIssue(i Issue) Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.addIssue(i)
}

func (s *Server) addIssue(i Issue) *Issue {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&i.Project, "DEMO")
	if s.project(i.Project) == nil {
		s.projects = append(s.projects, Project{ID: strconv.Itoa(s.newID()), Key: i.Project, Name: i.Project})
	}
	set(&i.ID, strconv.Itoa(s.newID()))
	set(&i.Key, s.nextKey(i.Project))
	set(&i.Type, "Task")
	set(&i.Status, StatusToDo)
	set(&i.Creator, i.Reporter)
	if i.Created.IsZero() {
		i.Created = s.opts.Now()
	}
	if i.Updated.IsZero() {
		i.Updated = i.Created
	}
	s.issues = append(s.issues, &i)
	return &i
}

// Issue returns a copy of an issue, by key, former key or id.
func (s *Server) Issue(key string) (Issue, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(key); i != nil {
		return *i, true
	}
	return Issue{}, false
}

// Transition brings an issue into a status, given by id or untranslated name,
// on behalf of a user. It fails where issue or status do not exist.
func (s *Server) Transition(key, status, by string) error {
	return s.change(key, by, func(i *Issue) (Item, error) {
		to := s.status(status)
		if to == nil {
			return Item{}, fmt.Errorf("there is no status %q", status)
		}
		from := s.status(i.Status)
		i.Status = to.ID
		return Item{Field: "status", From: from.ID, FromText: from.Name, To: to.ID, ToText: to.Name}, nil
	})
}

// Assign gives an issue to a user, by id or login name, or to nobody for "".
func (s *Server) Assign(key, user, by string) error {
	return s.change(key, by, func(i *Issue) (Item, error) {
		to, from := s.user(user), s.user(i.Assignee)
		if to == nil && user != "" {
			return Item{}, fmt.Errorf("there is no user %q", user)
		}
		item := Item{Field: "assignee"}
		i.Assignee = ""
		if from != nil {
			item.From, item.FromText = from.ID, from.Display
		}
		if to != nil {
			item.To, item.ToText, i.Assignee = to.ID, to.Display, to.ID
		}
		return item, nil
	})
}

// Move puts an issue into another project, where it gets a new key; the old one
// still finds it. It returns the new key.
func (s *Server) Move(key, project, by string) (string, error) {
	moved := ""
	err := s.Edit(key, by, func(i *Issue) ([]Item, error) {
		from, to := s.project(i.Project), s.project(project)
		if to == nil {
			return nil, fmt.Errorf("there is no project %q", project)
		}
		old := i.Key
		i.Former = append(i.Former, old)
		i.Project, i.Key = project, s.nextKey(project)
		moved = i.Key
		return []Item{
			{Field: "project", From: from.ID, FromText: from.Name, To: to.ID, ToText: to.Name},
			{Field: "Key", FromText: old, ToText: moved},
		}, nil
	})
	return moved, err
}

// Label gives an issue other labels.
func (s *Server) Label(key string, labels []string, by string) error {
	return s.change(key, by, func(i *Issue) (Item, error) {
		from := strings.Join(i.Labels, " ")
		i.Labels = labels
		return Item{Field: "labels", FromText: from, ToText: strings.Join(labels, " ")}, nil
	})
}

// Prioritize gives an issue another priority, by name.
func (s *Server) Prioritize(key, priority, by string) error {
	return s.change(key, by, func(i *Issue) (Item, error) {
		from := i.Priority
		i.Priority = priority
		return Item{Field: "priority", From: priorityID(from), FromText: from, To: priorityID(priority), ToText: priority}, nil
	})
}

// Report names another reporter, by id or login name.
func (s *Server) Report(key, user, by string) error {
	return s.change(key, by, func(i *Issue) (Item, error) {
		to, from := s.user(user), s.user(i.Reporter)
		if to == nil || from == nil {
			return Item{}, fmt.Errorf("there is no user %q", user)
		}
		i.Reporter = to.ID
		return Item{Field: "reporter", From: from.ID, FromText: from.Display, To: to.ID, ToText: to.Display}, nil
	})
}

// Update changes an issue without a trace in its changelog. It reports whether
// the issue exists.
func (s *Server) Update(key string, edit func(*Issue)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(key)
	if i == nil {
		return false
	}
	edit(i)
	i.Updated = s.opts.Now()
	return true
}

// Delete removes an issue; it is no error if it is not there.
func (s *Server) Delete(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(key)
	s.issues = slices.DeleteFunc(s.issues, func(o *Issue) bool { return o == i })
}

// change edits one field of an issue and notes it in its changelog.
func (s *Server) change(key, by string, edit func(*Issue) (Item, error)) error {
	return s.Edit(key, by, func(i *Issue) ([]Item, error) {
		item, err := edit(i)
		return []Item{item}, err
	})
}

// Edit changes an issue on behalf of a user, by id or login name, and notes what
// edit returns as one entry of its changelog; edit runs under the server's lock.
func (s *Server) Edit(key, by string, edit func(*Issue) ([]Item, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(key)
	if i == nil {
		return fmt.Errorf("there is no issue %q", key)
	}
	author := s.user(by)
	if author == nil {
		return fmt.Errorf("there is no user %q", by)
	}
	items, err := edit(i)
	if err != nil {
		return err
	}
	i.Updated = s.opts.Now()
	i.History = append(i.History, Change{ID: strconv.Itoa(s.newID()), Author: author.ID, At: i.Updated, Items: items})
	return nil
}

func (s *Server) newID() int {
	s.nextID++
	return s.nextID
}

func (s *Server) nextKey(project string) string {
	last := 0
	for _, i := range s.issues {
		for _, key := range append([]string{i.Key}, i.Former...) {
			name, number, _ := strings.Cut(key, "-")
			if n, err := strconv.Atoi(number); err == nil && name == project {
				last = max(last, n)
			}
		}
	}
	return project + "-" + strconv.Itoa(last+1)
}

// find looks an issue up as Jira does: in any case, by id, key or former key.
func (s *Server) find(key string) *Issue {
	key = strings.ToUpper(key)
	for _, i := range s.issues {
		if i.ID == key || i.Key == key || slices.Contains(i.Former, key) {
			return i
		}
	}
	return nil
}

func (s *Server) user(name string) *User {
	for i := range s.users {
		if u := &s.users[i]; name != "" && (u.ID == name || u.Name == name) {
			return u
		}
	}
	return nil
}

func (s *Server) status(name string) *Status {
	for i := range s.statuses {
		if st := &s.statuses[i]; st.ID == name || strings.EqualFold(st.Name, name) {
			return st
		}
	}
	return nil
}

func (s *Server) project(key string) *Project {
	for i := range s.projects {
		if s.projects[i].Key == key {
			return &s.projects[i]
		}
	}
	return nil
}
