package tui

// paint decorates, with the terminal's own colours and on its own ground;
// nothing is said by colour alone.
type paint bool

func (p paint) with(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) strong(s string) string { return p.with("1", s) }
func (p paint) good(s string) string   { return p.with("32", s) }
func (p paint) maybe(s string) string  { return p.with("33", s) }
func (p paint) bad(s string) string    { return p.with("31", s) }
func (p paint) quiet(s string) string  { return p.with("2", s) }

// verdict says in a glyph and a word how open something is, and in the glyph
// alone where there is little room.
func (p paint) verdict(o openness, width int) string {
	sign, word, colour := "✗", "locked  ", p.bad
	switch o {
	case unlocked:
		sign, word, colour = "✓", "unlocked", p.good
	case wantReason:
		sign, word, colour = "?", "a reason", p.maybe
	case wantDuration:
		sign, word, colour = "?", "duration", p.maybe
	}
	if width < roomForWords {
		return colour(sign) + " "
	}
	return colour(sign+" "+word) + "  "
}
