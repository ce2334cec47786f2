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
	if slices.Contains(fieldList(c.r.URL.Query().Get("expand")), "groups") {
		items := []object{}
		for _, name := range c.user.Groups {
			items = append(items, object{"name": name, "self": c.base + "/rest/api/2/group?groupname=" + url.QueryEscape(name)})
		}
		groups["items"] = items
	}
	o["groups"] = groups
	o["applicationRoles"] = object{"size": 1, "items": []object{}}
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
