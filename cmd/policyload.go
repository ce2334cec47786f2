package cmd

import (
	"path/filepath"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/manifest"
	"github.com/jitaccess/jit/internal/policy"
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
	signers, err := allowedSigners("policy_signers", cfg.PolicySigners)
	if err != nil {
		return manifest.Signed{}, err
	}
	return manifest.Verify(cfg.Policy, p, manifest.Trust{
		Signers: signers, MinSerial: cfg.PolicyMinSerial, Seen: filepath.Join(state, "policies.json"), Now: a.now(),
	})
}

// policyPaths are the policies that are named, or that of the configuration.
func (a *app) policyPaths(named []string) ([]string, error) {
	if len(named) > 0 {
		return named, nil
	}
	cfg, err := a.loadConfig()
	if err != nil {
		return nil, err
	}
	return []string{cfg.Policy}, nil
}
