package tui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/jitaccess/jit/internal/access"
)

const handful, thousands = 50, 5000

// crowded is a picker of n tickets.
func crowded(tb testing.TB, n int) *picker {
	m := started(tb, Choice{})
	kinds := tickets(m.o.Policy)
	page := make([]access.Candidate, n)
	for i := range page {
		page[i] = kinds[i%len(kinds)]
	}
	m.Update(pageMsg(page))
	m.Update(readMsg{})
	return m
}

// keyed takes one key and draws the screen.
func keyed(m *picker, k tea.KeyPressMsg) {
	m.Update(k)
	m.View()
}

// A key costs the same with five thousand tickets as with fifty, since only
// what is seen is drawn. Allocations tell so on a busy machine, too.
func TestAKeyCostsTheSameAmongThousands(t *testing.T) { //nolint:paralleltest // it counts allocations
	for _, name := range []string{"down", "up"} {
		var allocs [2]float64
		for i, n := range []int{handful, thousands} {
			m := crowded(t, n)
			m.list.move(n / 2)
			allocs[i] = testing.AllocsPerRun(20, func() { keyed(m, key(name)) })
		}
		if allocs[1] > 1.2*allocs[0] {
			t.Errorf("%s allocates %.0f times among %d tickets, and %.0f times among %d", name, allocs[0], handful, allocs[1], thousands)
		}
	}
}

// BenchmarkKey compares a key's cost among many tickets and among few, in turns
// so that whatever else the machine does weighs on both. Moving must cost the
// same; a filter looks at every ticket, and may cost no more than that.
func BenchmarkKey(b *testing.B) {
	for _, c := range []struct {
		name string
		keys []string
		most float64 // how many times as long it may take
	}{
		{"move", []string{"down", "up"}, 2},
		{"filter", []string{"d", "backspace"}, thousands / handful},
	} {
		b.Run(c.name, func(b *testing.B) {
			small, large := crowded(b, handful), crowded(b, thousands)
			var spent [2]time.Duration
			for b.Loop() {
				for i, m := range []*picker{small, large} {
					began := time.Now()
					for _, name := range c.keys {
						keyed(m, key(name))
					}
					spent[i] += time.Since(began)
				}
			}
			ratio := float64(spent[1]) / float64(spent[0])
			b.ReportMetric(ratio, "thousands/handful")
			if b.N > 10 && ratio > c.most {
				b.Errorf("a key takes %.1f times as long among %d tickets as among %d; %.0f is the most", ratio, thousands, handful, c.most)
			}
		})
	}
}
