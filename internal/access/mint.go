package access

import (
	"context"
	"fmt"
	"sync"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/pkg/audit"
)

// mintAndRecord mints and writes the record at the same time. It returns the
// credential only when the record is durable; otherwise the credential is
// dropped here, and nobody ever held it.
func (s *Service) mintAndRecord(ctx context.Context, minting credential.Minting, writer string, event audit.Event) (credential.Credential, audit.Ref, error) {
	var (
		wg        sync.WaitGroup
		cred      credential.Credential
		ref       audit.Ref
		mintErr   error
		recordErr error
	)
	s.step(StepMint)
	wg.Go(func() { cred, mintErr = minting.Mint(ctx) })
	s.step(StepRecord)
	wg.Go(func() { ref, recordErr = s.Log.Append(ctx, writer, event) })
	wg.Wait()
	switch {
	case recordErr != nil:
		return credential.Credential{}, audit.Ref{}, unrecorded(recordErr, mintErr)
	case mintErr != nil:
		return credential.Credential{}, audit.Ref{}, s.unminted(ctx, mintErr, writer, event, ref)
	}
	return cred, ref, nil
}

// unrecorded is the error of a request whose record could not be written.
func unrecorded(recordErr, mintErr error) error {
	if mintErr == nil {
		return recordErr
	}
	return fault.Wrap(fault.Audit, recordErr, "neither recorded nor minted (%v)", mintErr)
}

// unminted follows the issued record up with what became of it: failed where
// the issuer refused, unknown where its answer was lost. The issuer's error is
// what the user needs; that the second record is missing is told beside it,
// and leaves the log saying that a credential may exist, which is safe.
func (s *Service) unminted(ctx context.Context, mintErr error, writer string, event audit.Event, issued audit.Ref) error {
	event.Kind, event.Of, event.Error, event.Time = audit.Failed, &issued, mintErr.Error(), s.Now().UTC()
	lost := credential.IsUnknown(mintErr) || ctx.Err() != nil
	if lost {
		event.Kind = audit.Unknown
	}
	if _, err := s.Log.Append(ctx, writer, event); err != nil {
		s.notice(fmt.Sprintf("the record that this request failed could not be written: %v", err))
	}
	switch {
	case ctx.Err() != nil:
		return fault.Wrap(fault.Cancelled, mintErr, "stopped while the credential was being minted")
	case lost:
		return fault.Wrap(fault.Issuer, mintErr, "it is not known whether a credential exists").
			WithHint("nobody holds it; if it exists it ends at %s", event.ExpiresAt.Format("15:04:05 MST"))
	}
	return mintErr
}
