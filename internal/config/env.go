// Package config reads what the user and the machine have set: the
// environment, the places of files, and the configuration file. It alone reads
// environment variables.
package config

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// SystemPath is where an administrator's configuration is; it wins over the
// user's for every key that it sets.
const SystemPath = "/etc/jit/config.yaml"

// Env is the part of the environment that jit looks at.
type Env struct {
	ConfigPath  string // JIT_CONFIG
	StateDir    string // JIT_STATE_DIR
	JiraToken   credential.Secret
	Shell       string // SHELL
	SessionBus  string // DBUS_SESSION_BUS_ADDRESS
	SSHAuthSock string // SSH_AUTH_SOCK
	// SSHResolving is whether an ssh that jit asked asks jit: JIT_SSH_RESOLVING.
	SSHResolving bool
	Term         string // TERM
	NoColor      bool   // NO_COLOR is set and not empty (no-color.org)
	Browser      string // BROWSER
	Graphical    bool   // there is a screen to open a browser on
	Zdotdir      string // ZDOTDIR
	Own          Own

	// AWSKey, AWSSecret, AWSToken and AWSRegion are what a sandbox sets.
	AWSKey, AWSRegion   string
	AWSSecret, AWSToken credential.Secret
	// AWSEndpoints are the endpoints that a sandbox sets, by service.
	AWSEndpoints map[string]string

	awsConfig                   string // AWS_CONFIG_FILE
	awsKeys                     string // AWS_SHARED_CREDENTIALS_FILE
	home, configHome, stateHome string
}

// Own is the grant that this shell, or whatever else runs jit, was given by jit
// shell, env or exec, as the variables have it: anybody may have set them.
type Own struct {
	Grant       string // JIT_GRANT
	Ticket      string // JIT_TICKET
	Entitlement string // JIT_ENTITLEMENT
	ExpiresAt   string // JIT_EXPIRES_AT, seconds since 1970
}

// Environment reads the environment of the process.
func Environment() Env {
	home, err := os.UserHomeDir()
	if err != nil {
		// A machine without HOME can still be used with --config and
		// JIT_STATE_DIR; paths that need a home refuse by themselves.
		home = ""
	}
	return Env{
		ConfigPath:   os.Getenv("JIT_CONFIG"),
		StateDir:     os.Getenv("JIT_STATE_DIR"),
		JiraToken:    credential.NewSecret(os.Getenv("JIT_JIRA_TOKEN")),
		Shell:        os.Getenv("SHELL"),
		SessionBus:   os.Getenv("DBUS_SESSION_BUS_ADDRESS"),
		SSHAuthSock:  os.Getenv("SSH_AUTH_SOCK"),
		SSHResolving: os.Getenv("JIT_SSH_RESOLVING") != "",
		Term:         os.Getenv("TERM"),
		NoColor:      os.Getenv("NO_COLOR") != "",
		Browser:      os.Getenv("BROWSER"),
		Graphical:    graphical(),
		Zdotdir:      os.Getenv("ZDOTDIR"),
		Own: Own{
			Grant: os.Getenv("JIT_GRANT"), Ticket: os.Getenv("JIT_TICKET"),
			Entitlement: os.Getenv("JIT_ENTITLEMENT"), ExpiresAt: os.Getenv("JIT_EXPIRES_AT"),
		},
		AWSKey:    os.Getenv("AWS_ACCESS_KEY_ID"),
		AWSRegion: os.Getenv("AWS_REGION"),
		AWSSecret: credential.NewSecret(os.Getenv("AWS_SECRET_ACCESS_KEY")),
		AWSToken:  credential.NewSecret(os.Getenv("AWS_SESSION_TOKEN")),
		AWSEndpoints: map[string]string{
			"STS": os.Getenv("AWS_ENDPOINT_URL_STS"),
			"S3":  os.Getenv("AWS_ENDPOINT_URL_S3"),
			"KMS": os.Getenv("AWS_ENDPOINT_URL_KMS"),

			"SIGNIN": os.Getenv("AWS_ENDPOINT_URL_SIGNIN"),
		},
		awsConfig:  os.Getenv("AWS_CONFIG_FILE"),
		awsKeys:    os.Getenv("AWS_SHARED_CREDENTIALS_FILE"),
		home:       home,
		configHome: configHome(home),
		stateHome:  stateHome(home),
	}
}

