package fakejira

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

const loginReason = "X-Seraph-LoginReason"

// login finds out who asks. Where a caller is turned away whatever they ask
// for, it answers, and reports false.
func (c *call) login() bool {
	given := c.r.Header.Get("Authorization") != ""
	c.token, c.user = c.server.authenticate(c.r)
	h := c.w.Header()
	if c.cloud() {
		h.Set("Atl-Traceid", strings.ToLower(sigv4.UniqueID("")))
	}
	switch {
	case c.token != nil && c.token.Captcha:
		h.Set(loginReason, "AUTHENTICATION_DENIED")
		h.Set("X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url="+c.base+"/login.jsp")
		c.html(http.StatusForbidden, "Forbidden (403)")
		return false
	case c.gateway:
		return c.loginAtGateway()
	case c.user == nil && given && !c.cloud():
		// Data Center turns a bad access token away at once.
		h.Set(loginReason, "AUTHENTICATED_FAILED")
		h.Set("WWW-Authenticate", `OAuth realm="`+c.base+`"`)
		c.unauthorized()
		return false
	}
	if c.token != nil && c.token.Scopes != nil {
		c.user = nil // at the site a scoped token is nobody
	}
	c.announce(given)
	return true
}

// announce sets the headers that tell who the answer is for. Cloud goes on as
// anonymous where the token is no good.
func (c *call) announce(given bool) {
	h := c.w.Header()
	switch {
	case c.cloud() && c.user != nil:
		// Cloud escapes the colon of an account id in this header.
		h.Set("X-AAccountId", url.QueryEscape(c.user.ID))
	case c.cloud() && given:
		h.Set(loginReason, "AUTHENTICATED_FAILED")
	case c.cloud():
	case c.user != nil:
		h.Set(loginReason, "OK")
		h.Set("X-AUSERNAME", url.QueryEscape(c.user.Name))
	default:
		h.Set("X-AUSERNAME", "anonymous")
	}
}

// loginAtGateway admits scoped tokens whose scopes cover the call.
func (c *call) loginAtGateway() bool {
	need := "read:jira-work"
	if c.path == "/rest/api/2/myself" {
		need = "read:jira-user"
	}
	message := ""
	switch {
	case c.user == nil, c.token.Scopes == nil:
		message = "Unauthorized"
	case !slices.Contains(c.token.Scopes, need):
		message = "Unauthorized; scope does not match"
	}
	if message != "" {
		c.json(http.StatusUnauthorized, map[string]any{"code": 401, "message": message})
		return false
	}
	c.announce(true)
	return true
}

// unauthorized is how both editions answer a call that needs a login.
func (c *call) unauthorized() {
	c.json(http.StatusUnauthorized, map[string]any{
		"message": "Client must be authenticated to access this resource.", "status-code": 401,
	})
}

// authenticate returns the token that the request carries, where it is known,
// and its user, where it is good.
func (s *Server) authenticate(r *http.Request) (*Token, *User) {
	email, secret, basic := r.BasicAuth()
	if s.opts.Edition == DataCenter {
		secret, basic = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	if !basic {
		return nil, nil
	}
	for i := range s.tokens {
		t := &s.tokens[i]
		if subtle.ConstantTimeCompare([]byte(t.Value), []byte(secret)) != 1 {
			continue
		}
		u := s.user(t.UserID)
		if u == nil || s.opts.Edition == Cloud && !strings.EqualFold(u.Email, email) {
			return nil, nil
		}
		if t.Expired || u.Inactive {
			return t, nil
		}
		return t, u
	}
	return nil, nil
}
