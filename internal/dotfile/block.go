package dotfile

import (
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

// Block is a run of lines in a file that a command manages, between two lines
// of comment. All else in the file is the user's.
type Block struct {
	// Owner is the command, such as "jit aws configure". It is in both lines.
	Owner string
	// Top puts a new block before everything else, for files in which the first
	// setting wins; otherwise it goes to the end.
	Top bool
}

// What the first line says besides, so that the file can be put back as it was.
const (
	newFile    = " (new file)"
	unfinished = " (the line before had no end)"
)

func (b Block) first() string { return "# >>> " + b.Owner + " >>>" }
func (b Block) last() string  { return "# <<< " + b.Owner + " <<<" }

// Set plans the block with this body, which ends with a newline, in place of
// the one that is there. The error is of class Config, for a damaged block.
func (b Block) Set(f File, body string) (Edit, error) {
	at, err := b.find(f)
	if err != nil {
		return Edit{}, err
	}
	text := f.Text()
	nl := at.nl
	if !at.found {
		nl = ending(text)
	}
	note := at.note
	before, after := text, ""
	switch {
	case at.found:
		before, after = text[:at.from], text[at.to:]
	case !f.exists:
		note = newFile
	case b.Top:
		before, after = "", text
	case text != "" && !strings.HasSuffix(text, "\n"):
		note, before = unfinished, text+nl
	}
	lines := strings.ReplaceAll(b.first()+note+"\n"+body+b.last()+"\n", "\n", nl)
	return Edit{file: f, after: []byte(before + lines + after)}, nil
}

// Cut plans the file without the block: as it was before, where the user has
// changed nothing around it.
func (b Block) Cut(f File) (Edit, error) {
	at, err := b.find(f)
	if err != nil || !at.found {
		return Edit{file: f, after: f.text}, err
	}
	before, after := f.Text()[:at.from], f.Text()[at.to:]
	if at.note == unfinished && after == "" {
		before = strings.TrimSuffix(before, at.nl)
	}
	return Edit{file: f, after: []byte(before + after), gone: at.note == newFile && before+after == ""}, nil
}

// Body returns what the block has between its two lines, and whether there is
// one.
func (b Block) Body(f File) (string, bool, error) {
	at, err := b.find(f)
	return at.body, at.found, err
}

// Rest is the file without the block.
func (b Block) Rest(f File) (string, error) {
	at, err := b.find(f)
	return f.Text()[:at.from] + f.Text()[at.to:], err
}

// place is where a block is in the text.
type place struct {
	found    bool
	from, to int
	note     string
	nl       string // how its lines end
	body     string
}

func (b Block) find(f File) (place, error) {
	var p place
	inside, offset, bodyFrom := false, 0, 0
	for line := range strings.Lines(f.Text()) {
		start := offset
		offset += len(line)
		nl := ending(line)
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		note, isFirst := strings.CutPrefix(line, b.first())
		switch isLast := line == b.last(); {
		case isFirst && (inside || p.found), isLast && !inside:
			return place{}, b.damaged(f)
		case isFirst:
			inside, p.from, p.note, p.nl, bodyFrom = true, start, note, nl, offset
		case isLast:
			inside, p.found, p.to = false, true, offset
			p.body = strings.ReplaceAll(f.Text()[bodyFrom:start], "\r\n", "\n")
		}
	}
	if inside {
		return place{}, b.damaged(f)
	}
	return p, nil
}

// ending is how the lines of a text end.
func ending(text string) string {
	if strings.Contains(text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

func (b Block) damaged(f File) error {
	return fault.New(fault.Config, "the lines of %s in %s are damaged: they must stand once between %q and %q", b.Owner, f.path, b.first(), b.last()).
		WithHint("remove what is left of them by hand, then run it again")
}
