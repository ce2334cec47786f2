package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

const withCondition = `version: 1
entitlements:
  change:
    ticket: {projects: [OPS], status_categories: [indeterminate], CONDITION}
    lease: {default: 30m, max: 4h}
    ssh: {logins: [ops]}
`

func conditioned(condition string) string {
	return strings.Replace(withCondition, "CONDITION", condition, 1)
}

// custom is the good input with custom fields.
func custom(fields map[ticket.Field]any) policy.Input {
	in := good()
	in.Ticket.Custom = fields
	for f := range fields {
		in.Ticket.Present[f] = true
	}
	return in
}

func TestWindow(t *testing.T) {
	t.Parallel()
	const (
		both  = "window: {start: customfield_1, end: customfield_2}"
		zoned = "window: {start: customfield_1, end: customfield_2, zone: Europe/Berlin}"
	)
	for name, tc := range map[string]struct {
		condition  string
		start, end any
		at         string
		want       string // of the failing reason; "" is allowed
		until      string
		ttl        time.Duration
	}{
		"open":                     {both, "2026-03-02T10:00:00.000+0000", "2026-03-02T16:00:00.000+0200", "2026-03-02T12:00:00Z", "", "2026-03-02T14:00:00Z", 30 * time.Minute},
		"the lease ends with it":   {both, "2026-03-02T10:00:00.000+0000", "2026-03-02T12:10:30.500+0000", "2026-03-02T12:00:00Z", "", "2026-03-02T12:10:30.5Z", 10*time.Minute + 30*time.Second},
		"not yet":                  {both, "2026-03-02T12:00:01.000+0000", "2026-03-02T14:00:00.000+0000", "2026-03-02T12:00:00Z", "window: the window begins at 2026-03-02 12:00 UTC", "", 0},
		"at its first moment":      {both, "2026-03-02T12:00:00.000+0000", "2026-03-02T14:00:00.000+0000", "2026-03-02T12:00:00Z", "", "2026-03-02T14:00:00Z", 30 * time.Minute},
		"at its last":              {both, "2026-03-02T10:00:00.000+0000", "2026-03-02T12:00:00.000+0000", "2026-03-02T12:00:00Z", "window: the window ended at 2026-03-02 12:00 UTC", "", 0},
		"too short":                {both, "2026-03-02T10:00:00.000+0000", "2026-03-02T12:00:59.000+0000", "2026-03-02T12:00:00Z", "window: the window ends at 2026-03-02 12:00 UTC, which is too soon", "", 0},
		"ends before it begins":    {both, "2026-03-02T14:00:00.000+0000", "2026-03-02T10:00:00.000+0000", "2026-03-02T12:00:00Z", "window: the window ends at 2026-03-02 10:00 UTC, before it begins", "", 0},
		"no start":                 {both, nil, "2026-03-02T14:00:00.000+0000", "2026-03-02T12:00:00Z", "window: the start of the window, in the field customfield_1, is not set", "", 0},
		"no end":                   {both, "2026-03-02T10:00:00.000+0000", "", "2026-03-02T12:00:00Z", "window: the end of the window, in the field customfield_2, is not set", "", 0},
		"no date":                  {both, "tomorrow", "2026-03-02T14:00:00.000+0000", "2026-03-02T12:00:00Z", "customfield_1, is no date", "", 0},
		"a number":                 {both, 17.0, "2026-03-02T14:00:00.000+0000", "2026-03-02T12:00:00Z", "customfield_1, is no date", "", 0},
		"a date without a zone":    {both, "2026-03-02", "2026-03-02T14:00:00.000+0000", "2026-03-02T12:00:00Z", "is a date without a time of day, and the policy names no zone", "", 0},
		"end date inclusive":       {zoned, "2026-03-02", "2026-03-02", "2026-03-02T22:59:00Z", "", "2026-03-02T23:00:00Z", time.Minute},
		"start of the day there":   {zoned, "2026-03-02", "2026-03-02", "2026-03-01T23:00:00Z", "", "2026-03-02T23:00:00Z", 30 * time.Minute},
		"the day before there":     {zoned, "2026-03-02", "2026-03-02", "2026-03-01T22:59:59Z", "window: the window begins at 2026-03-01 23:00 UTC", "", 0},
		"the day after there":      {zoned, "2026-03-02", "2026-03-02", "2026-03-02T23:00:00Z", "window: the window ended at 2026-03-02 23:00 UTC", "", 0},
		"a day of 23 hours":        {zoned, "2026-03-29", "2026-03-29", "2026-03-29T21:59:00Z", "", "2026-03-29T22:00:00Z", time.Minute},
		"only an end":              {"window: {end: duedate, zone: UTC}", nil, nil, "2026-03-09T23:00:00Z", "", "2026-03-10T00:00:00Z", 30 * time.Minute},
		"only an end, which is up": {"window: {end: duedate, zone: UTC}", nil, nil, "2026-03-10T00:00:00Z", "window: the window ended", "", 0},
		"only a start":             {"window: {start: customfield_1}", "2026-03-02T10:00:00.000+0000", nil, "2027-03-02T12:00:00Z", "", "", 30 * time.Minute},
	} {
		in := custom(map[ticket.Field]any{"customfield_1": tc.start, "customfield_2": tc.end})
		in.Ticket.Due, in.Ticket.Present["duedate"] = time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC), true
		in.At, _ = time.Parse(time.RFC3339, tc.at)
		d := compile(t, conditioned(tc.condition)).Decide("change", in)
		got := strings.Join(failing(d), "\n")
		if d.Allowed != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: allowed %t, %q, want %q", name, d.Allowed, got, tc.want)
			continue
		}
		until := ""
		if !d.NotAfter.IsZero() {
			until = d.NotAfter.Format(time.RFC3339Nano)
		}
		if until != tc.until || d.TTL != tc.ttl {
			t.Errorf("%s: until %q for %s, want %q for %s", name, until, d.TTL, tc.until, tc.ttl)
		}
	}
}

