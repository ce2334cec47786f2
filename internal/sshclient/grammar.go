// Package sshclient runs the user's own ssh with a grant's certificate: it finds
// the host in ssh's arguments, chooses the grant that is for it, and serves the
// key to that one ssh from memory.
package sshclient

import (
	"net/url"
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
	end  int      // the index in Args of what the host is to run; before it are options and the host
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
			c.end = i
			return c, nil
		}
	}
	c.end = i
	if c.Host == "" {
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
			continue
		case strings.IndexByte(withArgument, letter) < 0:
			return 0, fault.New(fault.Usage, "ssh has no option -%c", letter).
				WithHint("jit's own options are long ones, before those of ssh: see jit ssh --help")
		case n+1 < len(letters):
			c.told(letter, letters[n+1:])
			return 0, nil
		case i+1 >= len(args):
			return 0, fault.New(fault.Usage, "ssh's option -%c needs an argument", letter)
		default:
			c.told(letter, args[i+1])
			return 1, nil
		}
	}
	return 0, nil
}

// told keeps what an option says of the user.
func (c *Command) told(letter byte, value string) {
	if c.User != "" {
		return // ssh takes the first
	}
	switch letter {
	case 'l':
		c.User = value
	case 'o':
		name, user, ok := strings.Cut(value, "=")
		if !ok {
			name, user, _ = strings.Cut(strings.TrimSpace(value), " ")
		}
		if strings.EqualFold(strings.TrimSpace(name), "user") {
			c.User = strings.Trim(strings.TrimSpace(user), `"`)
		}
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
	return Command{Args: c.With("-l", login), Host: c.Host, User: login, end: c.end + 2}
}

// With returns the arguments with options of ours before all others: ssh takes
// the first value that it is given of each setting.
func (c Command) With(options ...string) []string {
	return append(append([]string{}, options...), c.Args...)
}
