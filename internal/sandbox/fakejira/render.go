package fakejira

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// stamp is how Jira writes times: RFC 3339 but for the colon of the zone.
const stamp = "2006-01-02T15:04:05.000-0700"

type object = map[string]any

func at(t time.Time) string { return t.UTC().Format(stamp) }

// person renders a user as others see them; a nil object, which JSON shows as
// null, where there is no such user.
func (c *call) person(id string) object {
	u := c.server.user(id)
	if u == nil {
		return nil
	}
	o := object{"displayName": u.Display, "active": !u.Inactive, "timeZone": "Etc/UTC", "avatarUrls": c.avatars(u.ID)}
	if c.cloud() {
		o["self"] = c.base + "/rest/api/2/user?accountId=" + url.QueryEscape(u.ID)
		o["accountId"], o["accountType"] = u.ID, accountType(u)
	} else {
		o["self"] = c.base + "/rest/api/2/user?username=" + url.QueryEscape(u.Name)
		o["key"], o["name"] = u.ID, u.Name
	}
	if u.ShowEmail || !c.cloud() || c.user != nil && c.user.ID == u.ID {
		o["emailAddress"] = u.Email
	}
	return o
}

func accountType(u *User) string {
	if u.Type == "" {
		return "atlassian"
	}
	return u.Type
}

func (c *call) avatars(owner string) object {
	link := c.base + "/secure/useravatar?ownerId=" + url.QueryEscape(owner)
	return object{"48x48": link, "24x24": link + "&size=small", "16x16": link + "&size=xsmall", "32x32": link + "&size=medium"}
}

// categoryID is the same on every site.
func categoryID(key string) int {
	return map[string]int{"undefined": 1, "new": 2, "done": 3, "indeterminate": 4}[key]
}

func (c *call) renderStatus(st *Status) object {
	colours := map[string]string{"undefined": "medium-gray", "new": "blue-gray", "done": "green", "indeterminate": "yellow"}
	o := object{
		"self": c.base + "/rest/api/2/status/" + st.ID, "description": "", "iconUrl": c.base + "/images/icons/statuses/generic.png",
		"id": st.ID, "name": c.translate(st.Name),
		"statusCategory": object{
			"self": c.base + "/rest/api/2/statuscategory/" + st.Category, "id": categoryID(st.Category),
			"key": st.Category, "colorName": colours[st.Category], "name": c.categoryName(st),
		},
	}
	if st.ProjectID != "" && c.cloud() {
		o["scope"] = object{"type": "PROJECT", "project": object{"id": st.ProjectID}}
	}
	return o
}

func (c *call) categoryName(st *Status) string {
	names := map[string]string{"undefined": "No Category", "new": "To Do", "done": "Done", "indeterminate": "In Progress"}
	return c.translate(names[st.Category])
}

func (c *call) translate(name string) string {
	if c.server.opts.Language == nil {
		return name
	}
	return c.server.opts.Language(name)
}

func (c *call) renderProject(p *Project) object {
	return object{
		"self": c.base + "/rest/api/2/project/" + p.ID, "id": p.ID, "key": p.Key, "name": p.Name,
		"projectTypeKey": "software", "avatarUrls": c.avatars(p.Key),
	}
}

// fields renders all fields of an issue.
func (c *call) fields(i *Issue) object {
	o := object{
		"summary": i.Summary, "labels": list(i.Labels), "duedate": orNull(i.Due),
		"project": c.renderProject(c.server.project(i.Project)), "status": c.renderStatus(c.server.status(i.Status)),
		"issuetype": object{"self": c.base + "/rest/api/2/issuetype/10004", "id": "10004", "name": i.Type, "subtask": false},
		"assignee":  c.person(i.Assignee), "reporter": c.person(i.Reporter), "creator": c.person(i.Creator),
		"created": at(i.Created), "updated": at(i.Updated), "resolution": nil, "description": nil,
	}
	if i.Priority != "" {
		o["priority"] = object{"self": c.base + "/rest/api/2/priority/" + priorityID(i.Priority), "id": priorityID(i.Priority), "name": i.Priority}
	} else {
		o["priority"] = nil
	}
	components := []object{}
	for _, name := range i.Components {
		components = append(components, object{"self": c.base + "/rest/api/2/component/10000", "id": "10000", "name": name})
	}
	o["components"] = components
	o["archiveddate"], o["archivedby"] = nil, nil
	if i.Archived {
		o["archiveddate"], o["archivedby"] = at(i.Updated), c.person(i.Reporter)
	}
	for id, value := range i.Custom {
		o[id] = value
	}
	for _, id := range i.Broken {
		delete(o, id)
	}
	return o
}

// priorityID is the id of a priority, of which each has its own.
func priorityID(name string) string {
	if name == "" {
		return ""
	}
	return "1" + strings.TrimLeft(name, "P")
}

func list(s []string) []string { return append([]string{}, s...) }

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// renderIssue renders an issue with the fields that wanted names, as the API's
// "fields" parameter: names, *all, *navigable, and -NAME to leave one out.
func (c *call) renderIssue(i *Issue, wanted []string) object {
	o := object{
		"expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
		"id":     i.ID, "self": c.base + "/rest/api/2/issue/" + i.ID, "key": i.Key,
	}
	all := c.fields(i)
	shown := object{}
	everything := slices.ContainsFunc(wanted, func(f string) bool { return strings.HasPrefix(f, "*") || strings.HasPrefix(f, "-") })
	for name, value := range all {
		if (everything || slices.Contains(wanted, name)) && !slices.Contains(wanted, "-"+name) {
			shown[name] = value
		}
	}
	o["fields"] = shown
	if slices.Contains(c.expanded(), "changelog") {
		o["changelog"] = c.histories(i)
	}
	return o
}

// expanded is what the caller asks for beside the fields.
func (c *call) expanded() []string { return fieldList(c.r.URL.Query().Get("expand")) }

// visible reports whether the caller may see an issue.
func (c *call) visible(i *Issue) bool {
	return !i.Hidden && (c.user != nil || c.server.project(i.Project).Public)
}

func (c *call) notFound() {
	message := "Issue does not exist or you do not have permission to see it."
	if !c.cloud() {
		message = "Issue Does Not Exist"
	}
	c.fail(http.StatusNotFound, message)
}
