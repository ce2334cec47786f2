package cmd

import (
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/fault"
)

func TestWhenever(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for value, want := range map[string]time.Time{
		"": {}, "2026-03-01": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "24h": now.Add(-24 * time.Hour),
		"2026-03-01T01:00:00+01:00": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "0s": now,
	} {
		if got, err := whenever("--since", value, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"yesterday", "-1h", "2026-13-01", "24", "2026-03-01 10:00"} {
		if got, err := whenever("--since", value, now); fault.ClassOf(err) != fault.Usage {
			t.Errorf("%q is %v, %v", value, got, err)
		}
	}
}
