package cmd

import (
	"time"

	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/trial"
)

// decidedJSON is a decision as reports tell it: by codes, for programs that
// compare.
type decidedJSON struct {
	Allowed  bool     `json:"allowed"`
	Reasons  []string `json:"reasons"`             // codes that fail
	Seconds  int64    `json:"seconds,omitempty"`   // of the lease
	NotAfter string   `json:"not_after,omitempty"` // where a window ends it
}

func decided(d policy.Decision) decidedJSON {
	out := decidedJSON{Allowed: d.Allowed, Reasons: trial.Failing(d), Seconds: int64(d.TTL / time.Second)}
	if !d.NotAfter.IsZero() {
		out.NotAfter = stamp(d.NotAfter)
	}
	return out
}
