package policy

import (
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/ticket"
)

// longestShown is how many characters of a text from Jira a reason shows.
const longestShown = 200

// shown makes a text from Jira, or from whoever asks, harmless and short.
func shown(s string) string {
	s = ticket.Clean(s)
	if r := []rune(s); len(r) > longestShown {
		return string(r[:longestShown]) + "…"
	}
	return s
}

// person is a name with the id that counts.
func person(p ticket.Person) string {
	if p.Name == "" {
		return shown(p.ID)
	}
	return shown(p.Name) + " (" + shown(p.ID) + ")"
}

// statusText is the status as the reader knows it, with the id that counts.
func statusText(s ticket.Status) string {
	name := s.Untranslated
	if name == "" {
		name = s.Name
	}
	return shown(name) + " (id " + shown(s.ID) + ")"
}

// or joins the values of a policy: a, b or c.
func or(values []string) string {
	if len(values) < 2 {
		return strings.Join(values, "")
	}
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// Short writes a duration without trailing zero units: 30m, not 30m0s.
func Short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
