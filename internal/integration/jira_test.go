package integration

import (
	"encoding/json"
	"net/http"
	"strings"
)

// jiraToken is what jiraSite accepts, with ada@acme.com.
const jiraToken = "ATATT3xFfGF0-integration-token"

// adaID is ada's account id. Its colon must be escaped wherever it becomes a
// name.
const adaID = "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077"

// jiraSite is a Jira Cloud site with one person, ada, and one ticket, OPS-7,
// which is hers and in progress.
type jiraSite struct{}

func (s *jiraSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	email, token, _ := r.BasicAuth()
	if email != "ada@acme.com" || token != jiraToken {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("X-AAccountId", adaID)
	key, isIssue := strings.CutPrefix(r.URL.Path, "/rest/api/2/issue/")
	switch {
	case r.URL.Path == "/rest/api/2/myself":
		reply(w, http.StatusOK, ada())
	case isIssue && strings.EqualFold(key, "OPS-7"):
		reply(w, http.StatusOK, map[string]any{"id": "10007", "key": "OPS-7", "fields": opsSeven()})
	default:
		reply(w, http.StatusNotFound, map[string]any{"errorMessages": []string{"Issue does not exist or you do not have permission to see it."}})
	}
}

func ada() map[string]any {
	return map[string]any{"accountId": adaID, "accountType": "atlassian", "displayName": "Ada", "active": true}
}

func opsSeven() map[string]any {
	return map[string]any{
		"summary":   "Disk is filling up on db-3",
		"project":   map[string]any{"id": "10000", "key": "OPS", "name": "Operations"},
		"issuetype": map[string]any{"id": "10001", "name": "Incident", "subtask": false},
		"status": map[string]any{
			"id": "3", "name": "In Progress", "untranslatedName": "In Progress",
			"statusCategory": map[string]any{"id": 4, "key": "indeterminate", "name": "In Progress"},
		},
		"priority":   map[string]any{"id": "1", "name": "P1"},
		"labels":     []string{"prod-access"},
		"components": []any{},
		"assignee":   ada(),
		"reporter":   ada(),
		"created":    "2026-01-05T09:00:00.000+0000",
		"updated":    "2026-01-05T09:30:00.000+0000",
		"duedate":    nil,
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
