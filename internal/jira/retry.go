package jira

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How long a call may be repeated. The calls are all reads, so repeating them
// changes nothing; a person waits for the answer, so it is not repeated long.
const (
	maxThrottled = 4                // repeats after 429
	maxStumbles  = 2                // repeats after 500, 502, 503 and 504
	maxPatience  = 30 * time.Second // spent waiting, over all repeats of a call
	maxTimeouts  = 3                // times the timeout of one request, for all of a call
	firstBackoff = 500 * time.Millisecond
)

// patience counts how often one call was repeated, and how long that took.
type patience struct {
	now       func() time.Time
	throttled int
	stumbles  int
	waited    time.Duration
}

// wait returns how long to wait before asking again; again is false where the
// answer is final.
func (p *patience) wait(a answer) (wait time.Duration, again bool) {
	switch a.status {
	case http.StatusTooManyRequests:
		p.throttled++
		again = p.throttled <= maxThrottled
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		p.stumbles++
		again = p.stumbles <= maxStumbles
	}
	if !again {
		return 0, false
	}
	wait = retryAfter(a.header, p.now())
	if wait <= 0 { // Data Center says 0 when it means "soon"
		wait = backoff(p.throttled + p.stumbles)
	}
	if p.waited+wait > maxPatience {
		return 0, false
	}
	p.waited += wait
	return wait, true
}

// backoff doubles with each repeat, and takes a random part of the upper half
// off, so that clients that were refused together do not come back together.
func backoff(repeat int) time.Duration {
	d := firstBackoff << min(repeat-1, 6)
	return d - rand.N(d/2) // it protects nothing, so it may be guessed
}

// retryAfter reads Retry-After as seconds or as an HTTP date; zero where it is
// missing, past or not understood.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseUint(v, 10, 32); err == nil {
		return time.Duration(s) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	// Both times are the server's where it tells its own, so that a clock of
	// ours that is wrong does not lengthen the wait.
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, at.Sub(now))
}
