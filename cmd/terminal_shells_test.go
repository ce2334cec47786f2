//go:build unix

package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/sandbox"
)

// hookedShell is how a person has set a shell up: a prompt of their own, and
// the hook, loaded twice.
type hookedShell struct {
	name  string
	files map[string]string
	start string
	mine  string // the person's prompt after a command that exited with 3
	fails string // such a command
}

func hookedShells() []hookedShell {
	return []hookedShell{
		{"bash", map[string]string{"rc": "PS1='me$?> '\nPROMPT_COMMAND='echo pre'\neval \"$(jit hook bash)\"\neval \"$(jit hook bash)\"\n"}, "bash --rcfile rc -i", "me3>", "(exit 3)"},
		{"zsh", map[string]string{".zshrc": "PS1='me%?> ' RPS1=right\nmine() { echo pre }\nprecmd_functions=(mine)\neval \"$(jit hook zsh)\"\neval \"$(jit hook zsh)\"\n"}, "env ZDOTDIR=$PWD zsh -i", "me3>", "(exit 3)"},
		{"fish", map[string]string{"rc": "function fish_prompt; printf 'me%s> ' $status; end\nfunction fish_right_prompt; echo right; end\nset -g fish_greeting\nfunction pre --on-event fish_prompt; echo pre; end\njit hook fish | source\njit hook fish | source\n"}, "fish --no-config --init-command 'source rc'", "me3>", "sh -c 'exit 3'"},
		{"elvish", map[string]string{"rc": "set edit:prompt = { put 'me> ' }\nset edit:rprompt = { put right }\neval (jit hook elvish | slurp)\neval (jit hook elvish | slurp)\n"}, "elvish -rc rc", "me>", "nop"},
		{"nu", map[string]string{"rc": "$env.config.show_banner = false\n$env.PROMPT_COMMAND = {|| 'me' }\n$env.PROMPT_INDICATOR = '> '\n$env.PROMPT_COMMAND_RIGHT = {|| 'right' }\nsource hook.nu\nsource hook.nu\n", "none": ""}, "jit hook nu >hook.nu; nu --env-config none --config rc", "me>", "null"},
		{"tcsh", map[string]string{".tcshrc": "set prompt = 'me%?> '\nalias precmd 'echo pre'\neval \"`jit hook tcsh`\"\neval \"`jit hook tcsh`\"\n"}, "env HOME=$PWD tcsh", "me3>", "sh -c 'exit 3'"},
	}
}

// installed skips, or fails where JIT_REQUIRE has the word shells.
func installed(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		requireOrSkip(t, "shells", name+" is not installed")
	}
}

// prompts writes the state file as the wallet does: in one go.
func (s *screen) prompts(d time.Duration) {
	s.t.Helper()
	path := filepath.Join(s.state(), "prompt")
	line := fmt.Sprintf("%d\tOPS-7\tprod-readonly\n", time.Now().Add(d).Unix())
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(line), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		s.t.Fatal(err)
	}
}

// state is the world's state directory.
func (s *screen) state() string {
	for _, v := range s.w.Environ(nil) {
		if dir, ok := strings.CutPrefix(v, "JIT_STATE_DIR="); ok {
			return dir
		}
	}
	s.t.Fatal("the world has no state directory")
	return ""
}

// fresh empties the screen and has the shell show a new prompt.
func (s *screen) fresh(command string) {
	s.t.Helper()
	s.tmux("send-keys", "-R")
	s.tmux("clear-history")
	s.typed(command)
}

// coloured is the screen with its colours.
func (s *screen) coloured() string { return s.tmux("capture-pane", "-p", "-e") }

func TestTerminalPrompts(t *testing.T) {
	t.Parallel()
	for _, sh := range hookedShells() {
		t.Run(sh.name, func(t *testing.T) {
			t.Parallel()
			installed(t, sh.name)
			s := open(t, sandbox.Options{})
			for name, text := range sh.files {
				if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s.prompts(time.Hour + 5*time.Minute + 30*time.Second)
			s.typed(sh.start)
			s.wait(`(?m)^OPS-7 prod-readonly 1h05m me\d?>`)
			for _, step := range []struct {
				left   time.Duration
				shows  string
				colour string
			}{
				{12*time.Minute + 30*time.Second, "12m", "\x1b[32m"},
				{5*time.Minute + 30*time.Second, "5m", "\x1b[33m"},
				{time.Minute + 30*time.Second, "1m", "\x1b[31m"},
			} {
				s.prompts(step.left)
				s.fresh(sh.fails)
				s.wait(`(?m)^OPS-7 prod-readonly ` + step.shows + ` ` + sh.mine)
				if text := s.coloured(); !strings.Contains(text, step.colour+"OPS-7 prod-readonly "+step.shows) {
					t.Errorf("with %s left it is not %q: %q", step.shows, step.colour, text)
				}
			}
			s.prompts(3 * time.Second)
			s.fresh(sh.fails)
			s.wait(`(?m)^OPS-7 prod-readonly [1-3]s ` + sh.mine)
			time.Sleep(3 * time.Second)
			s.fresh(sh.fails)
			text := s.wait(`(?m)^` + sh.mine + `( +right)?$`)
			other := map[string]string{"bash": "pre", "tcsh": "pre", "zsh": "pre\nright", "fish": "pre\nright", "elvish": "right", "nu": "right"}[sh.name]
			for want := range strings.Lines(other) {
				if !strings.Contains(text, strings.TrimSpace(want)) {
					t.Errorf("the user's own %q is gone:\n%s", want, text)
				}
			}
		})
	}
}
