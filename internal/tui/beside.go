package tui

import (
	"strings"

	"github.com/jitaccess/jit/internal/policy"
)

func (m *picker) decisionRow(i, width int) string {
	d := m.ticket.Decisions[i]
	e, _ := m.o.Policy.Entitlement(d.Entitlement)
	mark := m.paint.verdict(m.openness(d), width)
	return mark + m.foreign(d.Entitlement+"  "+e.Description, width-m.cells(mark))
}

// told is one line about what is selected: a mark of ours, which may be painted,
// and text that may be from elsewhere.
type told struct{ mark, text string }

func (m *picker) decisionReasons(i int) []told {
	d := m.ticket.Decisions[i]
	_, holds := reasons(d)
	lines := m.why(d)
	for _, r := range holds {
		lines = append(lines, told{text: "  + " + r.Text})
	}
	return lines
}

// why is what stands in the way of an entitlement, with advice.
func (m *picker) why(d policy.Decision) []told {
	switch m.openness(d) {
	case wantReason:
		return []told{{text: "  once you give a reason that the policy takes"}}
	case wantDuration:
		return []told{{text: "  once you give a duration that the policy takes"}}
	}
	return m.fails(d)
}

// beside draws n rows with one of them selected, and what there is to tell of
// that: at its side where the terminal is wide, and below it elsewhere.
func (m *picker) beside(width, height, n, cursor int, row func(i, width int) string, detail func(i int) []told) []string {
	if n == 0 || height <= 0 {
		return nil
	}
	if width < wide {
		details := min(below, height-1-min(n, height/2))
		if details < few {
			return m.rows(width, height, n, cursor, row)
		}
		list := m.rows(width, height-details-1, n, cursor, row)
		for len(list) < height-details-1 {
			list = append(list, "")
		}
		return append(append(list, m.paint.quiet(strings.Repeat("─", width))), m.block(width, details, detail(cursor))...)
	}
	left := width * 3 / 5
	list, side := m.rows(left, height, n, cursor, row), m.block(width-left-3, height, detail(cursor))
	out := make([]string, max(len(list), len(side)))
	for i := range out {
		out[i] = m.fit(at(list, i), left) + " │ " + at(side, i)
	}
	return out
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// rows draws those that fit, the selected one with a mark of its own.
func (m *picker) rows(width, height, n, cursor int, row func(i, width int) string) []string {
	from, to := window(cursor, n, height)
	m.seen.from, m.seen.to, m.seen.width = from, to, width
	out := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		mark := "  "
		if i == cursor {
			mark = m.paint.strong("▸ ")
		}
		out = append(out, mark+row(i, width-2))
	}
	return out
}

// block fits lines into a width and a height, and says where some are missing.
func (m *picker) block(width, height int, lines []told) []string {
	var out []string
	for _, l := range lines {
		if l.mark != "" {
			out = append(out, m.cut(l.mark+isolate(clean(l.text)), width))
			continue
		}
		out = append(out, m.wrap(l.text, width)...)
	}
	if len(out) > height && height > 0 {
		return append(out[:height-1:height-1], m.cut("… jit explain tells all", width))
	}
	return atMost(out, height)
}
