package cmd

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/terminal"
)

func TestTheCountIsOneLineThatGoes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		tty, term string
		shows     bool
	}{
		"a terminal": {"yes", "xterm", true}, "a dumb one": {"yes", "dumb", false}, "a pipe": {"", "xterm", false},
	} {
		var out bytes.Buffer
		a := &app{io: &terminal.Streams{Err: &out, ErrTTY: tc.tty != ""}, env: config.Env{Term: tc.term}}
		c := a.startCount(t.Context())
		c.done.Add(41)
		time.Sleep(3 * countEvery)
		c.stop()
		got := out.String()
		if shows := strings.HasPrefix(got, "\rjit: verified 41 records …") && strings.HasSuffix(got, "\r\x1b[K"); shows != tc.shows || !tc.shows && got != "" || strings.Contains(got, "\n") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
