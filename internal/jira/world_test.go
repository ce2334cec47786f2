package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/ticket"
)

const (
	cloudID = "11223344-a1b2-4c33-8d44-001122334455"
	email   = "ada@acme.com"
	token   = "ATATT3xFfGF0-secret-token"
	pat     = "NjY2OTk2-secret-pat"
)

// world is a Jira of one edition behind httptest, with the levers of
// accesstest.TicketWorld and a handler for whatever else a test wants.
type world struct {
	*httptest.Server
	t       *testing.T
	edition Edition
	context string // context path

	mu        sync.Mutex
	principal ticket.Principal
	tickets   map[string]ticket.Ticket
	statuses  []ticket.Status
	omitted   map[ticket.Field]bool
	groups    map[string][]string
	outage    bool
	rejected  bool
	scoped    bool // the token is accepted at the gateway only
	override  map[string]http.HandlerFunc
	requests  []*http.Request
}

func newWorld(t *testing.T, edition Edition) *world {
	t.Helper()
	w := &world{
		t: t, edition: edition, principal: accesstest.Ada(),
		tickets: map[string]ticket.Ticket{}, omitted: map[ticket.Field]bool{}, groups: map[string][]string{}, override: map[string]http.HandlerFunc{},
	}
	if edition == DataCenter {
		w.context = "/jira"
	}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *world) SetPrincipal(p ticket.Principal)       { w.set(func() { w.principal = p }) }
func (w *world) Put(t ticket.Ticket)                   { w.Move(t.Key, t) }
func (w *world) Move(from ticket.Key, t ticket.Ticket) { w.set(func() { w.tickets[string(from)] = t }) }
func (w *world) Omit(f ticket.Field)                   { w.set(func() { w.omitted[f] = true }) }
func (w *world) SetStatuses(list ...ticket.Status)     { w.set(func() { w.statuses = list }) }
func (w *world) SetGroups(person string, groups ...string) {
	w.set(func() { w.groups[person] = groups })
}
func (w *world) Outage()      { w.set(func() { w.outage = true }) }
func (w *world) RejectToken() { w.set(func() { w.rejected = true }) }

// on answers a path, below the context path or the gateway's, with h.
func (w *world) on(path string, h http.HandlerFunc) { w.set(func() { w.override[path] = h }) }

// seen returns the paths with queries of the requests so far.
func (w *world) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var paths []string
	for _, r := range w.requests {
		paths = append(paths, r.URL.RequestURI())
	}
	return paths
}

// refuses reports whether the token must not be accepted here.
func (w *world) refuses(r *http.Request, gateway bool) bool {
	user, password, basic := r.BasicAuth()
	if w.edition == DataCenter {
		return w.rejected || r.Header.Get("Authorization") != "Bearer "+pat
	}
	return w.rejected || !basic || user != email || password != token || w.scoped != gateway
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, r)
	path, gateway := strings.CutPrefix(r.URL.Path, "/ex/jira/"+cloudID)
	if !gateway {
		path = strings.TrimPrefix(path, w.context)
	}
	if strings.HasPrefix(path, "/rest/") && r.Method == http.MethodGet && !undocumented(path) {
		checkRequest(w.t, r, path)
	}
	if h := w.override[path]; h != nil {
		h(rw, r)
		return
	}
	switch {
	case w.outage:
		rw.WriteHeader(http.StatusServiceUnavailable)
	case strings.HasPrefix(path, "/ex/jira/"):
		rw.WriteHeader(http.StatusNotFound) // another site's, or none's
	case path == "/_edge/tenant_info":
		if r.Header.Get("Authorization") != "" {
			w.t.Error("the token was sent to tenant_info")
		}
		_, _ = fmt.Fprintf(rw, `{"cloudId":%q}`, cloudID)
	case w.refuses(r, gateway):
		rw.Header().Set("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
		rw.WriteHeader(http.StatusUnauthorized)
		_, _ = rw.Write([]byte(`Client must be authenticated to access this resource.`))
	default:
		w.serve(rw, r, path)
	}
}

// undocumented are the paths that our part of the OpenAPI document lacks: those of
// Data Center, since it is Cloud's, and some of Cloud's.
func undocumented(path string) bool {
	return path == "/rest/api/2/search" || path == "/rest/api/2/user" ||
		path == "/rest/api/2/user/groups" || strings.HasSuffix(path, "/changelog")
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request, path string) {
	rw.Header().Set("X-Seraph-LoginReason", "OK")
	if w.edition == Cloud {
		rw.Header().Set("X-AAccountId", strings.ReplaceAll(w.principal.ID, ":", "%3A"))
	} else {
		rw.Header().Set("X-AUSERNAME", "ada.l")
	}
	switch {
	case path == "/rest/api/2/myself":
		reply(rw, w.myself(r.URL.Query().Get("expand") == "groups"))
	case path == "/rest/api/2/status":
		reply(rw, w.listStatuses())
	case path == "/rest/api/2/search/jql" && w.edition == Cloud, path == "/rest/api/2/search" && w.edition == DataCenter:
		reply(rw, w.search(r.URL.Query()))
	case strings.HasPrefix(path, "/rest/api/2/issue/"):
		t, ok := w.tickets[strings.TrimPrefix(path, "/rest/api/2/issue/")]
		if !ok {
			rw.WriteHeader(http.StatusNotFound)
			_, _ = rw.Write([]byte(`{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`))
			return
		}
		fields := strings.Split(r.URL.Query().Get("fields"), ",")
		if strings.Contains(r.URL.Query().Get("expand"), "changelog") {
			fields = append(fields, string(ticket.FieldHistory))
		}
		reply(rw, w.issue(t, fields))
	case path == "/rest/api/2/user/groups" && w.edition == Cloud:
		reply(rw, named(w.groups[r.URL.Query().Get("accountId")]))
	case path == "/rest/api/2/user" && w.edition == DataCenter:
		groups := named(w.groups[r.URL.Query().Get("key")])
		reply(rw, object{"key": r.URL.Query().Get("key"), "groups": object{"size": len(groups), "items": groups}})
	default:
		rw.WriteHeader(http.StatusNotFound)
	}
}

