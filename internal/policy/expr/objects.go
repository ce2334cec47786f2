package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"github.com/jitaccess/jit/internal/ticket"
)

// The names of the types, as they show in messages.
const (
	ticketType    = "jit.Ticket"
	principalType = "jit.Principal"
	requestType   = "jit.Request"
)

// customFields is the one field whose parts are fields of Jira.
const customFields = "fields"

// field is one field of an object. Get returns errUnset where Jira answered
// null: that is no value, and certainly not an empty one.
type field struct {
	typ   *types.Type
	needs ticket.Field // "" where it needs none
	get   func(*Values) (any, error)
}

var errUnset = errors.New("is not set")

func objects() map[string]map[string]field {
	return map[string]map[string]field{
		ticketType:    ticketFields(),
		principalType: principalFields(),
		requestType:   requestFields(),
	}
}

func ticketFields() map[string]field {
	return map[string]field{
		"id":              text("", func(v *Values) string { return v.Ticket.ID }),
		"key":             text("", func(v *Values) string { return string(v.Ticket.Key) }),
		"project":         text(ticket.FieldProject, func(v *Values) string { return v.Ticket.Project }),
		"type":            text(ticket.FieldType, func(v *Values) string { return v.Ticket.Type }),
		"status":          {types.StringType, ticket.FieldStatus, untranslated},
		"status_id":       text(ticket.FieldStatus, func(v *Values) string { return v.Ticket.Status.ID }),
		"status_category": text(ticket.FieldStatus, func(v *Values) string { return v.Ticket.Status.Category }),
		"priority":        text(ticket.FieldPriority, func(v *Values) string { return v.Ticket.Priority }),
		"labels":          list(ticket.FieldLabels, func(v *Values) []string { return v.Ticket.Labels }),
		"components":      list(ticket.FieldComponents, func(v *Values) []string { return v.Ticket.Components }),
		"assignee":        text(ticket.FieldAssignee, func(v *Values) string { return personID(v.Ticket.Assignee) }),
		"reporter":        text(ticket.FieldReporter, func(v *Values) string { return personID(v.Ticket.Reporter) }),
		"created":         moment(ticket.FieldCreated, func(v *Values) time.Time { return v.Ticket.Created }),
		"updated":         moment(ticket.FieldUpdated, func(v *Values) time.Time { return v.Ticket.Updated }),
		"due":             moment(ticket.FieldDue, func(v *Values) time.Time { return v.Ticket.Due }),
		customFields:      {types.NewMapType(types.StringType, types.DynType), "", custom},
	}
}

func principalFields() map[string]field {
	return map[string]field{
		"id":     text("", func(v *Values) string { return v.Principal.ID }),
		"name":   text("", func(v *Values) string { return v.Principal.Name }),
		"email":  text("", func(v *Values) string { return v.Principal.Email }),
		"groups": {types.NewListType(types.StringType), "", groups},
	}
}

func requestFields() map[string]field {
	return map[string]field{
		"entitlement": text("", func(v *Values) string { return v.Entitlement }),
		"ttl":         {types.DurationType, "", func(v *Values) (any, error) { return v.TTL, nil }},
		// A request without a reason is a value, not a gap: it can be asked for.
		"reason": {types.StringType, "", func(v *Values) (any, error) { return v.Reason, nil }},
		"at":     moment("", func(v *Values) time.Time { return v.At }),
	}
}

func text(needs ticket.Field, get func(*Values) string) field {
	return field{types.StringType, needs, func(v *Values) (any, error) {
		if s := get(v); s != "" {
			return s, nil
		}
		return nil, errUnset
	}}
}

func list(needs ticket.Field, get func(*Values) []string) field {
	return field{types.NewListType(types.StringType), needs, func(v *Values) (any, error) {
		return append([]string{}, get(v)...), nil
	}}
}

func moment(needs ticket.Field, get func(*Values) time.Time) field {
	return field{types.TimestampType, needs, func(v *Values) (any, error) {
		if t := get(v); !t.IsZero() {
			return t, nil
		}
		return nil, errUnset
	}}
}

func personID(p *ticket.Person) string {
	if p == nil {
		return ""
	}
	return p.ID
}

// untranslated is the one name of a status that does not depend on who asks.
func untranslated(v *Values) (any, error) {
	if s := v.Ticket.Status.Untranslated; s != "" {
		return s, nil
	}
	return nil, errors.New("came without its untranslated name; compare status_id or status_category instead")
}

func groups(v *Values) (any, error) {
	if v.Principal.Groups == nil {
		return nil, errors.New("were not asked for")
	}
	return append([]string{}, v.Principal.Groups...), nil
}

// custom gives the custom fields that Jira answered. One that it did not answer,
// or answered with null, is not in the map, so that reading it is an error and
// has tells it, as for every other field.
func custom(v *Values) (any, error) {
	m := make(map[string]any, len(v.Ticket.Custom))
	for f, present := range v.Ticket.Present {
		if !present || !strings.HasPrefix(string(f), customPrefix) {
			continue
		}
		switch value, err := customValue(v, f); {
		case errors.Is(err, errUnset):
		case err != nil:
			return nil, fmt.Errorf("hold %s, %w", f, err)
		default:
			m[string(f)] = value
		}
	}
	return m, nil
}

func customValue(v *Values, f ticket.Field) (any, error) {
	if value := v.Ticket.Custom[f]; value != nil {
		return plain(value)
	}
	return nil, errUnset
}

// plain turns decoded JSON into values of CEL's own kinds, and refuses what is
// none, because the adapter would look at it by reflection.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, string, float64:
		return v, nil
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i, nil
		}
		return v.Float64()
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			p, err := plain(e)
			if err != nil {
				return nil, err
			}
			out[i] = p
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			p, err := plain(e)
			if err != nil {
				return nil, err
			}
			out[k] = p
		}
		return out, nil
	}
	return nil, fmt.Errorf("which is no JSON value but %T", v)
}
