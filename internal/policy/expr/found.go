package expr

import (
	"fmt"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/ticket"
)

// longestShown is how many characters of a value an explanation shows.
const longestShown = 80

// Found tells what the expression read, such as `ticket.priority is "P3"`, for
// explaining an answer. What Jira wrote is made harmless. It is "" where the
// expression reads nothing.
func (p *Program) Found(v *Values) string {
	parts := make([]string, 0, len(p.reads))
	for _, r := range p.reads {
		value, err := r.from(v)
		if err != nil {
			parts = append(parts, oneLine(err.Error()))
			continue
		}
		parts = append(parts, r.path+" is "+show(value))
	}
	return strings.Join(parts, ", ")
}

func show(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", shorten(v))
	case []string:
		return shorten("[" + strings.Join(v, ", ") + "]")
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	}
	return shorten(fmt.Sprint(value))
}

func shorten(s string) string {
	s = ticket.Clean(s)
	if r := []rune(s); len(r) > longestShown {
		return string(r[:longestShown]) + "…"
	}
	return s
}
