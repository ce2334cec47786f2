package fakejira

import (
	"net/http"
	"net/url"
	"slices"
)

// myself never answers an anonymous caller, unlike an issue or a search.
func (c *call) myself() {
	if c.user == nil {
		c.unauthorized()
		return
	}
	o := c.person(c.user.ID)
	o["emailAddress"], o["locale"], o["expand"] = c.user.Email, "en_US", "groups,applicationRoles"
	groups := object{"size": len(c.user.Groups), "items": []object{}}
	if slices.Contains(c.expanded(), "groups") {
		groups["items"] = c.groupsOf(c.user)
	}
	o["groups"] = groups
	o["applicationRoles"] = object{"size": 1, "items": []object{}}
	c.json(http.StatusOK, o)
}

// groupsOf renders the groups of a user.
func (c *call) groupsOf(u *User) []object {
	items := []object{}
	for _, name := range u.Groups {
		items = append(items, object{"name": name, "self": c.base + "/rest/api/2/group?groupname=" + url.QueryEscape(name)})
	}
	return items
}

// userGroups answers with the groups of the user of an account id, on Cloud.
func (c *call) userGroups() {
	if u := c.server.user(c.r.URL.Query().Get("accountId")); c.user == nil {
		c.unauthorized()
	} else if u == nil {
		c.fail(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	} else {
		c.json(http.StatusOK, c.groupsOf(u))
	}
}

// userByKey answers with a user and their groups, on Data Center.
func (c *call) userByKey() {
	u := c.server.user(c.r.URL.Query().Get("key"))
	if c.user == nil {
		c.unauthorized()
		return
	}
	if u == nil {
		c.fail(http.StatusNotFound, "The user does not exist")
		return
	}
	o := c.person(u.ID)
	groups := object{"size": len(u.Groups), "items": []object{}}
	if slices.Contains(c.expanded(), "groups") {
		groups["items"] = c.groupsOf(u)
	}
	o["groups"] = groups
	c.json(http.StatusOK, o)
}

func (c *call) serverInfo() {
	now := c.server.opts.Now()
	o := object{"baseUrl": c.base, "serverTime": at(now), "serverTitle": "Jira of the sandbox", "scmInfo": "sandbox"}
	if c.cloud() {
		o["version"], o["versionNumbers"], o["deploymentType"], o["buildNumber"] = "1001.0.0-SNAPSHOT", []int{1001, 0, 0}, "Cloud", 100300
	} else {
		o["version"], o["versionNumbers"], o["deploymentType"], o["buildNumber"] = "10.3.0", []int{10, 3, 0}, "Server", 10030000
	}
	o["buildDate"] = at(now)
	c.json(http.StatusOK, o)
}

func (c *call) allStatuses() {
	if c.user == nil {
		c.unauthorized()
		return
	}
	out := []object{}
	for i := range c.server.statuses {
		st := &c.server.statuses[i]
		o := c.renderStatus(st)
		// The list has the untranslated name where an issue's status has none.
		if st.Untranslated != "" {
			o["untranslatedName"] = st.Untranslated
		}
		out = append(out, o)
	}
	c.json(http.StatusOK, out)
}
