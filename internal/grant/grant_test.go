package grant_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/ticket"
)

func TestNewIDHasTheContractsForm(t *testing.T) {
	form := regexp.MustCompile(`^[a-z2-7]{26}$`)
	seen := map[grant.ID]bool{}
	for range 1000 {
		id, err := grant.NewID(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !form.MatchString(string(id)) {
			t.Fatalf("id %q", id)
		}
		if seen[id] {
			t.Fatalf("id %q twice", id)
		}
		seen[id] = true
		if again, err := grant.ParseID(string(id)); err != nil || again != id {
			t.Fatalf("ParseID(%q) = %q, %v", id, again, err)
		}
	}
}

func TestNewIDUsesAllItsBits(t *testing.T) {
	zeros, err := grant.NewID(bytes.NewReader(make([]byte, 17)))
	if err != nil {
		t.Fatal(err)
	}
	ones, err := grant.NewID(bytes.NewReader(bytes.Repeat([]byte{0xff}, 17)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range zeros {
		if zeros[i] == ones[i] {
			t.Errorf("character %d does not depend on the random bytes", i)
		}
	}
}

func TestNewIDFailsWithoutRandomness(t *testing.T) {
	if id, err := grant.NewID(strings.NewReader("short")); err == nil {
		t.Errorf("NewID = %q from a dry source", id)
	}
}

func TestParseIDRefuses(t *testing.T) {
	for _, s := range []string{"", "abc", strings.Repeat("a", 25), strings.Repeat("a", 27), strings.Repeat("A", 26), strings.Repeat("1", 26), "../" + strings.Repeat("a", 23)} {
		if id, err := grant.ParseID(s); err == nil {
			t.Errorf("ParseID(%q) = %q", s, id)
		}
	}
}

func TestLeaseBoundaries(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 999, time.FixedZone("x", 3600))
	l := grant.NewLease(start, 15*time.Minute)
	if l.NotBefore.Location() != time.UTC || l.NotBefore.Nanosecond() != 0 || l.TTL() != 15*time.Minute {
		t.Fatalf("lease %+v", l)
	}
	for _, tc := range []struct {
		at   time.Time
		want bool
	}{
		{l.NotBefore.Add(-time.Nanosecond), false},
		{l.NotBefore, true},
		{l.ExpiresAt.Add(-time.Nanosecond), true},
		{l.ExpiresAt, false},
	} {
		if got := l.InForce(tc.at); got != tc.want {
			t.Errorf("InForce(%s) = %v", tc.at, got)
		}
	}
}

func TestNamesFitTheirPlaces(t *testing.T) {
	g := grant.Grant{
		ID:        grant.ID(strings.Repeat("a", grant.IDLength)),
		Ticket:    ticket.Key(strings.Repeat("A", ticket.MaxKeyLength-2) + "-1"),
		Principal: "712020:ab c",
	}
	if n := g.SessionName(); len(n) != 64 || !regexp.MustCompile(`^[\w+=,.@-]{2,64}$`).MatchString(n) {
		t.Errorf("session name %q has %d characters", n, len(n))
	}
	if id := g.SSHKeyID(); strings.Count(id, " ") != 3 || !strings.Contains(id, "712020=3Aab=20c") {
		t.Errorf("key id %q: the principal's blanks and colons must not add fields", id)
	}
}

func TestJSONHoldsTheLeaseFlat(t *testing.T) {
	g := grant.Grant{ID: "x", Kind: grant.AWS, Lease: grant.NewLease(time.Unix(0, 0), time.Hour)}
	b, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var back grant.Grant
	if err := json.Unmarshal(b, &back); err != nil || back != g {
		t.Errorf("%s does not come back: %+v, %v", b, back, err)
	}
	if !bytes.Contains(b, []byte(`"expires_at":"1970-01-01T01:00:00Z"`)) {
		t.Errorf("lease in %s", b)
	}
}
