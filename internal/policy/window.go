package policy

import (
	"errors"
	"strings"
	"time"
	_ "time/tzdata" // a policy must mean the same on a machine without zones

	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/policy/expr"
	"github.com/jitaccess/jit/internal/ticket"
)

// Window is a time that fields of the ticket tell, outside of which it unlocks
// nothing.
type Window struct {
	Start, End ticket.Field // custom fields or the due date; "" is open
	// Zone is where days begin and end, for fields that hold a date and no time of
	// day; nil where the policy names none, which such a field then needs.
	Zone *time.Location
}

// window reads ticket.window.
func (f *file) window(e entry) *Window {
	w := &Window{}
	o := f.Object(e.Value, e.Key, "window", "start", "end", "zone")
	if !o.OK {
		return w
	}
	w.Start, w.End = f.dateField(o, "start"), f.dateField(o, "end")
	if o.Get("start") == nil && o.Get("end") == nil {
		f.Problem(o.At, "window must have start, end or both")
	}
	if n := o.Get("zone"); n != nil {
		it, ok := f.Text(n, "window.zone")
		zone, err := time.LoadLocation(it.Value)
		switch {
		case !ok:
		case err != nil || it.Value == "Local":
			f.Problem(it.Node, "%.80q is not a time zone, such as Europe/Berlin or UTC", it.Value)
		default:
			w.Zone = zone
		}
	}
	return w
}

// dateField reads the name of a field that can hold a date.
func (f *file) dateField(o object, key string) ticket.Field {
	return f.field(o, key, "window."+key, string(ticket.FieldDue))
}

// field reads the name of a custom field, or of one of some others.
func (f *file) field(o object, key, what string, others ...string) ticket.Field {
	n := o.Get(key)
	if n == nil {
		return ""
	}
	it, ok := f.Text(n, what)
	if !ok {
		return ""
	}
	for _, name := range others {
		if it.Value == name {
			return ticket.Field(name)
		}
	}
	if !expr.IsCustomName(it.Value) {
		f.Problem(it.Node, "%.80q is not a field for %s, which takes %s", it.Value, what, or(append([]string{"a custom field such as customfield_10101"}, others...)))
	}
	return ticket.Field(it.Value)
}

func (w *Window) fields() []ticket.Field {
	var fields []ticket.Field
	if w != nil {
		for _, f := range []ticket.Field{w.Start, w.End} {
			if f != "" {
				fields = append(fields, f)
			}
		}
	}
	return fields
}

// window holds the time against the ticket's window, and notes when that ends.
func (j *judgement) window() {
	w := j.c.Ticket.Window
	if w == nil {
		return
	}
	start, ok := j.bound(w.Start, "start", false)
	end, okEnd := j.bound(w.End, "end", true)
	if !ok || !okEnd {
		return
	}
	at := j.in.At
	switch {
	case !end.IsZero() && !start.IsZero() && !start.Before(end):
		j.fails(codeWindow, "correct the dates of the ticket", "the window ends at %s, before it begins at %s", moment(end), moment(start))
	case at.Before(start):
		j.fails(codeWindow, "ask again at "+moment(start), "the window begins at %s", moment(start))
	case !end.IsZero() && !at.Before(end):
		j.fails(codeWindow, "cite a ticket whose window is open", "the window ended at %s", moment(end))
	case !end.IsZero() && end.Sub(at) < minSSHLease:
		j.fails(codeWindow, "cite a ticket whose window is open for longer", "the window ends at %s, which is too soon for any access", moment(end))
	case end.IsZero():
		j.holds(codeWindow, "the window has been open since %s", moment(start))
	default:
		j.until = end
		j.holds(codeWindow, "the window is open until %s", moment(end))
	}
}

// bound reads one end of the window; the zero time is open. It is false where the
// ticket does not tell, which has been refused then.
func (j *judgement) bound(f ticket.Field, which string, inclusive bool) (time.Time, bool) {
	if f == "" {
		return time.Time{}, true
	}
	if !j.answered(f) {
		return time.Time{}, false
	}
	at, err := j.c.Ticket.Window.read(j.in.Ticket, f, inclusive)
	if err != nil {
		j.fails(codeWindow, "set the "+which+" of the window on the ticket", "the %s of the window, in the field %s, %s", which, f, err.Error())
		return time.Time{}, false
	}
	return at, true
}

// read is the moment that a field tells. A date stands for its first moment or,
// where it is inclusive, for the moment after its last.
func (w *Window) read(t ticket.Ticket, f ticket.Field, inclusive bool) (time.Time, error) {
	var text string
	switch value := t.Custom[f].(type) {
	case string:
		text = strings.TrimSpace(value)
	case nil:
	default:
		return time.Time{}, errors.New("is no date")
	}
	if f == ticket.FieldDue && !t.Due.IsZero() {
		text = t.Due.Format(time.DateOnly)
	}
	if text == "" {
		return time.Time{}, errors.New("is not set")
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999-0700", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	day, err := time.Parse(time.DateOnly, text)
	switch {
	case err != nil:
		return time.Time{}, errors.New("is no date")
	case w.Zone == nil:
		return time.Time{}, errors.New("is a date without a time of day, and the policy names no zone for it")
	}
	y, m, d := day.Date()
	if inclusive {
		d++
	}
	return time.Date(y, m, d, 0, 0, 0, 0, w.Zone).UTC(), nil
}

// moment is a time as reasons tell it.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// windowProblem tells a window that a policy cannot have with what it unlocks.
func (f *file) windowProblem(n *yaml.Node, ent Entitlement) {
	if ent.Ticket.Window == nil || ent.AWS == nil || ent.AWS.SessionPolicy == "" {
		return
	}
	if room := MaxSessionPolicy - roomOfDeadline; len(ent.AWS.SessionPolicy) > room {
		f.Problem(n, "the session policy has %d characters, and with a window it can have %d, since the window's end is added to it", len(ent.AWS.SessionPolicy), room)
	}
}

// roomOfDeadline is what the statement that ends a session with its window takes of
// a session policy, in characters.
const roomOfDeadline = 128
