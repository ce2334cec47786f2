package policy_test

import (
	"reflect"
	"testing"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		conditions string
		want       ticket.Search
	}{
		"a category":                {`{projects: [SRE, OPS], status_categories: [indeterminate]}`, ticket.Search{Projects: []string{"OPS", "SRE"}}},
		"statuses":                  {`{projects: [OPS], statuses: ["In Progress", "10042"]}`, ticket.Search{Projects: []string{"OPS"}, Statuses: []string{"10042", "In Progress"}}},
		"any state":                 {`{projects: [OPS], statuses: ["*"]}`, ticket.Search{Projects: []string{"OPS"}, Finished: true}},
		"finished":                  {`{projects: ["*"], status_categories: [done]}`, ticket.Search{Finished: true}},
		"finished in one status":    {`{projects: [OPS], status_categories: [done], statuses: ["Shipped"]}`, ticket.Search{Projects: []string{"OPS"}, Statuses: []string{"Shipped"}}},
		"open, whatever the status": {`{projects: [OPS], status_categories: [new], statuses: ["*"]}`, ticket.Search{Projects: []string{"OPS"}}},
		"anybody's":                 {`{projects: [OPS], status_categories: [new], assigned: false}`, ticket.Search{Projects: []string{"OPS"}, Reported: true}},
	} {
		p := compile(t, `version: 1
entitlements:
  a: {ticket: `+tt.conditions+`, lease: {default: 15m, max: 1h}, ssh: {logins: [ops]}}
`)
		if got := p.Search(nil); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v", name, got)
		}
		if got := p.Search(func(e policy.Entitlement) bool { return e.Name == "b" }); !reflect.DeepEqual(got, ticket.Search{}) {
			t.Errorf("%s: of none: %+v", name, got)
		}
	}
}
