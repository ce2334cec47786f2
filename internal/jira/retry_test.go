package jira

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/fault"
)

// inTurn answers with one handler after the other, the last one for good.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[0]
		if len(handlers) > 1 {
			handlers = handlers[1:]
		}
		mu.Unlock()
		h(rw, r)
	}
}

const myselfBody = `{"accountId":"712020:ada","key":"712020:ada","displayName":"Ada Lovelace"}`

func TestRetries(t *testing.T) {
	t.Parallel()
	good := canned(200, `{"accountId":"712020:ada","displayName":"Ada"}`)
	date := epoch.Format(http.TimeFormat)
	for name, tt := range map[string]struct {
		handlers []http.HandlerFunc
		naps     []time.Duration // a negative one is a backoff of at most that
		err      string
		hint     string
	}{
		"seconds":        {[]http.HandlerFunc{canned(429, ``, "Retry-After", "3"), good}, []time.Duration{3 * time.Second}, "", ""},
		"spaced seconds": {[]http.HandlerFunc{canned(429, ``, "Retry-After", " 2 "), good}, []time.Duration{2 * time.Second}, "", ""},
		"a date by the server's clock": {[]http.HandlerFunc{
			canned(429, ``, "Date", epoch.Add(time.Hour).Format(http.TimeFormat), "Retry-After", epoch.Add(time.Hour+4*time.Second).Format(http.TimeFormat)), good,
		}, []time.Duration{4 * time.Second}, "", ""},
		"a date that is past": {
			[]http.HandlerFunc{canned(429, ``, "Date", date, "Retry-After", epoch.Add(-time.Hour).Format(http.TimeFormat)), good},
			[]time.Duration{-firstBackoff},
			"", "",
		},
		"zero":    {[]http.HandlerFunc{canned(429, ``, "Retry-After", "0"), good}, []time.Duration{-firstBackoff}, "", ""},
		"missing": {[]http.HandlerFunc{canned(429, ``), canned(429, ``), good}, []time.Duration{-firstBackoff, -2 * firstBackoff}, "", ""},
		"nonsense": {
			[]http.HandlerFunc{canned(429, ``, "Retry-After", "-5"), canned(429, ``, "Retry-After", "soon"), good},
			[]time.Duration{-firstBackoff, -2 * firstBackoff},
			"", "",
		},
		"for good": {
			[]http.HandlerFunc{canned(429, ``, "Retry-After", "1")},
			[]time.Duration{time.Second, time.Second, time.Second, time.Second},
			"too many requests", "left alone for 1s",
		},
		"for good without a time": {
			[]http.HandlerFunc{canned(429, ``)},
			[]time.Duration{-firstBackoff, -2 * firstBackoff, -4 * firstBackoff, -8 * firstBackoff},
			"too many requests", "few minutes",
		},
		"too long":    {[]http.HandlerFunc{canned(429, ``, "Retry-After", "31")}, nil, "too many requests", "left alone for 31s"},
		"a long time": {[]http.HandlerFunc{canned(429, ``, "Retry-After", "4294967295")}, nil, "too many requests", "left alone"},
		"too long together": {
			[]http.HandlerFunc{canned(429, ``, "Retry-After", "20")},
			[]time.Duration{20 * time.Second},
			"too many requests", "left alone for 20s",
		},
		"503 with a time": {[]http.HandlerFunc{canned(503, ``, "Retry-After", "2"), good}, []time.Duration{2 * time.Second}, "", ""},
		"502 then good":   {[]http.HandlerFunc{canned(502, `<html>`), good}, []time.Duration{-firstBackoff}, "", ""},
		"500 for good":    {[]http.HandlerFunc{canned(500, `{"message":"oops"}`)}, []time.Duration{-firstBackoff, -2 * firstBackoff}, "does not work at the moment (500) (Jira says: oops)", "later"},
		"504 for good":    {[]http.HandlerFunc{canned(504, ``)}, []time.Duration{-firstBackoff, -2 * firstBackoff}, "(504)", "later"},
		"501 at once":     {[]http.HandlerFunc{canned(501, ``)}, nil, "(501)", "later"},
		"mixed": {
			[]http.HandlerFunc{canned(503, ``), canned(429, ``, "Retry-After", "1"), canned(503, ``), good},
			[]time.Duration{-firstBackoff, time.Second, -4 * firstBackoff},
			"", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Cloud)
			w.on(myselfPath, inTurn(tt.handlers...))
			var said []string
			c, ticks := connect(t, w, func(o *Options) { o.Notice = func(s string) { said = append(said, s) } })
			_, err := c.Whoami(t.Context(), false)
			if tt.err == "" && err != nil {
				t.Errorf("Whoami: %v", err)
			}
			if tt.err != "" {
				refused{class: fault.Ticket, msg: tt.err, hint: tt.hint}.check(t, err)
			}
			checkNaps(t, ticks.naps(), tt.naps)
			if len(said) != len(tt.naps) {
				t.Errorf("notices %q for %d waits", said, len(tt.naps))
			}
		})
	}
}

func checkNaps(t *testing.T, got, want []time.Duration) {
	t.Helper()
	fits := func(g, w time.Duration) bool {
		if w < 0 {
			return g > -w/2-time.Nanosecond && g <= -w
		}
		return g == w
	}
	if !slices.EqualFunc(got, want, fits) {
		t.Errorf("waited %v, want %v", got, want)
	}
}

func TestRetryStopsWithTheContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Cloud)
	w.on(issuePath, canned(429, ``, "Retry-After", "5"))
	c, _ := connect(t, w, func(o *Options) { o.Sleep = nil })
	ctx, cancel := contextCancelledBy(t, &c.opts.Notice)
	defer cancel()
	_, err := c.Lookup(ctx, "OPS-7", nil)
	if fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("class %d: %v", fault.ClassOf(err), err)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "5", "-1", "1e9", "99999999999999999999", epoch.Format(http.TimeFormat), "Mon, 02 Mar 2026"} {
		f.Add(s, "")
		f.Add(s, epoch.Format(http.TimeFormat))
	}
	f.Fuzz(func(t *testing.T, after, date string) {
		h := http.Header{"Retry-After": {after}, "Date": {date}}
		if d := retryAfter(h, epoch); d < 0 {
			t.Errorf("negative: %s", d)
		}
		p := patience{now: func() time.Time { return epoch }}
		for range 20 {
			if wait, again := p.wait(answer{status: 429, header: h}); again && (wait <= 0 || p.waited > maxPatience) {
				t.Fatalf("waits %s, %s in all", wait, p.waited)
			}
		}
		if p.throttled != 20 {
			t.Fatal("stopped counting")
		}
	})
}
