package cmd

import (
	"time"

	"github.com/jitaccess/jit/internal/fault"
)

// whenever reads a moment as people write it for a flag: RFC 3339, a date, whose
// first moment in UTC it is, or a duration, which is so long before now. "" is
// the zero time. It fails with class Usage.
func whenever(flag, value string, now time.Time) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t, nil
		}
	}
	if ago, err := time.ParseDuration(value); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, fault.New(fault.Usage, "%s %q is no time", flag, value).
		WithHint("write 2026-11-28T09:00:00Z, 2026-11-28, or 24h for a day ago")
}
