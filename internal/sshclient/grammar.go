// Package sshclient runs the user's own ssh with a grant's certificate: it finds
// the host in ssh's arguments, chooses the grant that is for it, and serves the
// key to that one ssh from memory.
package sshclient

import (
	"net/url"
	"slices"
	"strings"

	"github.com/jitaccess/jit/internal/fault"
)

// withArgument are the options of ssh(1) that take an argument, and without
// those that take none, as in OpenSSH 10.
const (
	withArgument = "BbcDEeFIiJLlmOoPpQRSWw"
	without      = "1246AaCfGgKkMNnqsTtVvXxYy"
)

// Command is a command line of ssh, taken apart no further than needed.
type Command struct {
	Args []string // all of it, as it was given
	Host string   // as it was typed, without a user or a port
	User string   // who to log in as, where the command line says; else ""
	// Asks is set where ssh connects to nobody: it tells about itself, or speaks to
	// a connection that is open already.
	Asks bool
	// Shares is set where the command line says how a connection is shared.
	Shares bool
	Config string // the file that -F names
	jump   []int  // the indices in Args of -J and its argument
}

// Parse reads the arguments of ssh. The error is of class Usage.
func Parse(args []string) (Command, error) {
	c := Command{Args: args}
	i, options := 0, true
	for ; i < len(args); i++ {
		arg := args[i]
		switch {
		case options && arg == "--":
			options = false
		case options && len(arg) > 1 && arg[0] == '-':
			used, err := c.option(args, i)
			if err != nil {
				return Command{}, err
			}
			i += used
		case c.Host == "":
			if err := c.destination(arg); err != nil {
				return Command{}, err
			}
			// ssh takes options after the host as well, and then the command.
		default:
			return c, nil
		}
	}
	if c.Host == "" && !c.Asks {
		return Command{}, fault.New(fault.Usage, "which host?").WithHint("such as jit ssh bastion-1")
	}
	return c, nil
}

// option reads one argument of options, such as -tt or -p22, and reports how
// many arguments after it belong to it.
func (c *Command) option(args []string, i int) (int, error) {
	letters := args[i][1:]
	for n := range len(letters) {
		switch letter := letters[n]; {
		case strings.IndexByte(without, letter) >= 0:
			c.flag(letter)
		case strings.IndexByte(withArgument, letter) < 0:
			return 0, fault.New(fault.Usage, "ssh has no option -%c", letter).
				WithHint("jit's own options are long ones, before those of ssh: see jit ssh --help")
		case n+1 < len(letters):
			c.told(letter, letters[n+1:], i)
			return 0, nil
		case i+1 >= len(args):
			return 0, fault.New(fault.Usage, "ssh's option -%c needs an argument", letter)
		default:
			c.told(letter, args[i+1], i, i+1)
			return 1, nil
		}
	}
	return 0, nil
}

// flag keeps what an option without an argument says.
func (c *Command) flag(letter byte) {
	switch letter {
	case 'V', 'G':
		c.Asks = true
	case 'M':
		c.Shares = true
	}
}

// told keeps what an option at these places in the arguments says.
func (c *Command) told(letter byte, value string, at ...int) {
	switch letter {
	case 'l':
		c.login(value)
	case 'F':
		c.Config = value
	case 'J':
		c.jump = append(c.jump, at...)
	case 'Q':
		c.Asks = true
	case 'O':
		c.Asks, c.Shares = true, true
	case 'S':
		c.Shares = true
	case 'o':
		c.setting(value)
	}
}

// setting keeps what -o says.
func (c *Command) setting(text string) {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		name, value, _ = strings.Cut(strings.TrimSpace(text), " ")
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "user":
		c.login(strings.Trim(strings.TrimSpace(value), `"`))
	case "controlpath", "controlmaster":
		c.Shares = true
	}
}

// login keeps the first user that is named, as ssh does.
func (c *Command) login(user string) {
	if c.User == "" {
		c.User = user
	}
}

// destination reads [USER@]HOST or ssh://[USER@]HOST[:PORT].
func (c *Command) destination(arg string) error {
	user, host := "", arg
	if strings.HasPrefix(strings.ToLower(arg), "ssh://") {
		u, err := url.Parse(arg)
		if err != nil || u.Hostname() == "" {
			return fault.New(fault.Usage, "%q is not an address of ssh", arg).WithHint("such as ssh://ops@bastion-1:22")
		}
		user, host = u.User.Username(), u.Hostname()
	} else if at := strings.LastIndexByte(arg, '@'); at >= 0 {
		user, host = arg[:at], arg[at+1:]
	}
	if host == "" || host[0] == '-' {
		return fault.New(fault.Usage, "%q names no host", arg)
	}
	c.Host = host
	if c.User == "" {
		c.User = user
	}
	return nil
}

// As is the command with a login where it names none.
func (c Command) As(login string) Command {
	as := c
	as.Args, as.User, as.jump = c.With("-l", login), login, slices.Clone(c.jump)
	for i := range as.jump {
		as.jump[i] += 2
	}
	return as
}

// With returns the arguments with options of ours before all others: ssh takes
// the first value that it is given of each setting.
func (c Command) With(options ...string) []string {
	return append(append([]string{}, options...), c.Args...)
}

// Direct is the command without -J, for when the way to the host is told otherwise.
func (c Command) Direct() Command {
	direct := c
	direct.Args, direct.jump = nil, nil
	for i, arg := range c.Args {
		if !slices.Contains(c.jump, i) {
			direct.Args = append(direct.Args, arg)
		}
	}
	return direct
}