func reply(rw http.ResponseWriter, body any) {
	rw.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_ = json.NewEncoder(rw).Encode(body)
}

type object = map[string]any

// person is a user as the edition sends it.
func (w *world) person(p *ticket.Person) any {
	if p == nil {
		return nil
	}
	o := object{"displayName": p.Name, "active": true, "self": w.URL + "/rest/api/2/user"}
	if w.edition == DataCenter {
		o["name"] = "ada.l"
		if p.ID != "" {
			o["key"] = p.ID
		}
		return o
	}
	o["accountType"] = "atlassian"
	if p.ID != "" {
		o["accountId"] = p.ID
	}
	return o
}

func (w *world) myself(groups bool) any {
	me, _ := w.person(&w.principal.Person).(object)
	items := []object{}
	if groups {
		for _, g := range w.principal.Groups {
			items = append(items, object{"name": g})
		}
	}
	me["groups"] = object{"size": len(w.principal.Groups), "items": items}
	return me
}

func (w *world) listStatuses() any {
	list := []object{}
	for _, s := range w.statuses {
		o := status(s)
		if s.Project != "" {
			o["scope"] = object{"type": "PROJECT", "project": object{"id": s.Project}}
		}
		list = append(list, o)
	}
	return list
}

func status(s ticket.Status) object {
	o := object{"id": s.ID, "name": s.Name, "self": "https://acme.atlassian.net/status", "statusCategory": object{"id": 4, "key": s.Category, "name": s.Name}}
	if s.Untranslated != "" {
		o["untranslatedName"] = s.Untranslated
	}
	return o
}

const jiraTime = "2006-01-02T15:04:05.000-0700"

// issue is a ticket cut to the fields, as Jira sends it.
func (w *world) issue(t ticket.Ticket, fields []string) any {
	components := []object{}
	for i, c := range t.Components {
		components = append(components, object{"id": fmt.Sprint(i), "name": c})
	}
	all := object{
		"summary": t.Summary, "project": object{"id": t.ProjectID, "key": t.Project, "name": "Project"},
		"issuetype": object{"id": t.TypeID, "name": t.Type}, "status": status(t.Status),
		"priority": object{"id": "1", "name": t.Priority}, "labels": t.Labels, "components": components,
		"assignee": w.person(t.Assignee), "reporter": w.person(t.Reporter), "creator": w.person(t.Creator),
		"created": t.Created.In(time.FixedZone("", 7200)).Format(jiraTime), "updated": t.Updated.Format(jiraTime),
		"duedate": t.Due.Format(time.DateOnly), "archiveddate": nil, "archivedby": nil,
	}
	if t.Archived {
		all["archiveddate"] = t.Updated.Format(jiraTime)
	}
	for f, v := range t.Custom {
		all[string(f)] = v
	}
	sent := object{}
	for _, f := range fields {
		if v, ok := all[f]; ok && !w.omitted[ticket.Field(f)] {
			sent[f] = v
		}
	}
	o := object{"id": t.ID, "key": t.Key, "self": w.URL, "expand": "names", "fields": sent}
	if slices.Contains(fields, string(ticket.FieldHistory)) && !w.omitted[ticket.FieldHistory] && t.History != nil {
		o["changelog"] = w.history(*t.History)
	}
	return o
}

// history is a changelog as the edition sends it: Cloud has the newest first.
func (w *world) history(h ticket.History) object {
	entries := []object{}
	for i, c := range h.Changes {
		item := object{"field": c.Field, "fieldtype": "jira", "from": c.From, "to": c.To}
		if w.edition == Cloud {
			item["fieldId"] = c.Field
		}
		entries = append(entries, object{"id": fmt.Sprint(i), "author": w.person(c.By), "created": c.At.Format(jiraTime), "items": []object{item}})
	}
	if w.edition == Cloud {
		slices.Reverse(entries)
	}
	return object{"startAt": 0, "total": len(entries), "maxResults": len(entries), "histories": entries}
}

func named(names []string) []object {
	list := []object{}
	for _, n := range names {
		list = append(list, object{"name": n})
	}
	return list
}
