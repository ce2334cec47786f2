package cmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/sandbox"
	"github.com/jitaccess/jit/internal/wallet"
)

// tour runs jit's main job in the sandbox and prints what each step showed.
// Each step is this program, run as a user would run it.
func (a *app) tour(ctx context.Context, w *sandbox.World) error {
	environ := w.Environ(a.env.All())
	exe, err := os.Executable()
	if err != nil {
		return fault.Wrap(fault.Internal, err, "cannot find jit's own program")
	}
	run := func(ctx context.Context, args ...string) (sandbox.Output, error) {
		var out, errs bytes.Buffer
		child := exec.CommandContext(ctx, exe, args...)
		child.Env, child.Stdout, child.Stderr = environ, &out, &errs
		err := child.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return sandbox.Output{Stdout: out.String(), Stderr: errs.String(), Code: exitOf(exit)}, nil
		}
		return sandbox.Output{Stdout: out.String(), Stderr: errs.String()}, err
	}
	return sandbox.Tour(ctx, w, run, a.keyIn(w), a.io.Out)
}

// keyIn opens the SSH key of a grant in the wallet of a world.
func (a *app) keyIn(w *sandbox.World) sandbox.KeyOf {
	return func(ctx context.Context, id string) (ssh.Signer, error) {
		dir := filepath.Join(w.Dir, "state")
		held, err := wallet.Open(wallet.Options{Dir: dir, Keys: wallet.KeyInFile(dir), Now: a.now})
		if err != nil {
			return nil, err
		}
		cred, err := held.Open(ctx, grant.ID(id))
		if err != nil {
			return nil, err
		}
		if cred.SSH == nil {
			return nil, fault.New(fault.Internal, "the grant %s has no SSH key", id)
		}
		key, err := ssh.ParsePrivateKey([]byte(cred.SSH.PrivateKey.Reveal()))
		if err != nil {
			return nil, fault.New(fault.Internal, "the key in the wallet does not parse")
		}
		public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(cred.SSH.Certificate))
		if err != nil {
			return nil, err
		}
		cert, ok := public.(*ssh.Certificate)
		if !ok {
			return nil, fault.New(fault.Internal, "the wallet holds no certificate")
		}
		return ssh.NewCertSigner(cert, key)
	}
}
