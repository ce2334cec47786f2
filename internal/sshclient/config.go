package sshclient

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// Places are the files by which plain ssh finds the keys of grants, in a
// directory that only its user may enter.
type Places struct{ Dir string }

// Config is what ~/.ssh/config includes.
func (p Places) Config() string { return filepath.Join(p.Dir, "config") }

// Socket is where the key agent listens.
func (p Places) Socket() string { return filepath.Join(p.Dir, "agent") }

// Lock is held by the one key agent that serves.
func (p Places) Lock() string { return filepath.Join(p.Dir, "agent.lock") }

// Emptied has a file for each agent that an expired key must be taken out of, with
// the agent's socket in it.
func (p Places) Emptied() string { return filepath.Join(p.Dir, "emptied") }

// Hosts has a certificate for each host that was asked for.
func (p Places) Hosts() string { return filepath.Join(p.Dir, "hosts") }

// Certificate is the file of the certificate for a login at a host, as ssh makes
// its name of %r@%n. The name is one that Nameable takes.
func (p Places) Certificate(login, host string) string {
	return filepath.Join(p.Hosts(), login+"@"+host)
}

// Nameable reports whether a login and a host as typed can be a file's name.
func Nameable(login, host string) bool {
	one := func(name string) bool {
		ok, err := regexp.MatchString(`^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,120}$`, name)
		return err == nil && ok
	}
	return one(login) && one(host)
}

// Include is the line for the user's own configuration. The error is of class
// Config, for a path that ssh would not read back.
func (p Places) Include() (string, error) {
	if err := plain(p.Config()); err != nil {
		return "", err
	}
	return `Include "` + p.Config() + "\"\n", nil
}

// Render is the text of Config. Command runs jit, with its words quoted for a
// shell where they need it (QuoteWord).
//
// ssh gives the line of Match exec to the user's shell, and until OpenSSH 9.6 it
// put whatever it was told as a host or a user there, such as one from the
// address of a git submodule. So every name with a quote or a backslash is
// refused before the command is reached, and what is left stands in single
// quotes, which every shell takes literally.
func (p Places) Render(command string) (string, error) {
	if err := plain(p.Dir); err != nil {
		return "", err
	}
	tame := `"!*'*,!*\*,*"`
	path := func(name string) string { return `"` + strings.ReplaceAll(name, "%", "%%") + `"` }
	return strings.Join([]string{
		"# Written by jit ssh config --install, and replaced by it.",
		"Match host " + tame + " originalhost " + tame + " user " + tame + ` exec "` +
			strings.ReplaceAll(command, "%", "%%") + ` ssh config match --name '%h' --login '%r' --local '%u' -- '%n'"`,
		"  IdentitiesOnly yes",
		"  IdentityAgent " + path(p.Socket()),
		"  IdentityFile \"" + strings.ReplaceAll(p.Hosts(), "%", "%%") + "/%r@%n\"",
		// A connection that is shared was opened with another key, or outlives the
		// grant that it was opened with.
		"  ControlPath none",
		"",
	}, "\n"), nil
}

// QuoteWord writes a path as one word of a command for every shell. The error is
// of class Config.
func QuoteWord(word string) (string, error) {
	if err := plain(word); err != nil {
		return "", err
	}
	return "'" + word + "'", nil
}

// plain refuses paths that ssh, or one of the shells that it starts, would read
// as something else: old versions of ssh know no escapes within quotes, newer ones
// expand variables, Include takes patterns, and csh reads ! within quotes.
func plain(path string) error {
	if strings.ContainsAny(path, "'\"\\$*?[!") || ticket.Clean(path) != path {
		return fault.New(fault.Config, "the path %q cannot be written into ssh's configuration", ticket.Clean(path)).
			WithHint("use a path without quotes, backslashes, dollar signs and wildcards; JIT_STATE_DIR names another place for jit's files")
	}
	return nil
}
