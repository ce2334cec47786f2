package sandbox

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

// adminPath is where a shell changes tickets, on Jira's port but not of Jira:
//
//	curl -K "$JIT_SANDBOX/curlrc" -d status=Done "$JIT_SANDBOX_URL/DEMO-1"
//
// The form has one or more of status (a name or an id), assignee (a login name,
// or empty for nobody), project, and delete=yes.
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

// changeTicket does what a form says, on behalf of carol, who reports tickets.
func (w *World) changeTicket(key string, r *http.Request) error {
	const by = "carol"
	if r.PostForm.Has("status") {
		if err := w.Jira.Transition(key, r.PostForm.Get("status"), by); err != nil {
			return err
		}
	}
	if r.PostForm.Has("assignee") {
		if err := w.Jira.Assign(key, r.PostForm.Get("assignee"), by); err != nil {
			return err
		}
	}
	if r.PostForm.Has("project") {
		if _, err := w.Jira.Move(key, r.PostForm.Get("project"), by); err != nil {
			return err
		}
	}
	if r.PostForm.Get("delete") == "yes" {
		w.Jira.Delete(key)
	}
	return nil
}

// Edition is the edition of the world's Jira.
func (w *World) Edition() fakejira.Edition {
	if w.dc {
		return fakejira.DataCenter
	}
	return fakejira.Cloud
}