// graphical reports whether a program can open a window. Windows and macOS can
// but over SSH; elsewhere X or Wayland says where.
func graphical() bool {
	switch runtime.GOOS {
	case "windows", "darwin":
		return os.Getenv("SSH_CONNECTION") == ""
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

func configHome(home string) string {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	if runtime.GOOS == "windows" {
		return os.Getenv("AppData")
	}
	return under(home, ".config")
}

func stateHome(home string) string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	if runtime.GOOS == "windows" {
		return os.Getenv("LocalAppData")
	}
	return under(home, ".local", "state")
}

func under(home string, parts ...string) string {
	if home == "" {
		return ""
	}
	return filepath.Join(append([]string{home}, parts...)...)
}

// Config is the path of the user's configuration: flag, else JIT_CONFIG, else
// jit/config.yaml under the XDG configuration directory.
func (e Env) Config(flag string) (string, error) {
	switch {
	case flag != "":
		return absolute(flag)
	case e.ConfigPath != "":
		return absolute(e.ConfigPath)
	case e.configHome == "":
		return "", fault.New(fault.Config, "no home directory is known, so no configuration can be found").
			WithHint("set HOME, or name a file with --config or JIT_CONFIG")
	}
	return filepath.Join(e.configHome, "jit", "config.yaml"), nil
}

// State is the directory of the wallet, the caches and the prompt file:
// JIT_STATE_DIR, else jit under the XDG state directory.
func (e Env) State() (string, error) {
	switch {
	case e.StateDir != "":
		return absolute(e.StateDir)
	case e.stateHome == "":
		return "", fault.New(fault.Config, "no home directory is known, so there is no place for the wallet").
			WithHint("set HOME, or name a directory with JIT_STATE_DIR")
	}
	return filepath.Join(e.stateHome, "jit"), nil
}

// AWSConfig is the path of the AWS config file: AWS_CONFIG_FILE, else
// ~/.aws/config.
func (e Env) AWSConfig() (string, error) {
	return e.awsFile(e.awsConfig, "config", "AWS_CONFIG_FILE")
}

// AWSCredentials is the path of the other file that AWS clients read:
// AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials.
func (e Env) AWSCredentials() (string, error) {
	return e.awsFile(e.awsKeys, "credentials", "AWS_SHARED_CREDENTIALS_FILE")
}

func (e Env) awsFile(named, name, variable string) (string, error) {
	switch {
	case named != "":
		return absolute(e.Expand(named, ""))
	case e.home == "":
		return "", fault.New(fault.Config, "no home directory is known, so the AWS %s file cannot be found", name).
			WithHint("set HOME, or name the file with %s", variable)
	}
	return filepath.Join(e.home, ".aws", name), nil
}

// SSHConfig is the path of the user's configuration of ssh.
func (e Env) SSHConfig() (string, error) {
	if e.home == "" {
		return "", fault.New(fault.Config, "no home directory is known, so the configuration of ssh cannot be found").
			WithHint("set HOME, or name the file with --file")
	}
	return filepath.Join(e.home, ".ssh", "config"), nil
}

// absolute fails where the working directory is gone.
func absolute(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fault.Wrap(fault.Config, err, "%s cannot be found", path).WithHint("name it by its whole path")
	}
	return abs, nil
}

// Expand replaces a leading ~/ with the home directory, and makes a relative
// path relative to dir.
func (e Env) Expand(path, dir string) string {
	if rest, ok := cutTilde(path); ok && e.home != "" {
		return filepath.Join(e.home, rest)
	}
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func cutTilde(path string) (string, bool) {
	if len(path) >= 2 && path[0] == '~' && (path[1] == '/' || path[1] == filepath.Separator) {
		return path[2:], true
	}
	return "", false
}

// All is the whole environment, for a command that jit runs.
func (Env) All() []string { return os.Environ() }
