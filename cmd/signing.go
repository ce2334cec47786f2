package cmd

import (
	"context"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/sshca"
	"github.com/jitaccess/jit/internal/sshsig"
)

// allowedSigners reads the signers that a key of the configuration lists.
func allowedSigners(key string, lines []string) ([]sshsig.Signer, error) {
	signers := make([]sshsig.Signer, 0, len(lines))
	for i, line := range lines {
		s, err := sshsig.ParseSigner(line)
		if err != nil {
			return nil, fault.Wrap(fault.Config, err, "%s, number %d", key, i+1).
				WithHint("write each as in an allowed signers file, or as in a .pub file")
		}
		signers = append(signers, s)
	}
	return signers, nil
}

// keyLocation is where a key is: a place as ssh.ca has it, or a file's path.
func keyLocation(key string) (sshca.Location, error) {
	if strings.HasPrefix(key, "agent:") || strings.Contains(key, "://") {
		return sshca.ParseLocation(key)
	}
	path, err := filepath.Abs(key)
	return sshca.Location{Scheme: sshca.File, Path: path}, err
}

// signerAt makes the key at a location ready to sign; it may ask the user. The
// configuration is read for a key in KMS only, and its policy never: that may be
// what is to be signed.
func (a *app) signerAt(ctx context.Context, location sshca.Location) (ssh.Signer, error) {
	options := sshca.CAOptions{Passphrase: a.passphrase(ctx), AgentSocket: a.agentSocket()}
	if location.Scheme == sshca.AWSKMS {
		cfg, err := a.loadConfig()
		if err != nil {
			return nil, err
		}
		n, err := a.networkOf(cfg, &policy.Policy{})
		if err != nil {
			return nil, err
		}
		options.KMS, options.Cache = n.kms, sshca.DirCache{Dir: n.state}
	}
	return sshca.NewCA(location, options).Signer(ctx)
}
