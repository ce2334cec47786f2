package jira

import (
	"context"
	"encoding/json"
	"slices"
)

// wireScope says where a status of a team-managed project is known.
type wireScope struct {
	Type    string `json:"type"`
	Project struct {
		ID string `json:"id"`
	} `json:"project"`
}

// StatusIDs returns, for each of names, the ids of the statuses that carry it:
// those of the whole site, and those of the project with this id. The name that
// counts is the untranslated one where Jira sends it. Names are compared
// exactly; one that no status carries has no ids.
func (c *Client) StatusIDs(ctx context.Context, projectID string, names []string) (map[string][]string, error) {
	call := call{subject: "the list of statuses", path: "rest/api/2/status", scope: "read:jira-work", limit: maxStatuses}
	me, err := c.identify(ctx, false)
	if err != nil {
		return nil, err
	}
	a, err := c.attempt(ctx, me.answer.endpoint, call)
	if err != nil {
		return nil, err
	}
	if err := c.believe(call, a, me); err != nil {
		return nil, err
	}
	var list []wireStatus
	if err := json.Unmarshal(a.body, &list); err != nil {
		return nil, c.odd(call, c.shape(err))
	}
	return matchStatuses(list, projectID, names), nil
}

func matchStatuses(list []wireStatus, projectID string, names []string) map[string][]string {
	ids := make(map[string][]string, len(names))
	for _, n := range names {
		ids[n] = nil
	}
	for _, s := range list {
		name := s.Untranslated
		if name == "" {
			name = s.Name
		}
		found, asked := ids[name]
		if !asked || s.ID == "" || !s.Scope.covers(projectID) || slices.Contains(found, s.ID) {
			continue
		}
		ids[name] = append(found, s.ID)
	}
	return ids
}

// covers reports whether a status is known in the project; one whose scope is
// of a kind that we do not know is not.
func (s *wireScope) covers(projectID string) bool {
	switch {
	case s == nil, s.Type == "GLOBAL":
		return true
	case s.Type == "PROJECT":
		return projectID != "" && s.Project.ID == projectID
	}
	return false
}
