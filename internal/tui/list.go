package tui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/ticket"
)

// list is the tickets that were read, and which of them the filter shows.
type list struct {
	all    []access.Candidate
	words  []string // of each ticket, for the filter
	shown  []int    // indices into all, best first
	cursor int      // into shown
	filter string
	named  map[ticket.Key]bool // read by their keys, whichever page they come with
	key    int                 // how long the longest key is
}

// String and Len make the list a source of the fuzzy matcher.
func (l *list) String(i int) string { return l.words[i] }

// Len is how many tickets were read.
func (l *list) Len() int { return len(l.all) }

// add appends a page. What is selected stays selected.
func (l *list) add(page []access.Candidate) {
	page = slices.DeleteFunc(page, func(c access.Candidate) bool { return l.named[c.Ticket.Key] })
	from := len(l.all)
	l.all = append(l.all, page...)
	for i, c := range page {
		l.words = append(l.words, string(c.Ticket.Key)+" "+c.Ticket.Summary)
		l.key = max(l.key, len(c.Ticket.Key))
		if l.filter == "" {
			l.shown = append(l.shown, from+i)
		}
	}
	if l.filter == "" {
		return
	}
	selected, had := l.index()
	l.match()
	for i, at := range l.shown {
		if had && at == selected {
			l.cursor = i
		}
	}
}

// put shows a ticket that was read by its key, beside the others.
func (l *list) put(c access.Candidate) {
	l.filter = ""
	at := slices.IndexFunc(l.all, func(have access.Candidate) bool { return have.Ticket.Key == c.Ticket.Key })
	if at < 0 {
		at = len(l.all)
		l.add([]access.Candidate{c})
	}
	l.all[at] = c
	if l.named == nil {
		l.named = map[ticket.Key]bool{}
	}
	l.named[c.Ticket.Key] = true
	l.match()
	l.cursor = at
}

// narrow sets the filter and selects the best match.
func (l *list) narrow(filter string) {
	if filter = strings.TrimSpace(filter); filter == l.filter {
		return
	}
	l.filter = filter
	l.match()
}

func (l *list) match() {
	l.cursor, l.shown = 0, l.shown[:0]
	if l.filter == "" {
		for i := range l.all {
			l.shown = append(l.shown, i)
		}
		return
	}
	for _, m := range fuzzy.FindFrom(l.filter, l) {
		l.shown = append(l.shown, m.Index)
	}
	// Whoever types a key means that ticket, however well others match.
	slices.SortStableFunc(l.shown, func(a, b int) int {
		return cmp.Compare(l.nearness(a), l.nearness(b))
	})
}

// nearness tells how closely a ticket's key is what was typed: 0 is that very key.
func (l *list) nearness(i int) int {
	key, typed := string(l.all[i].Ticket.Key), strings.ToUpper(l.filter)
	bare := func(s string) string { return strings.ReplaceAll(s, "-", "") }
	switch {
	case bare(key) == bare(typed):
		return 0
	case strings.HasSuffix(key, "-"+typed):
		return 1
	case strings.HasPrefix(bare(key), bare(typed)):
		return 2
	}
	return 3
}

// index is the place in all of what is selected.
func (l *list) index() (int, bool) {
	if l.cursor >= len(l.shown) {
		return 0, false
	}
	return l.shown[l.cursor], true
}

func (l *list) selected() (access.Candidate, bool) {
	i, ok := l.index()
	if !ok {
		return access.Candidate{}, false
	}
	return l.all[i], true
}

func (l *list) move(by int) { l.cursor = max(0, min(l.cursor+by, len(l.shown)-1)) }

// keyWidth is how many cells the keys get in rows of a width. A page seldom
// changes it, so that columns do not move while one reads.
func (l *list) keyWidth(row int) int {
	if row < roomForWords {
		return min(l.key, row/2)
	}
	return min(max(l.key, 10), 20)
}
