package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/policy"
)

func limited(limits string) string {
	return strings.Replace(conditioned("assigned: true"), "    ssh:", "    limits: {"+limits+"}\n    ssh:", 1)
}

// given is a grant that began so long before noon and ends 30 minutes later.
func given(id string, ago time.Duration, change ...func(*policy.Earlier)) policy.Earlier {
	e := policy.Earlier{
		ID: id, Entitlement: "change", TicketID: "10042", NotBefore: noon.Add(-ago), ExpiresAt: noon.Add(30*time.Minute - ago),
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func revoked(ago time.Duration) func(*policy.Earlier) {
	return func(e *policy.Earlier) { e.Revoked = noon.Add(-ago) }
}

func other(e *policy.Earlier)   { e.Entitlement = "another" }
func ticket2(e *policy.Earlier) { e.TicketID = "2" }

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limits   string
		earlier  []policy.Earlier
		renewing string
		want     string
	}{
		"none before":                {"in_force: 1", []policy.Earlier{}, "", ""},
		"not known":                  {"in_force: 1", nil, "", "limits: what you were given before is not known"},
		"one in force":               {"in_force: 1", []policy.Earlier{given("a", 10*time.Minute)}, "", "limits: 1 of change are in force, and 1 is the most"},
		"for another ticket too":     {"in_force: 1", []policy.Earlier{given("a", 10*time.Minute, ticket2)}, "", "in force"},
		"of another entitlement":     {"in_force: 1", []policy.Earlier{given("a", 10*time.Minute, other)}, "", ""},
		"which is renewed":           {"in_force: 1", []policy.Earlier{given("a", 10*time.Minute)}, "a", ""},
		"beside which one renews":    {"in_force: 1", []policy.Earlier{given("a", 10*time.Minute), given("b", 5*time.Minute)}, "a", "in force"},
		"expired":                    {"in_force: 1", []policy.Earlier{given("a", 30*time.Minute)}, "", ""},
		"revoked":                    {"in_force: 1", []policy.Earlier{given("a", 10*time.Minute, revoked(time.Minute))}, "", ""},
		"twice for the ticket":       {"per_ticket: 2", []policy.Earlier{given("a", 50*time.Hour), given("b", 60*time.Hour)}, "", "limits: change was given 2 times for this ticket, and 2 is the most"},
		"once, and for another":      {"per_ticket: 2", []policy.Earlier{given("a", 50*time.Hour), given("b", 60*time.Hour, ticket2)}, "", ""},
		"twice a day":                {"per_day: 2", []policy.Earlier{given("a", 23*time.Hour, ticket2), given("b", time.Hour)}, "", "limits: change was given 2 times within a day"},
		"a day ago":                  {"per_day: 2", []policy.Earlier{given("a", 24*time.Hour), given("b", time.Hour)}, "", ""},
		"revoked a while ago":        {"cooldown: 1h", []policy.Earlier{given("a", 70*time.Minute, revoked(60*time.Minute))}, "", ""},
		"revoked just now":           {"cooldown: 1h", []policy.Earlier{given("a", 70*time.Minute, revoked(59*time.Minute))}, "", "limits: a grant of change was revoked, and there is none for 1h after that"},
		"renewed":                    {"cooldown: 1h", []policy.Earlier{given("a", 20*time.Minute, revoked(10*time.Minute)), given("b", 10*time.Minute)}, "", ""},
		"renewed, then revoked":      {"cooldown: 1h", []policy.Earlier{given("a", 20*time.Minute, revoked(10*time.Minute)), given("b", 10*time.Minute, revoked(time.Minute))}, "", "revoked"},
		"of another, revoked":        {"cooldown: 1h", []policy.Earlier{given("a", 20*time.Minute, revoked(time.Minute), other)}, "", ""},
		"several limits":             {"in_force: 2, per_day: 5, cooldown: 5m", []policy.Earlier{given("a", 10*time.Minute)}, "", ""},
		"several limits are reached": {"in_force: 1, per_day: 1", []policy.Earlier{given("a", 10*time.Minute)}, "", "within a day"},
	} {
		in := good()
		in.Earlier, in.Renewing = tc.earlier, tc.renewing
		in.Ticket.Created, in.Ticket.Present["created"] = noon.Add(-100*time.Hour), true
		d := compile(t, limited(tc.limits)).Decide("change", in)
		if got := strings.Join(failing(d), "\n"); d.Allowed != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: allowed %t, %q, want %q", name, d.Allowed, got, tc.want)
		}
	}
}

// What must be known reaches as far back as the limit that looks furthest.
func TestSince(t *testing.T) {
	t.Parallel()
	in := good()
	in.Ticket.Created = noon.Add(-100 * time.Hour)
	for limits, want := range map[string]time.Duration{
		"in_force: 1": 4 * time.Hour, "per_day: 1": 24 * time.Hour, "cooldown: 30h": 34 * time.Hour,
		"per_ticket: 1": 100 * time.Hour, "per_ticket: 1, cooldown: 200h": 204 * time.Hour,
	} {
		if got := noon.Sub(compile(t, limited(limits)).Since(in.Ticket, noon)); got != want {
			t.Errorf("%s: %s, want %s", limits, got, want)
		}
	}
	if got := compile(t, conditioned("assigned: true")).Since(in.Ticket, noon); !got.IsZero() {
		t.Errorf("without limits: %s", got)
	}
}

func TestLimitMistakes(t *testing.T) {
	t.Parallel()
	for limits, want := range map[string]string{
		"":               "limits is empty",
		"in_force: 0":    "limits.in_force must be a whole number from 1 to 1000",
		"per_day: 1.5":   "limits.per_day must be a whole number",
		"per_ticket: -1": "limits.per_ticket must be a whole number",
		"cooldown: 1":    "limits.cooldown must be a duration",
		"cooldown: 800h": "limits.cooldown 800h is longer than the 720h that is the most",
		"per_week: 3":    `unknown key "per_week" in limits`,
	} {
		_, err := policy.Compile(source(limited(limits)), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", limits, err, want)
		}
	}
}
