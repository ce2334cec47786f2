//go:build unix

package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jitaccess/jit/internal/sandbox"
)

// ssh stops itself alone at ~^Z, and the shell must have its terminal back.
func TestTerminalSSHStopsAndGoesOn(t *testing.T) {
	t.Parallel()
	real, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("there is no ssh")
	}
	dir := t.TempDir()
	script := "#!/bin/sh\ncase \" $* \" in *' -G '*) exec " + real + ` "$@";; esac
echo up; kill -TSTP $$; echo on; cat; exit 7
`
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, sandbox.Options{})
	s.run("PATH=" + dir + ":$PATH; jit request DEMO-1 -e demo-ssh")
	s.ends(exitOK)
	s.fresh("jit ssh demo-host")
	s.wait(`(?s)up\n.*Stopped.*` + prompt + `$`)
	s.typed("fg")
	s.wait(`(?m)^on$`)
	s.key("C-z") // from the terminal, to both
	s.wait(`(?s)on\n.*Stopped.*` + prompt + `$`)
	s.typed("fg")
	s.wait(prompt + ` fg\njit ssh(.*\n)*.*` + prompt + ` fg\n.*jit ssh`)
	s.typed("hello")
	s.wait(`(?s)hello\nhello`)
	s.key("C-d")
	s.wait(prompt + `$`)
	s.run(`(exit $?)`)
	s.ends(7)
}
