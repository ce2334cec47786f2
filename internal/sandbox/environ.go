package sandbox

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Environ returns base, in the form of os.Environ, as a command in the world
// needs it: jit's own variables and throw-away AWS keys set, and everything
// removed that could lead jit or an AWS tool out of the world.
func (w *World) Environ(base []string) []string {
	var out []string
	path := ""
	for _, entry := range base {
		name, value, _ := strings.Cut(entry, "=")
		switch upper := strings.ToUpper(name); {
		case upper == "PATH" && (name == upper || runtime.GOOS == "windows"):
			path = value
		case leadsOut(upper):
		default:
			out = append(out, entry)
		}
	}
	bin := w.Path(binDir)
	if path != "" {
		bin += string(filepath.ListSeparator) + path
	}
	return append(out,
		"PATH="+bin,
		"JIT_CONFIG="+w.ConfigPath(),
		"JIT_STATE_DIR="+w.Path(stateDir),
		"JIT_JIRA_TOKEN="+w.JiraToken,
		"JIT_SANDBOX="+w.Dir,
		"JIT_SANDBOX_URL="+strings.TrimSuffix(w.AdminURL, "/"),
		// The plain one is for every service that is not named: STS refuses
		// what is signed for another.
		"AWS_ENDPOINT_URL="+w.STSURL,
		"AWS_ENDPOINT_URL_STS="+w.STSURL,
		"AWS_ENDPOINT_URL_S3="+w.S3URL,
		"AWS_ENDPOINT_URL_KMS="+w.KMSURL,
		"AWS_ENDPOINT_URL_SIGNIN="+w.SigninURL,
		"AWS_ACCESS_KEY_ID="+w.Base.ID,
		"AWS_SECRET_ACCESS_KEY="+w.Base.Secret,
		"AWS_REGION="+Region,
		"AWS_DEFAULT_REGION="+Region,
		"AWS_CONFIG_FILE="+w.Path(awsConfigFile),
		"AWS_SHARED_CREDENTIALS_FILE="+w.Path(awsKeysFile),
		"AWS_EC2_METADATA_DISABLED=true",
	)
}

// leadsOut reports whether a variable, its name in upper case, could point at
// something real.
func leadsOut(name string) bool {
	exact := []string{"SSH_AUTH_SOCK", "SSH_AGENT_PID", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
	return strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "JIT_") || slices.Contains(exact, name)
}

// link makes DIR/bin/jit from the path of the binary: a symbolic link, or a
// hard one or a copy where the system has none for us.
func (w *World) link(exe string) error {
	if exe == "" {
		return nil
	}
	name := filepath.Join(w.Path(binDir), "jit")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	exe, err := filepath.Abs(exe)
	if err != nil {
		return err
	}
	if os.Symlink(exe, name) == nil || os.Link(exe, name) == nil {
		return nil
	}
	data, err := os.ReadFile(exe)
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o700)
}
