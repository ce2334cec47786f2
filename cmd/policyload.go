package cmd

import (
	"path/filepath"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/manifest"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/sshsig"
)

// loadPolicy reads the policy of a configuration and, where that names signers,
// holds it against its signed manifest, whose hash it is known by from then on.
func (a *app) loadPolicy(cfg *config.Config) (*policy.Policy, error) {
	p, err := policy.Load(cfg.Policy)
	if err != nil || len(cfg.PolicySigners) == 0 {
		return p, err
	}
	signed, err := a.signedPolicy(cfg, p)
	if err != nil {
		return nil, err
	}
	p.Hash = signed.Hash
	return p, nil
}

// signedPolicy verifies a policy that was read.
func (a *app) signedPolicy(cfg *config.Config, p *policy.Policy) (manifest.Signed, error) {
	state, err := a.env.State()
	if err != nil {
		return manifest.Signed{}, err
	}
	trust := manifest.Trust{MinSerial: cfg.PolicyMinSerial, Seen: filepath.Join(state, "policies.json"), Now: a.now()}
	for _, line := range cfg.PolicySigners {
		s, err := sshsig.ParseSigner(line)
		if err != nil {
			return manifest.Signed{}, fault.Wrap(fault.Config, err, "policy_signers: a line is no allowed signer").
				WithHint("such as: ops@acme.example ssh-ed25519 AAAA…")
		}
		trust.Signers = append(trust.Signers, s)
	}
	return manifest.Verify(cfg.Policy, p, trust)
}
