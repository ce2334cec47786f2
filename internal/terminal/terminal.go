// Package terminal is how jit speaks to a person. The rules:
//
// Standard output is data only. Everything else goes to standard error, a line
// at a time, as "jit: …", with no capital at the start and no full stop at the
// end; an error is "jit: error: …" and its advice "jit: hint: …". Colour is
// decoration: nothing is said by colour alone, and NO_COLOR, TERM=dumb and
// pipes get none. Nothing is asked where there is no terminal to answer on.
// Text from elsewhere is stripped of what a terminal would obey.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/jitaccess/jit/internal/ticket"
)

// Streams are the three streams of the process and what is known about them.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer

	// InTTY, OutTTY and ErrTTY tell which are terminals.
	InTTY, OutTTY, ErrTTY bool
	// Colour is whether decoration may be written to Err and to a terminal Out.
	Colour bool

	inFile  *os.File
	outFile *os.File
	errFile *os.File
}

// Standard returns the streams of the process. Colour is off where the
// terminal is dumb or the user does not want it.
func Standard(in, out, err *os.File, termName string, noColor bool) *Streams {
	s := &Streams{
		In: in, Out: &output{w: out}, Err: err, inFile: in, outFile: out, errFile: err,
		InTTY:  term.IsTerminal(int(in.Fd())),
		OutTTY: term.IsTerminal(int(out.Fd())),
		ErrTTY: term.IsTerminal(int(err.Fd())),
	}
	s.Colour = s.ErrTTY && !noColor && termName != "dumb"
	return s
}

// ForChild returns standard output for a command that jit runs: the file
// itself, so that the command finds the terminal where there is one.
func (s *Streams) ForChild() io.Writer {
	if s.outFile == nil {
		return s.Out
	}
	return s.outFile
}

// Width is how many cells a line of standard error has: 80 where that is not
// known.
func (s *Streams) Width() int {
	if s.errFile != nil {
		if width, _, err := term.GetSize(int(s.errFile.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// Interactive reports whether a question can be asked and answered.
func (s *Streams) Interactive() bool { return s.InTTY && s.ErrTTY }

// Note writes one line for the user.
func (s *Streams) Note(format string, args ...any) { s.line("", "", fmt.Sprintf(format, args...)) }

// Error writes an error and, where there is one, its hint.
func (s *Streams) Error(message, hint string) {
	s.line("\x1b[31m", "error: ", message)
	s.Hint(hint)
}

// Hint writes advice, or nothing where there is none.
func (s *Streams) Hint(hint string) {
	if hint != "" {
		s.line("\x1b[36m", "hint: ", hint)
	}
}

// Warn writes a line that should be seen but stops nothing.
func (s *Streams) Warn(format string, args ...any) {
	s.line("\x1b[33m", "warning: ", fmt.Sprintf(format, args...))
}

// line writes each line of text behind the program's name. A message may have
// several, such as the mistakes of a policy.
func (s *Streams) line(colour, label, text string) {
	if colour != "" && s.Colour && label != "" {
		label = colour + label + "\x1b[0m"
	}
	for part := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(s.Err, "jit: %s%s\n", label, ticket.Clean(part))
	}
}
