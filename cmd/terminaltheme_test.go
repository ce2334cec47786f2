//go:build unix

package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/sandbox"
)

// powerlevel9k is where Debian puts the theme.
const powerlevel9k = "/usr/share/powerlevel9k/powerlevel9k.zsh-theme"

// The settings of docs/shells.md show JIT_PROMPT in a theme that draws the prompt
// itself, and nothing once there is nothing to show.
func TestTerminalPowerlevel9k(t *testing.T) {
	t.Parallel()
	installed(t, "zsh")
	if _, err := os.Stat(powerlevel9k); err != nil {
		requireOrSkip(t, "shells", "powerlevel9k is not installed")
	}
	docs, err := os.ReadFile(filepath.Join("..", "docs", "shells.md"))
	if err != nil {
		t.Fatal(err)
	}
	const setting = "POWERLEVEL9K_CUSTOM_JIT="
	_, after, found := strings.Cut(string(docs), "\n"+setting)
	settings, _, ended := strings.Cut(after, "```")
	if !found || !ended {
		t.Fatal("docs/shells.md has no settings for powerlevel9k")
	}
	s := open(t, sandbox.Options{})
	rc := "eval \"$(jit hook zsh --no-prompt)\"\n" + setting + settings + "POWERLEVEL9K_LEFT_PROMPT_ELEMENTS+=(status)\nPOWERLEVEL9K_RIGHT_PROMPT_ELEMENTS=()\n" +
		"POWERLEVEL9K_MODE=compatible\nPOWERLEVEL9K_IGNORE_TERM_COLORS=true\n. " + powerlevel9k + "\n"
	if err := os.WriteFile(filepath.Join(s.dir, ".zshrc"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	s.prompts(12*time.Minute + 30*time.Second)
	s.fresh("env LC_ALL=C.UTF-8 ZDOTDIR=$PWD zsh -i")
	if text := s.wait(`OPS-7 prod-readonly 12m .*~`); strings.Contains(text, "not found") {
		t.Errorf("the theme does not work:\n%s", text)
	}
	s.prompts(5*time.Minute + 30*time.Second)
	s.fresh("true")
	s.wait(`OPS-7 prod-readonly 5m`)
	s.prompts(-time.Minute)
	s.fresh("echo gone")
	if text := s.wait(`(?m)^gone\n.+$`); strings.Contains(text[strings.LastIndex(text, "gone"):], "OPS-7") {
		t.Errorf("what is over is still shown:\n%s", text)
	}
}
