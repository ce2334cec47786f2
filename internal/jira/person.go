package jira

import (
	"cmp"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// longestID is the longest id of a person that is believed, in bytes: Cloud's
// are up to 128 by its OpenAPI document, Data Center's column holds 255.
const longestID = 255

// wirePerson is a user as both editions send it; only what is needed, because
// one field of an odd type would fail all the others.
type wirePerson struct {
	AccountID   string `json:"accountId"`
	AccountType string `json:"accountType"`
	Key         string `json:"key"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
	Email       string `json:"emailAddress"`
	Active      *bool  `json:"active"`
	Deleted     bool   `json:"deleted"` // Data Center
	Groups      *struct {
		Size  int `json:"size"`
		Items []struct {
			Name string `json:"name"`
		} `json:"items"`
	} `json:"groups"`
}

// person takes the id of the edition. It is false where there is none that
// tells one person from another, as with a deleted user whose record is broken.
func (w wirePerson) person(e Edition) (ticket.Person, bool) {
	id := w.Key
	if e == Cloud {
		id = w.AccountID
	}
	if !goodID(id) || e == Cloud && id == "unknown" {
		return ticket.Person{}, false
	}
	p := ticket.Person{ID: id, Name: w.DisplayName, Email: w.Email}
	if e == Cloud {
		p.Type = cmp.Or(w.AccountType, "unknown") // so OpenAPI calls it where it cannot be told
	}
	p.Gone = w.gone(e)
	if p.Name == "" {
		p.Name = w.Name
	}
	return p, true
}

// gone tells an account that was anonymised or deleted: Data Center gives it an
// address in a domain that cannot be, Cloud a name that nobody chose.
func (w wirePerson) gone(e Edition) bool {
	if e == Cloud {
		return w.Active != nil && !*w.Active && w.DisplayName == "Former user"
	}
	return w.Deleted || strings.HasSuffix(w.Email, "@jira.invalid")
}

// goodID refuses an id that could not be compared or shown: empty, too long,
// not UTF-8, or with spaces or control characters.
func goodID(id string) bool {
	odd := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
	return id != "" && len(id) <= longestID && utf8.ValidString(id) &&
		!strings.ContainsRune(id, utf8.RuneError) && !strings.ContainsFunc(id, odd)
}

// decodeMyself reads the answer to "who am I" and holds it against the edition
// of the configuration.
func (c *Client) decodeMyself(call call, body []byte, groups bool) (identity, error) {
	var w wirePerson
	if err := json.Unmarshal(body, &w); err != nil {
		return identity{}, c.odd(call, c.shape(err))
	}
	if err := c.wrongEdition(w); err != nil {
		return identity{}, err
	}
	p, ok := w.person(c.edition)
	if !ok {
		return identity{}, c.empty(call)
	}
	if w.Active != nil && !*w.Active {
		return identity{}, fault.New(fault.Auth, "the Jira account %s is deactivated", c.harmless(p.Name)).
			WithHint("ask an administrator of Jira to activate it")
	}
	id := identity{principal: ticket.Principal{Person: p}, login: w.Name}
	if !groups {
		return id, nil
	}
	names, err := c.groups(w)
	id.principal.Groups = names
	return id, err
}

// wrongEdition says that the site is of the other edition than the
// configuration makes it.
func (c *Client) wrongEdition(w wirePerson) error {
	switch {
	case c.edition == Cloud && w.AccountID == "" && (w.Key != "" || w.Name != ""):
		return fault.New(fault.Auth, "Jira at %s is Data Center: it knows people by key, not by account id", c.host).
			WithHint("take jira.email out of the configuration and use a personal access token")
	case c.edition == DataCenter && w.AccountID != "":
		return fault.New(fault.Auth, "Jira at %s is Jira Cloud: it knows people by account id, not by key", c.host).
			WithHint("set jira.email to the e-mail address of the account, and use an API token")
	}
	return nil
}

// groups returns the names of all groups. A list that is not whole is refused,
// because a policy may ask whether somebody is not in a group.
func (c *Client) groups(w wirePerson) ([]string, error) {
	if w.Groups == nil {
		return nil, fault.New(fault.Auth, "Jira at %s does not tell this account's groups", c.host).
			WithHint("the policy asks for principal.groups; it cannot be used with this Jira account")
	}
	names := make([]string, 0, len(w.Groups.Items))
	for _, g := range w.Groups.Items {
		if g.Name != "" {
			names = append(names, g.Name)
		}
	}
	if len(names) < w.Groups.Size || len(names) < len(w.Groups.Items) {
		return nil, fault.New(fault.Auth, "Jira at %s tells %d of this account's %d groups", c.host, len(names), max(w.Groups.Size, len(w.Groups.Items))).
			WithHint("a decision by groups needs them all; the policy's principal.groups cannot be used with this account")
	}
	return names, nil
}
