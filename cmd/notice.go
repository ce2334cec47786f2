package cmd

import "sync"

// notices is where what the adapters have to tell goes: to standard error, or
// to a screen that is drawn there meanwhile, which a line would disturb.
type notices struct {
	mu sync.Mutex
	to func(text string) // nil: standard error
}

// divertNotices gives notices to a function until back is called.
func (a *app) divertNotices(to func(text string)) (back func()) {
	set := func(to func(text string)) {
		a.notices.mu.Lock()
		defer a.notices.mu.Unlock()
		a.notices.to = to
	}
	set(to)
	return func() { set(nil) }
}

func (a *app) notice(text string) {
	a.notices.mu.Lock()
	to := a.notices.to
	a.notices.mu.Unlock()
	// Without the lock: a screen takes its time.
	if to != nil {
		to(text)
		return
	}
	a.io.Note("%s", text)
}

// noteOnce tells each notice once: calls that run side by side are made to wait
// for the same reason.
func (a *app) noteOnce() func(string) {
	var mu sync.Mutex
	told := map[string]bool{}
	return func(text string) {
		mu.Lock()
		known := told[text]
		told[text] = true
		mu.Unlock()
		if !known {
			a.notice(text)
		}
	}
}
