package cmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/manifest"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/sshsig"
)

const policySignLong = `Sign a policy, so that machines whose configuration names policy_signers take
it.

It writes a manifest beside the policy file, or into its directory: the names
and hashes of all files, those that entitlements refer to included, a serial and
an end; and its signature, which anybody can check without jit:

  ssh-keygen -Y verify -n jit-policy -f ALLOWED -I WHO -s M.sig < M

The serial is one higher than that of the manifest that is there, so that an old
policy cannot come back. Sign again after each change.`

// signFor is how long a signed policy is good for where nobody says.
const signFor = 90 * 24 * time.Hour

type policySignOptions struct {
	key     string
	serial  uint64
	goodFor time.Duration
}

func newPolicySignCmd(a *app) *cobra.Command {
	var o policySignOptions
	c := &cobra.Command{
		Use:   "sign [PATH]",
		Short: "Sign a policy",
		Long:  policySignLong + exitCodes(exitIssuer, exitConfig),
		Example: "  jit policy sign policy.yaml --key ~/.ssh/policy\n" +
			"  jit policy sign policy.d --key agent:SHA256:FINGERPRINT --good-for 720h",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.policySign(c.Context(), o, args) },
	}
	f := c.Flags()
	f.StringVar(&o.key, "key", "", "sign with this `KEY`: a file, agent:SHA256:…, or awskms:///NAME")
	f.Uint64Var(&o.serial, "serial", 0, "with this serial (default one higher than before)")
	f.DurationVar(&o.goodFor, "good-for", signFor, "how long the signature is good for")
	return c
}

func (a *app) policySign(ctx context.Context, o policySignOptions, args []string) error {
	if o.key == "" {
		return fault.New(fault.Usage, "--key is missing").WithHint("name a file with a private key, agent:SHA256:… or awskms:///NAME")
	}
	if o.goodFor < time.Hour {
		return fault.New(fault.Usage, "--good-for %s is too short", o.goodFor).WithHint("such as 720h for 30 days")
	}
	paths, err := a.policyPaths(args)
	if err != nil {
		return err
	}
	path := paths[0]
	p, err := policy.Load(path)
	if err != nil {
		return err
	}
	manifestPath, signaturePath := manifest.Paths(path)
	serial, err := nextSerial(manifestPath, o.serial)
	if err != nil {
		return err
	}
	location, err := keyLocation(o.key)
	if err != nil {
		return fault.Wrap(fault.Usage, err, "--key %s", o.key).WithHint("name a file with a private key, agent:SHA256:… or awskms:///NAME")
	}
	signer, err := a.signerAt(ctx, location)
	if err != nil {
		return err
	}
	m := manifest.Manifest{Serial: serial, NotAfter: a.now().Add(o.goodFor).Truncate(time.Second), Files: p.Sums()}
	data := m.Encode()
	signature, err := sshsig.Sign(signer, manifest.Namespace, data)
	if err != nil {
		return fault.Wrap(fault.Issuer, err, "the policy cannot be signed")
	}
	// The signature goes first: between the two writes there is a policy that is
	// refused, and never one that is half believed.
	for _, file := range []struct {
		path string
		data []byte
	}{{signaturePath, signature}, {manifestPath, data}} {
		if err := maybe.WriteFile(file.path, file.data, 0o644); err != nil {
			return fault.Wrap(fault.Config, err, "the signature cannot be written").WithHint("look at the permissions of %s", filepath.Dir(file.path))
		}
	}
	a.io.Note("signed with %s, good until %s", ssh.FingerprintSHA256(signer.PublicKey()), m.NotAfter.UTC().Format(time.DateOnly))
	_, err = fmt.Fprintf(a.io.Out, "%s: serial %d, %d files, %s\n", manifestPath, serial, len(m.Files), manifest.Hash(data))
	return err
}

// nextSerial is the serial asked for, or one higher than that of the manifest that
// is there.
func nextSerial(path string, asked uint64) (uint64, error) {
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return max(asked, 1), nil
	} else if err != nil {
		return 0, fault.Wrap(fault.Config, err, "the manifest that is there cannot be read")
	}
	before, err := manifest.Decode(data)
	switch {
	case err != nil:
		return 0, err
	case asked == 0:
		return before.Serial + 1, nil
	case asked <= before.Serial:
		return 0, fault.New(fault.Usage, "--serial %d is not higher than the %d that is there", asked, before.Serial).
			WithHint("leave --serial out for the next one")
	}
	return asked, nil
}
