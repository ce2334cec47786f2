package jira

import (
	"strings"

	"github.com/jitaccess/jit/internal/ticket"
)

// categoryDone is the id of the status category of finished work. It is the
// same on every site, and unlike the category's name it is never translated.
const categoryDone = "3"

// queries are the JQL of a search, the narrowest first. Jira refuses a whole
// query for one project or status that it does not know, or that this account
// may not see; the next one then asks without such names.
func queries(s ticket.Search) []string {
	who := "assignee = currentUser()"
	if s.Reported {
		who = "(assignee = currentUser() OR reporter = currentUser())"
	}
	open := ""
	if !s.Finished {
		open = "statusCategory != " + categoryDone
	}
	state := open
	if open != "" && len(s.Statuses) > 0 {
		state = "(" + open + " OR status in (" + values(s.Statuses) + "))"
	}
	project := ""
	if len(s.Projects) > 0 {
		project = "project in (" + values(s.Projects) + ")"
	}
	var out []string
	for _, parts := range [][]string{{who, project, state}, {who, project, open}, {who, open}} {
		q := all(parts) + " ORDER BY updated DESC"
		if len(out) == 0 || out[len(out)-1] != q {
			out = append(out, q)
		}
	}
	return out
}

// all joins the conditions that there are.
func all(parts []string) string {
	var given []string
	for _, p := range parts {
		if p != "" {
			given = append(given, p)
		}
	}
	return strings.Join(given, " AND ")
}

// values writes a list of operands.
func values(list []string) string {
	quoted := make([]string, len(list))
	for i, v := range list {
		quoted[i] = operand(v)
	}
	return strings.Join(quoted, ", ")
}

// operand writes one value. A number stands bare, since that is how JQL tells
// an id from a name; all else is a string with its quotes and backslashes
// escaped (Atlassian's "Search syntax for text fields", reserved characters).
func operand(v string) string {
	if numberPattern().MatchString(v) {
		return v
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(ticket.Clean(v)) + `"`
}
