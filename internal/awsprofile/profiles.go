// Package awsprofile writes profiles that take their keys from jit, in the
// format of the AWS config file (AWS SDKs and Tools reference guide, "Shared
// config and credentials files" and "Process credential provider").
package awsprofile

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// Profile is one to write.
type Profile struct {
	Entitlement string
	Region      string // "" leaves it out
}

// Name is what the profile of an entitlement is called.
func (p Profile) Name() string { return "jit-" + p.Entitlement }

// Settings are those of the jit that a client starts, which are not the default
// ones: absolute paths, or "".
type Settings struct{ Config, State string }

// Render returns the sections of the profiles. The error is of class Config, for
// a path that not every SDK would read back.
func Render(profiles []Profile, o Settings) (string, error) {
	command, err := o.command()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, p := range profiles {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "[profile %s]\n", p.Name())
		if p.Region != "" {
			fmt.Fprintf(&b, "region = %s\n", p.Region)
		}
		fmt.Fprintf(&b, "credential_process = %s -e %s\n", command, p.Entitlement)
	}
	return b.String(), nil
}

func (o Settings) command() (string, error) {
	command := "jit credential-process"
	if o.State != "" {
		// Not every SDK starts a shell, which could set a variable by itself.
		quoted, err := quote("JIT_STATE_DIR=" + o.State)
		if err != nil {
			return "", err
		}
		command = "env " + quoted + " " + command
	}
	if o.Config != "" {
		quoted, err := quote(o.Config)
		if err != nil {
			return "", err
		}
		command += " --config " + quoted
	}
	return command, nil
}

// quote writes a path as one word. The SDKs differ in who splits the command:
// some start a shell, others split by themselves; what a shell would expand
// within double quotes, and a comment of the file, is refused.
func quote(path string) (string, error) {
	if strings.ContainsAny(path, "\"$`;#\r\n\x00!%") || ticket.Clean(path) != path {
		return "", fault.New(fault.Config, "the path %q cannot be written into a profile that every AWS SDK reads alike", path).
			WithHint("give it a path of plain characters")
	}
	if strings.ContainsAny(path, " \t'()&|<>*?[]{}~\\") {
		return `"` + path + `"`, nil
	}
	return path, nil
}

// Taken returns which of the profiles the user has written, in text that is the
// config file without our part.
func Taken(profiles []Profile, text string) []string {
	return sections(profiles, text, `profile[ \t]+`)
}

// Hidden returns which of the profiles have a section in the text of the
// credentials file, whose keys clients take before they start jit.
func Hidden(profiles []Profile, text string) []string {
	return sections(profiles, text, "")
}

// sections returns the names of the profiles that have a section in text.
func sections(profiles []Profile, text, prefix string) []string {
	section := regexp.MustCompile(`(?m)^[ \t]*\[[ \t]*` + prefix + `["']?([^"'\]\r\n]*?)["']?[ \t]*\]`)
	theirs := map[string]bool{}
	for _, m := range section.FindAllStringSubmatch(text, -1) {
		theirs[strings.TrimSpace(m[1])] = true
	}
	var found []string
	for _, p := range profiles {
		if theirs[p.Name()] {
			found = append(found, p.Name())
		}
	}
	return found
}