func TestWindowThatIsNotAnsweredRefuses(t *testing.T) {
	t.Parallel()
	p := compile(t, conditioned("window: {start: customfield_1, end: customfield_2}"))
	in := custom(map[ticket.Field]any{"customfield_1": "2026-03-02T10:00:00.000+0000"})
	if got := failing(p.Decide("change", in)); len(got) != 1 || !strings.HasPrefix(got[0], "field: Jira did not answer the field customfield_2") {
		t.Errorf("%q", got)
	}
	if needs := p.Needs("change"); !strings.Contains(join(needs.Fields), "customfield_1 customfield_2") {
		t.Errorf("asked for %q", needs.Fields)
	}
}

func join(fields []ticket.Field) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(string(f) + " ")
	}
	return b.String()
}

func TestConditionMistakes(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]string{
		"window: {}":                                            "window must have start, end or both",
		"window: {start: created}":                              `"created" is not a field for window.start`,
		"window: {start: customfield_x}":                        `"customfield_x" is not a field for window.start`,
		"window: {end: duedate, zone: Mars}":                    `"Mars" is not a time zone`,
		"window: {end: duedate, zone: Local}":                   `"Local" is not a time zone`,
		"window: {until: duedate}":                              `unknown key "until" in window`,
		"approvals: {}":                                         "approvals must have field",
		"approvals: {field: labels}":                            `"labels" is not a field for approvals.field`,
		"approvals: {field: customfield_1, count: 0}":           "approvals.count must be a whole number from 1 to 20, not the number 0",
		"approvals: {field: customfield_1, count: two}":         "approvals.count must be a whole number",
		"approvals: {field: customfield_1, group: ''}":          "approvals.group is empty",
		"linked: {}":                                            "linked must name the projects",
		"linked: {projects: [CHG]}":                             "linked must name a state",
		"linked: {projects: [CHG], statuses: [Done]}":           `"Done" is not the id of a status`,
		"linked: {projects: [CHG], status_categories: [x]}":     `"x" is not a status category`,
		"linked: {projects: [chg], status_categories: [done]}":  `"chg" is not a project key`,
		"linked: {projects: ['*'], status_categories: ['*']}":   `"*" means nothing in status_categories`,
		"linked: {projects: ['*'], statuses: ['1'], links: []}": "links is empty",
	} {
		_, err := policy.Compile(source(conditioned(condition)), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", condition, err, want)
		}
	}
}
