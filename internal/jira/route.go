package jira

import (
	"context"
	"encoding/json"
	"net/url"
	"sync"
)

// route knows at which endpoint the token is accepted: the site itself, or the
// gateway for a scoped token.
type route struct {
	opts     Options
	site     *endpoint
	open     *endpoint // the site without the token
	gateway  *url.URL
	eligible bool // the site may turn out to need the gateway

	mu       sync.Mutex
	loaded   bool // whether the cache was asked
	inUse    *endpoint
	finding  chan struct{} // closed when the search under way is over
	searched bool          // whether found is the answer
	found    *endpoint     // the gateway's endpoint, once known
}

func newRoute(o Options, site, gateway *url.URL) (*route, error) {
	r := &route{opts: o, gateway: gateway, eligible: o.Email != "" && (onAtlassian(site) || o.GatewayExplicit)}
	var err error
	if r.site, err = newEndpoint(o, site, false); err != nil {
		return nil, err
	}
	r.inUse = r.site
	r.open, err = newEndpoint(o, site, true)
	return r, err
}

// current is the endpoint to ask first.
func (r *route) current() *endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.loaded {
		r.loaded = true
		r.load()
	}
	return r.inUse
}

// load takes the gateway where an earlier process found it to be the place.
func (r *route) load() {
	if !r.eligible || r.opts.CloudIDs == nil {
		return
	}
	id := r.opts.CloudIDs.CloudID(r.site.base)
	if !uuidPattern().MatchString(id) {
		return
	}
	if e, err := r.at(id); err == nil {
		e.cached = true
		r.found, r.searched, r.inUse = e, true, e
	}
}

// at is the endpoint of a site at the gateway.
func (r *route) at(cloudID string) (*endpoint, error) {
	e, err := newEndpoint(r.opts, r.gateway.JoinPath("ex", "jira", cloudID), false)
	if err != nil {
		return nil, err
	}
	e.gateway = true
	return e, nil
}

// other is the endpoint to try where e did not accept the token: the site after
// the gateway, the gateway after the site. Nil where there is none. Calls that
// need the gateway at the same time find it together.
func (r *route) other(ctx context.Context, c *Client, e *endpoint) (*endpoint, error) {
	if e.gateway {
		return r.site, nil
	}
	for r.eligible {
		r.mu.Lock()
		found, over, finding := r.found, r.searched, r.finding
		if !over && finding == nil {
			r.finding = make(chan struct{})
		}
		r.mu.Unlock()
		switch {
		case over:
			return found, nil
		case finding == nil:
			return r.find(ctx, c)
		}
		select {
		case <-finding:
		case <-ctx.Done():
			return nil, c.broken(ctx, tenantInfo(), ctx.Err())
		}
	}
	return nil, nil
}

// tenantInfo is where a Cloud site tells its cloud id to anybody.
func tenantInfo() call {
	return call{subject: "the site's cloud id", path: "_edge/tenant_info", limit: maxTenant}
}

// find asks the site for its cloud id, without the token. Where it does not
// tell one, there is no other endpoint.
func (r *route) find(ctx context.Context, c *Client) (*endpoint, error) {
	a, err := c.attempt(ctx, r.open, tenantInfo())
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.finding)
	r.finding = nil
	switch {
	case ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, nil // the site stumbled: the 401 stands, and a later call may ask again
	}
	r.searched = true
	if a.ok() {
		r.found = r.decode(a.body)
	}
	return r.found, nil
}

func (r *route) decode(body []byte) *endpoint {
	var tenant struct {
		CloudID string `json:"cloudId"`
	}
	if json.Unmarshal(body, &tenant) != nil || !uuidPattern().MatchString(tenant.CloudID) {
		return nil
	}
	e, err := r.at(tenant.CloudID)
	if err != nil {
		return nil
	}
	return e
}

// settle makes e the endpoint that is asked first, for this client and, through
// the cache, for the next process.
func (r *route) settle(e *endpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inUse == e {
		return
	}
	r.inUse = e
	if r.opts.CloudIDs == nil {
		return
	}
	id := ""
	if e.gateway {
		id = e.base[len(e.base)-36:]
	}
	r.opts.CloudIDs.Remember(r.site.base, id)
}

// forget drops what an earlier process found, and goes back to the site.
func (r *route) forget(e *endpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inUse != e || !e.cached {
		return
	}
	r.inUse, r.found, r.searched = r.site, nil, false
	r.opts.CloudIDs.Remember(r.site.base, "")
}
