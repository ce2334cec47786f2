package fakejira

import (
	"testing"
	"time"
)

// FuzzJQL holds that any query is either refused or can be asked of the store.
func FuzzJQL(f *testing.F) {
	for _, q := range []string{`project = DEMO AND assignee is not EMPTY`, `key in ("a\"b", c) order by x`, `status not in (`, `'`, `labels != ""`, `(project = DEMO OR (status = 3 and assignee = currentUser()))`} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		parsed, err := parseJQL(q)
		if err != nil {
			return
		}
		s := New(Options{Now: func() time.Time { return time.Unix(0, 0) }})
		c := &call{server: s}
		for _, i := range s.issues {
			c.satisfies(i, parsed)
		}
		for _, cl := range parsed.clauses() {
			if len(cl.values) == 0 {
				t.Errorf("%q has a clause without values", q)
			}
		}
	})
}
