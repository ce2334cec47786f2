package cmd

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/jitaccess/jit/internal/auditlog"
	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/sshsig"
	"github.com/jitaccess/jit/pkg/audit"
)

// checkpointSigners are those whom the configuration lets sign checkpoints.
func checkpointSigners(cfg *config.Config) ([]sshsig.Signer, error) {
	return allowedSigners("audit.checkpoint_keys", cfg.Audit.CheckpointKeys)
}

// verifiedBy says whether a signature is by one of the signers.
func verifiedBy(signers []sshsig.Signer) func(statement, signature []byte, at time.Time) error {
	return func(statement, signature []byte, at time.Time) error {
		_, err := sshsig.Verify(statement, signature, audit.CheckpointNamespace, signers, at)
		return err
	}
}

// checkpoints reads those of the log and the one from outside, if there is one.
// The newer of the two is the one to compare with.
func (a *app) checkpoints(ctx context.Context, cfg *config.Config, log *auditlog.Log, outside string) (audit.Checkpoints, error) {
	signers, err := checkpointSigners(cfg)
	if err != nil {
		return audit.Checkpoints{}, err
	}
	if len(signers) == 0 {
		if outside != "" {
			return audit.Checkpoints{}, fault.New(fault.Config, "audit.checkpoint_keys names no key, so that no checkpoint can be verified").
				WithHint("put the public key that signs checkpoints there")
		}
		return audit.Checkpoints{}, nil
	}
	options := audit.CheckpointOptions{Verify: verifiedBy(signers)}
	if seen, ok := log.SeenCheckpoint(); ok {
		options.Known = append(options.Known, seen)
	}
	var copied *audit.SignedCheckpoint
	if outside != "" {
		if copied, err = readCheckpoint(outside, options.Verify); err != nil {
			return audit.Checkpoints{}, err
		}
		options.Known = append(options.Known, copied.Ref())
	}
	found, err := audit.ReadCheckpoints(ctx, log, options)
	if err != nil {
		return found, unreadable(err)
	}
	if copied != nil && (found.Newest == nil || found.Newest.Serial < copied.Serial) {
		found.Newest = copied
	}
	if found.Newest != nil && len(found.Problems) == 0 {
		log.SawCheckpoint(found.Newest.Ref())
	}
	return found, nil
}

// readCheckpoint reads a copy that was kept outside the log.
func readCheckpoint(path string, verify func(statement, signature []byte, at time.Time) error) (*audit.SignedCheckpoint, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, err, "the checkpoint cannot be read")
	}
	defer f.Close()
	data, err := audit.ReadRecord(f)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, err, "the checkpoint cannot be read")
	}
	c, err := audit.ParseCheckpoint(data)
	if err != nil {
		return nil, fault.Wrap(fault.Audit, err, "%s is no checkpoint", path)
	}
	if err := verify(c.Statement, c.Signature, c.Time); err != nil {
		return nil, fault.Wrap(fault.Audit, err, "the checkpoint %s does not count", path).
			WithHint("audit.checkpoint_keys lists whose do")
	}
	return &c, nil
}

// signWith signs a statement with the key at a place, which must be one whose
// signatures count.
func (a *app) signWith(ctx context.Context, cfg *config.Config, key string, statement []byte, at time.Time) ([]byte, error) {
	location, err := keyLocation(key)
	if err != nil {
		return nil, err
	}
	signer, err := a.signerAt(ctx, location)
	if err != nil {
		return nil, err
	}
	signature, err := sshsig.Sign(signer, audit.CheckpointNamespace, statement)
	if err != nil {
		if _, ok := errors.AsType[*fault.Error](err); ok {
			return nil, err
		}
		return nil, fault.Wrap(fault.Issuer, err, "%s did not sign", key)
	}
	signers, err := checkpointSigners(cfg)
	if err != nil {
		return nil, err
	}
	if err := verifiedBy(signers)(statement, signature, at); err != nil {
		return nil, fault.Wrap(fault.Config, err, "audit.checkpoint_keys would not take this checkpoint").
			WithHint("list the public half of --key there")
	}
	return signature, nil
}
