package cmd

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/dotfile"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sshclient"
)

const sshConfigLong = `Let plain ssh, and all that runs it, use the grants in force.

With --install one Include goes to the top of ~/.ssh/config, between two lines
of comment; nothing else in the file is touched, and --undo takes it out again.
What would change is shown first. Without --install it prints what the Include
would bring.

From then on ssh, scp, sftp, rsync and git ask jit at each connection whether a
grant in force is for the host and for the login, and use its certificate if
one is. The key comes from an agent that jit starts by itself, which ends when
no SSH grant is in force; for other hosts ssh does what it did before.

ssh asks as the login that it would use anyway: unlike jit ssh, this never
chooses one.`

type sshConfigOptions struct {
	editOptions
	install bool
	file    string
}

func newSSHConfigCmd(a *app) *cobra.Command {
	var o sshConfigOptions
	c := &cobra.Command{
		Use:     "config",
		Short:   "Let plain ssh, scp, sftp, rsync and git use grants",
		Long:    sshConfigLong + exitCodes(exitConfig),
		Example: "  jit ssh config\n  jit ssh config --install --dry-run\n  jit ssh config --install --yes\n  jit ssh config --undo --yes",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.sshConfig(c.Context(), o) },
	}
	o.flags(c)
	c.Flags().BoolVar(&o.install, "install", false, "put the Include into ssh's configuration")
	c.Flags().StringVar(&o.file, "file", "", "edit this `FILE` instead of ~/.ssh/config")
	c.AddCommand(newSSHMatchCmd(a), newSSHAgentCmd(a))
	return c
}

func (a *app) sshConfig(ctx context.Context, o sshConfigOptions) error {
	if runtime.GOOS == "windows" {
		return fault.New(fault.Usage, "jit ssh config does not work on Windows, whose ssh takes keys from named pipes only").
			WithHint("keep the OpenSSH agent running: jit request puts the key there")
	}
	places, err := a.sshPlaces()
	if err != nil {
		return err
	}
	if o.undo {
		return a.editSSHConfig(ctx, o, places, "")
	}
	text, err := a.sshConfigText(places)
	if err != nil {
		return err
	}
	if !o.install {
		_, err := io.WriteString(a.io.Out, text)
		return err
	}
	return a.editSSHConfig(ctx, o, places, text)
}

// editSSHConfig puts the Include, and the text that it names, into place or
// takes both away. What is included is there for as long as the Include is.
func (a *app) editSSHConfig(ctx context.Context, o sshConfigOptions, places sshclient.Places, text string) error {
	path, file, err := a.sshConfigFile(o)
	if err != nil {
		return err
	}
	own, err := dotfile.Read(places.Config())
	if err != nil {
		return err
	}
	block := dotfile.Block{Owner: "jit ssh config", Top: true}
	if o.undo {
		users, err := block.Cut(file)
		if err != nil {
			return err
		}
		done, err := a.makeEdits(ctx, o.editOptions, users, dotfile.Delete(own))
		if done && err == nil {
			a.io.Note("ssh no longer asks jit; %s is as it was", path)
		}
		return err
	}
	include, err := places.Include()
	if err != nil {
		return err
	}
	users, err := block.Set(file, include)
	if err != nil {
		return err
	}
	done, err := a.makeEdits(ctx, o.editOptions, dotfile.Replace(own, text), users)
	if done && err == nil {
		a.io.Note("ssh asks jit from now on: %s includes %s", path, places.Config())
	}
	return err
}

// sshConfigFile is the user's configuration of ssh. A sandbox leaves the real
// one alone.
func (a *app) sshConfigFile(o sshConfigOptions) (string, dotfile.File, error) {
	path := o.file
	if path == "" {
		cfg, err := a.loadConfig()
		if err != nil && !o.undo {
			return "", dotfile.File{}, err
		}
		if err == nil && cfg.Sandbox {
			return "", dotfile.File{}, fault.New(fault.Usage, "a sandbox does not touch your own ~/.ssh/config").
				WithHint("name a file with --file, and use it with ssh -F")
		}
		if path, err = a.env.SSHConfig(); err != nil {
			return "", dotfile.File{}, err
		}
	}
	file, err := dotfile.Read(path)
	return path, file, err
}

func (a *app) sshPlaces() (sshclient.Places, error) {
	state, err := a.env.State()
	return sshclient.Places{Dir: filepath.Join(state, "ssh")}, err
}

// sshConfigText is what ssh includes: how it asks this jit, with these settings.
func (a *app) sshConfigText(places sshclient.Places) (string, error) {
	command, err := a.selfCommand()
	if err != nil {
		return "", err
	}
	return places.Render(command)
}

// selfCommand runs this jit with the configuration and the state that it has
// now, from wherever ssh is run.
func (a *app) selfCommand() (string, error) {
	program, err := self()
	if err != nil {
		return "", err
	}
	words := []string{program}
	if a.env.StateDir != "" {
		state, err := a.env.State()
		if err != nil {
			return "", err
		}
		words = append([]string{"JIT_STATE_DIR=" + state}, words...)
	}
	if a.configFlag != "" || a.env.ConfigPath != "" {
		path, err := a.env.Config(a.configFlag)
		if err != nil {
			return "", err
		}
		words = append(words, "--config", path)
	}
	for i, word := range words {
		if words[i], err = sshclient.QuoteWord(word); err != nil {
			return "", err
		}
	}
	// To nu, a line that begins with a quote is a text and no command.
	return "env " + strings.Join(words, " "), nil
}

// self is the path of this program: the one on the PATH where that is the same,
// since it outlives an upgrade.
func self() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "jit does not know where it is")
	}
	onPath, err := exec.LookPath("jit")
	if err != nil {
		return program, nil //nolint:nilerr // it is not on the PATH
	}
	here, hereErr := os.Stat(program)
	there, thereErr := os.Stat(onPath)
	if hereErr == nil && thereErr == nil && os.SameFile(here, there) && filepath.IsAbs(onPath) {
		return onPath, nil
	}
	return program, nil
}
