package awssts

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
)

func TestSettleWithinAWindow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ttl, window, later time.Duration
		seconds            int32
		ends, denied       time.Duration // after epoch; denied 0 is never
	}{
		"far from its end":     {30 * time.Minute, time.Hour, 0, 1800, 30 * time.Minute, 0},
		"cut, and long enough": {20 * time.Minute, 20 * time.Minute, time.Second, 1199, 20 * time.Minute, 0},
		"too short for STS":    {10 * time.Minute, 10 * time.Minute, time.Second, 900, 10 * time.Minute, 10 * time.Minute},
		"a prompt took long":   {15 * time.Minute, 16 * time.Minute, 5 * time.Minute, 900, 15 * time.Minute, 15 * time.Minute},
	} {
		got, err := settle(grant.NewLease(epoch, tc.ttl), epoch.Add(tc.window), epoch.Add(tc.later), false)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		denied := time.Duration(0)
		if !got.denied.IsZero() {
			denied = got.denied.Sub(epoch)
		}
		if got.seconds != tc.seconds || got.lease.ExpiresAt.Sub(epoch) != tc.ends || denied != tc.denied {
			t.Errorf("%s: %d s, ends after %s, denied after %s", name, got.seconds, got.lease.ExpiresAt.Sub(epoch), denied)
		}
	}
	if _, err := settle(grant.NewLease(epoch, 5*time.Minute), epoch.Add(5*time.Minute), epoch.Add(5*time.Minute), false); fault.ClassOf(err) != fault.Usage {
		t.Errorf("a window that has ended: %v", err)
	}
}

// From the end of the window on everything is denied, and nothing is allowed that
// was not before.
func TestDeadline(t *testing.T) {
	t.Parallel()
	const deny = `{"Action":"*","Condition":{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-03-02T10:10:00Z"}},"Effect":"Deny","Resource":"*"}`
	const one = `{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`
	managed := []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
	for name, tc := range map[string]struct {
		role policy.AWS
		want string
	}{
		"none":                {policy.AWS{}, `[{"Action":"*","Effect":"Allow","Resource":"*"},` + deny + `]`},
		"managed ones":        {policy.AWS{PolicyARNs: managed}, `[` + deny + `]`},
		"a list":              {policy.AWS{SessionPolicy: `{"Version":"2012-10-17","Statement":[` + one + `]}`}, `[{"Action":"s3:Get*","Effect":"Allow","Resource":"*"},` + deny + `]`},
		"one without a list":  {policy.AWS{SessionPolicy: `{"Version":"2012-10-17","Statement":` + one + `}`}, `[{"Action":"s3:Get*","Effect":"Allow","Resource":"*"},` + deny + `]`},
		"beside managed ones": {policy.AWS{PolicyARNs: managed, SessionPolicy: `{"Statement":[]}`}, `[` + deny + `]`},
	} {
		got, err := deadline(&tc.role, time.Date(2026, 3, 2, 10, 10, 0, 0, time.UTC))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var doc struct {
			Version   string
			Statement json.RawMessage
		}
		if err := json.Unmarshal([]byte(*got), &doc); err != nil || doc.Version != "2012-10-17" || string(doc.Statement) != tc.want {
			t.Errorf("%s: %s, %v", name, *got, err)
		}
	}
	long := policy.AWS{SessionPolicy: `{"Statement":[{"Sid":"` + strings.Repeat("x", 1950) + `"}]}`}
	if _, err := deadline(&long, epoch); fault.ClassOf(err) != fault.Config {
		t.Errorf("too long: %v", err)
	}
}

// The keys of a session that outlives its window end with the window.
func TestMintWithinAWindow(t *testing.T) {
	t.Parallel()
	f := newFakeSTS(t)
	order := fullOrder()
	order.Grant.Lease, order.NotAfter = grant.NewLease(epoch, 10*time.Minute), epoch.Add(10*time.Minute)
	cred, err := mint(t, f.issuer(), order)
	if err != nil {
		t.Fatal(err)
	}
	if !cred.AWS.ExpiresAt.Equal(epoch.Add(10 * time.Minute)) {
		t.Errorf("the keys end at %s", cred.AWS.ExpiresAt)
	}
	if got := f.last(); got.Get("DurationSeconds") != "900" || !strings.Contains(got.Get("Policy"), `"aws:CurrentTime":"`+epoch.Add(10*time.Minute).Format(time.RFC3339)) {
		t.Errorf("%s %s", got.Get("DurationSeconds"), got.Get("Policy"))
	}
}
