package awssts

import (
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

func TestSettle(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ttl     time.Duration
		later   time.Duration // of now, after the lease began
		chained bool
		seconds int32
		ends    time.Duration // of the lease, after epoch
		notice  string
	}{
		"at once":                    {ttl: 30 * time.Minute, seconds: 1800, ends: 30 * time.Minute},
		"ends with the lease":        {ttl: 30 * time.Minute, later: 1500 * time.Millisecond, seconds: 1798, ends: 30 * time.Minute},
		"shortest":                   {ttl: 15 * time.Minute, seconds: 900, ends: 15 * time.Minute},
		"shortest, begun":            {ttl: 15 * time.Minute, later: 2 * time.Second, seconds: 900, ends: 15*time.Minute + 2*time.Second},
		"begins later":               {ttl: 30 * time.Minute, later: -time.Minute, seconds: 1800, ends: 30 * time.Minute},
		"chained, short":             {ttl: time.Hour, chained: true, seconds: 3600, ends: time.Hour},
		"chained, long":              {ttl: 2 * time.Hour, chained: true, seconds: 3600, ends: time.Hour, notice: "assumed role"},
		"a user may have longer":     {ttl: 2 * time.Hour, seconds: 7200, ends: 2 * time.Hour},
		"longer than STS gives":      {ttl: 13 * time.Hour, seconds: 43200, ends: 12 * time.Hour, notice: "12h"},
		"a prompt took its time":     {ttl: 20 * time.Minute, later: 10 * time.Minute, seconds: 900, ends: 25 * time.Minute},
		"chained, a second too many": {ttl: time.Hour + time.Second, chained: true, seconds: 3600, ends: time.Hour, notice: "1h"},
	} {
		got, err := settle(grant.NewLease(epoch, tc.ttl), time.Time{}, epoch.Add(tc.later), tc.chained)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.seconds != tc.seconds || !got.lease.ExpiresAt.Equal(epoch.Add(tc.ends)) {
			t.Errorf("%s: %d s, ends after %s; want %d s, %s", name, got.seconds, got.lease.ExpiresAt.Sub(epoch), tc.seconds, tc.ends)
		}
		if got.lease.TTL() > tc.ttl {
			t.Errorf("%s: the lease grew to %s", name, got.lease.TTL())
		}
		if notices := strings.Join(got.notices, "; "); (tc.notice == "") != (notices == "") || !strings.Contains(notices, tc.notice) {
			t.Errorf("%s: notices %q, want %q", name, notices, tc.notice)
		}
	}
}

func TestSettleRefusesLessThanSTSGives(t *testing.T) {
	t.Parallel()
	_, err := settle(grant.NewLease(epoch, 899*time.Second), time.Time{}, epoch, false)
	if fault.ClassOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "15m") {
		t.Errorf("%v (hint %q)", err, fault.HintOf(err))
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0s": 0, "1s": time.Second, "15m": 15 * time.Minute, "1h": time.Hour, "1h30m": 90 * time.Minute,
		"10h": 10 * time.Hour, "1h0m5s": time.Hour + 5*time.Second, "10m": 10 * time.Minute, "-2h": -2 * time.Hour,
	} {
		if got := short(d); got != want {
			t.Errorf("short(%s) = %q, want %q", d, got, want)
		}
	}
}
