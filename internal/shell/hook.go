package shell

import (
	"embed"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

//go:embed hooks
var hooks embed.FS

// What a hook reads of the prompt file: its first bytes, and of those the first
// lines, so that a prompt costs the same whatever the file has become. The
// longest line that the wallet writes has 116 bytes.
const (
	promptBytes = 4096
	promptLines = 64
)

// A prompt turns yellow, and then red, when this many seconds are left.
const (
	yellowBelow = 600
	redBelow    = 120
)

// Hooked are the shells that have a hook, by the names that Hook takes.
func Hooked() []string {
	return []string{"bash", "zsh", "fish", "nu", "elvish", "tcsh", "powershell"}
}

// HookOptions say what a hook is made for.
type HookOptions struct {
	// State is the absolute path of the state directory, used where
	// JIT_STATE_DIR is not set when the prompt is shown.
	State string
	// VariableOnly leaves the prompt as it is and sets JIT_PROMPT alone.
	VariableOnly bool
}

// Hook returns the text that a shell evaluates once to show the grant in force
// in each of its prompts. The errors are of class Usage, for a shell that has
// no hook, and Config, for a path that cannot be written into one.
func Hook(name string, o HookOptions) (string, error) {
	file, dialect, ok := hookFile(name)
	if !ok {
		return "", fault.New(fault.Usage, "there is no hook for the shell %q", name).
			WithHint("there is one for %s", strings.Join(Hooked(), ", "))
	}
	if !filepath.IsAbs(o.State) || checkVar(Var{"JIT_STATE_DIR", o.State}) != nil {
		return "", fault.New(fault.Config, "the path %q cannot be written into a hook", o.State).
			WithHint("name a directory without control characters with JIT_STATE_DIR")
	}
	text, err := hooks.ReadFile("hooks/" + file)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "the hook for %s is not in the program", name)
	}
	show := "1"
	if o.VariableOnly {
		show = "0"
	}
	return strings.NewReplacer(
		"@STATE@", dialect.quote(o.State),
		"@SHOW@", show,
		"@BYTES@", strconv.Itoa(promptBytes),
		"@LINES@", strconv.Itoa(promptLines),
		"@YELLOW@", strconv.Itoa(yellowBelow),
		"@RED@", strconv.Itoa(redBelow),
		"@UPPER@", "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"@LOWER@", "abcdefghijklmnopqrstuvwxyz",
		"@DIGITS@", "0123456789",
	).Replace(string(text)), nil
}

// hookFile returns the file of a shell's hook, and the dialect that quotes for
// it.
func hookFile(name string) (string, Dialect, bool) {
	switch name {
	case "bash":
		return "hook.bash", Sh, true
	case "zsh":
		return "hook.zsh", Sh, true
	case "fish":
		return "hook.fish", Fish, true
	case "nu", "nushell":
		return "hook.nu", Nu, true
	case "elvish":
		return "hook.elv", Elvish, true
	case "tcsh":
		return "hook.tcsh", Csh, true
	case "powershell", "pwsh":
		return "hook.ps1", PowerShell, true
	}
	return "", "", false
}
