package sandbox

import (
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

// adminPath is where a shell changes tickets, on Jira's port but not of Jira:
//
//	curl -K "$JIT_SANDBOX/curlrc" -d status=Done "$JIT_SANDBOX_URL/DEMO-1"
//
// The form has one or more of status (a name or an id), assignee (a login name,
// or empty for nobody), reporter, labels (with blanks between), priority, project,
// and delete=yes; by is the login name of whoever does it, carol where it is left
// out.
const adminPath = "/sandbox/"

// maxForm is more than any form needs, in bytes.
const maxForm = 4096

func (w *World) admin() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(token), []byte(w.AdminToken)) != 1 {
			http.Error(rw, "the token of $JIT_SANDBOX/curlrc is needed", http.StatusUnauthorized)
			return
		}
		r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
		if r.Method != http.MethodPost || r.ParseForm() != nil {
			http.Error(rw, "a form is needed", http.StatusBadRequest)
			return
		}
		key := strings.TrimPrefix(r.URL.Path, adminPath)
		if err := w.changeTicket(key, r); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		issue, ok := w.Jira.Issue(key)
		answer := map[string]any{"deleted": !ok}
		if ok {
			answer = map[string]any{"key": issue.Key, "status": issue.Status, "assignee": issue.Assignee}
		}
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(answer) // a client that went away is no concern of ours
	})
}

// changeTicket does what a form says, on behalf of carol, who reports tickets, or
// of whoever is named as by.
func (w *World) changeTicket(key string, r *http.Request) error {
	by := cmp.Or(r.PostForm.Get("by"), "carol")
	for _, field := range []string{"status", "assignee", "reporter", "labels", "priority", "project"} {
		if r.PostForm.Has(field) {
			if err := w.Change(key, by, field, r.PostForm.Get(field)); err != nil {
				return err
			}
		}
	}
	if r.PostForm.Get("delete") == "yes" {
		w.Jira.Delete(key)
	}
	return nil
}

// Change sets one field of a ticket as a form does, on behalf of a user by login
// name.
func (w *World) Change(key, by, field, value string) error {
	switch field {
	case "status":
		return w.Jira.Transition(key, value, by)
	case "assignee":
		return w.Jira.Assign(key, value, by)
	case "reporter":
		return w.Jira.Report(key, value, by)
	case "labels":
		return w.Jira.Label(key, strings.Fields(value), by)
	case "priority":
		return w.Jira.Prioritize(key, value, by)
	case "project":
		_, err := w.Jira.Move(key, value, by)
		return err
	}
	return fmt.Errorf("there is no field %q", field)
}

// Edition is the edition of the world's Jira.
func (w *World) Edition() fakejira.Edition {
	if w.dc {
		return fakejira.DataCenter
	}
	return fakejira.Cloud
}
