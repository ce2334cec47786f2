package shell

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
)

// Line is a grant as the prompt file and a shell's own variables have it.
type Line struct {
	Ticket      string
	Entitlement string
	ExpiresAt   time.Time
}

// Prompt is what a prompt shows.
type Prompt struct {
	Line
	Left time.Duration // none or less where the shell's own grant has run out
	More int           // how many others are in force
}

// longestEpoch is the most digits that seconds since 1970 have before the year
// 5138.
const longestEpoch = 11

// ParseLine reads the three fields of a line, and reports whether each is as
// jit writes it: nothing else may reach a prompt.
func ParseLine(epoch, key, entitlement string) (Line, bool) {
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || len(epoch) > longestEpoch || strconv.FormatInt(seconds, 10) != epoch || seconds <= 0 {
		return Line{}, false
	}
	parsed, err := ticket.ParseKey(key)
	if err != nil || string(parsed) != key || !policy.IsEntitlementName(entitlement) {
		return Line{}, false
	}
	return Line{key, entitlement, time.Unix(seconds, 0)}, true
}

// Lines returns the grants of the prompt file in a state directory that are in
// force, soonest first. No file is no grant; so is what cannot be one, such as
// a directory. Other errors are of class Config.
func Lines(state string, now time.Time) ([]Line, error) {
	path := filepath.Join(state, "prompt")
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.Config, err, "the state of the prompt cannot be read")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(fault.Config, err, "the state of the prompt cannot be read")
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, promptBytes))
	if err != nil {
		return nil, fault.Wrap(fault.Config, err, "the state of the prompt cannot be read")
	}
	if len(text) == promptBytes { // its last line may be cut
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	}
	var lines []Line
	for i, raw := range strings.Split(string(text), "\n") {
		fields := strings.Split(raw, "\t")
		if i >= promptLines || len(fields) != 3 {
			continue
		}
		if line, ok := ParseLine(fields[0], fields[1], fields[2]); ok && line.ExpiresAt.After(now) {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// Choose returns what a prompt shows: the shell's own grant where it has one,
// run out or not, and otherwise the one that runs out first, with the number of
// the others. It reports whether there is anything to show.
func Choose(own *Line, inForce []Line, now time.Time) (Prompt, bool) {
	switch {
	case own != nil:
		return Prompt{Line: *own, Left: own.ExpiresAt.Sub(now)}, true
	case len(inForce) == 0:
		return Prompt{}, false
	}
	return Prompt{Line: inForce[0], Left: inForce[0].ExpiresAt.Sub(now), More: len(inForce) - 1}, true
}

// Text is the prompt without colour.
func (p Prompt) Text() string {
	text := p.Ticket + " " + p.Entitlement + " " + p.left()
	if p.More > 0 {
		text += fmt.Sprintf(" +%d", p.More)
	}
	return text
}

// left is the time left in whole minutes, or in seconds at the end. A second
// that has begun is not over.
func (p Prompt) left() string {
	seconds := p.seconds()
	switch {
	case seconds <= 0:
		return "expired"
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm", seconds/60)
	}
	return fmt.Sprintf("%dh%02dm", seconds/3600, seconds%3600/60)
}

func (p Prompt) seconds() int64 { return int64((p.Left + time.Second - 1) / time.Second) }

// Colour is how urgent the prompt is: green, yellow or red.
func (p Prompt) Colour() string {
	switch seconds := p.seconds(); {
	case seconds < redBelow:
		return "red"
	case seconds < yellowBelow:
		return "yellow"
	}
	return "green"
}
