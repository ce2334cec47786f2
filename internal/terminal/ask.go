package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// maxAnswer bounds one typed line, in bytes.
const maxAnswer = 8 << 10

// Asker asks questions on a terminal, and refuses where there is none.
type Asker struct {
	streams *Streams
	lines   *bufio.Reader
}

// NewAsker returns an Asker over the streams.
func NewAsker(s *Streams) *Asker {
	return &Asker{streams: s, lines: bufio.NewReaderSize(s.In, maxAnswer)}
}

// Line asks for a line; an empty answer takes the default.
func (a *Asker) Line(ctx context.Context, question, def string) (string, error) {
	if err := a.ready(question); err != nil {
		return "", err
	}
	suffix := ": "
	if def != "" {
		suffix = " [" + def + "]: "
	}
	fmt.Fprint(a.streams.Err, question+suffix)
	answer, err := within(ctx, func() (string, error) { return a.lines.ReadString('\n') })
	switch {
	case errors.Is(err, io.EOF) && answer == "":
		fmt.Fprintln(a.streams.Err)
		return "", fault.New(fault.Cancelled, "the question was not answered")
	case err != nil && !errors.Is(err, io.EOF):
		return "", err
	}
	if answer = strings.TrimSpace(answer); answer == "" {
		return def, nil
	}
	return answer, nil
}

// Yes asks a yes-or-no question whose default is def.
func (a *Asker) Yes(ctx context.Context, question string, def bool) (bool, error) {
	choice := "y/N"
	if def {
		choice = "Y/n"
	}
	for {
		answer, err := a.Line(ctx, question+" ("+choice+")", "")
		if err != nil {
			return false, err
		}
		switch strings.ToLower(answer) {
		case "":
			return def, nil
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}

// Secret asks for something that is not shown while it is typed.
func (a *Asker) Secret(ctx context.Context, question string) (credential.Secret, error) {
	if err := a.ready(question); err != nil {
		return credential.Secret{}, err
	}
	fd := int(a.streams.inFile.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return credential.Secret{}, fmt.Errorf("read the terminal's state: %w", err)
	}
	if err := hideTyping(fd); err != nil {
		return credential.Secret{}, fmt.Errorf("hide what is typed: %w", err)
	}
	fmt.Fprint(a.streams.Err, question+": ")
	answer, err := within(ctx, func() (string, error) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	})
	fmt.Fprintln(a.streams.Err)
	// After Ctrl-C the reader still waits: the terminal is given back anyhow.
	restored := term.Restore(fd, before)
	if ctx.Err() != nil {
		return credential.Secret{}, errors.Join(ctx.Err(), restored)
	}
	return credential.NewSecret(strings.TrimSpace(answer)), errors.Join(err, restored)
}

func (a *Asker) ready(question string) error {
	if a.streams.Interactive() {
		return nil
	}
	return fault.New(fault.Usage, "there is no terminal to ask: %s", question).
		WithHint("run it on a terminal, or give the answer by its flag or its setting")
}

// within runs a blocking read that nothing can interrupt, and stops waiting
// for it when the context ends.
func within(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := read()
		done <- answer{text, err}
	}()
	select {
	case a := <-done:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
