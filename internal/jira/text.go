package jira

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/ticket"
)

// longestText is how much of Jira's own words an error repeats, in characters.
const longestText = 200

// shorten cuts what is too long for a message.
func shorten(s string) string {
	if r := []rune(s); len(r) > longestText {
		return string(r[:longestText]) + "…"
	}
	return s
}

// harmless makes text that came from outside fit for a message: nothing that a
// terminal obeys, none of our secrets, and not too long.
func (c *Client) harmless(s string) string {
	s = strings.Join(strings.Fields(ticket.Clean(c.redact(s))), " ")
	return shorten(c.redact(s))
}

func (c *Client) redact(s string) string {
	for _, secret := range c.secrets {
		s = secret.HideIn(s)
	}
	return s
}

// shape says what is wrong with JSON that is not of the shape expected, without
// the names that the types have here.
func (c *Client) shape(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !ok:
		return c.harmless(err.Error())
	case wrong.Field == "":
		return "it is " + article(wrong.Value)
	}
	return c.harmless(wrong.Field + " is " + article(wrong.Value))
}

// article puts the article before a kind of JSON value.
func article(kind string) string {
	if kind == "array" || kind == "object" {
		return "an " + kind
	}
	return "a " + kind
}

// wording is what an error's body says, in Jira's shape or in the gateway's;
// "" where it says nothing that is meant to be read.
func (c *Client) wording(a answer) string {
	var body struct {
		ErrorMessages []string       `json:"errorMessages"`
		Errors        map[string]any `json:"errors"`
		Message       string         `json:"message"`
	}
	// A body of another shape still fills what fits.
	if err := json.Unmarshal(a.body, &body); err != nil && body.Message == "" && len(body.ErrorMessages) == 0 {
		return ""
	}
	said := body.ErrorMessages
	for _, field := range slices.Sorted(maps.Keys(body.Errors)) {
		if text, ok := body.Errors[field].(string); ok {
			said = append(said, field+": "+text)
		}
	}
	if len(said) == 0 && body.Message != "" {
		said = []string{body.Message}
	}
	// The full stop goes last: a token may end with one.
	return strings.TrimRight(c.harmless(strings.Join(said, "; ")), ". ")
}
