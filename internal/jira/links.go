package jira

import (
	"encoding/json"
	"errors"

	"github.com/jitaccess/jit/internal/ticket"
)

// wireLink is a link between two issues, of which one is this one. The other is
// inward where this one is the object: it "is blocked by" the other.
type wireLink struct {
	Type struct {
		Name    string `json:"name"`
		Inward  string `json:"inward"`
		Outward string `json:"outward"`
	} `json:"type"`
	Inward  *wireLinked `json:"inwardIssue"`
	Outward *wireLinked `json:"outwardIssue"`
}

// wireLinked is what comes of the other issue.
type wireLinked struct {
	Key    string `json:"key"`
	Fields struct {
		Status wireStatus `json:"status"`
		Type   wireNamed  `json:"issuetype"`
	} `json:"fields"`
}

// links reads the links of an issue.
func links(raw json.RawMessage) ([]ticket.Link, error) {
	var list []wireLink
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	out := make([]ticket.Link, 0, len(list))
	for _, w := range list {
		other, phrase := w.Inward, w.Type.Inward
		if other == nil {
			other, phrase = w.Outward, w.Type.Outward
		}
		if other == nil {
			return nil, errors.New("a link leads nowhere")
		}
		key, err := ticket.ParseKey(other.Key)
		if err != nil {
			return nil, errors.New("a link has no key")
		}
		out = append(out, ticket.Link{
			Type: w.Type.Name, Phrase: phrase, Key: key,
			IssueType: other.Fields.Type.Name, IssueTypeID: other.Fields.Type.ID, Status: other.Fields.Status.status(),
		})
	}
	return out, nil
}
