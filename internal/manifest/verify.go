package manifest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ownership"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/sshsig"
)

// Trust is what a signed policy is held against.
type Trust struct {
	Signers   []sshsig.Signer
	MinSerial uint64 // a lower serial is refused; 0 takes any
	// Seen is the file that keeps the highest serial that was used on this machine;
	// "" keeps none.
	Seen string
	Now  time.Time
}

// Signed is a policy whose signature holds.
type Signed struct {
	Manifest
	Hash   string
	Signer sshsig.Signer
}

// Paths are where the manifest of a policy and its signature are: in the policy's
// directory, or beside its only file.
func Paths(path string) (manifest, signature string) {
	manifest = path + ".manifest"
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		manifest = filepath.Join(path, "policy.manifest")
	}
	return manifest, manifest + ".sig"
}

// Verify holds a policy that was read from a path against its signed manifest. The
// hashes are those of what was compiled, so nothing can change in between. The
// error is of class Config.
func Verify(path string, p *policy.Policy, trust Trust) (Signed, error) {
	manifestPath, signaturePath := Paths(path)
	data, err := read(manifestPath)
	if err != nil {
		return Signed{}, err
	}
	signature, err := read(signaturePath)
	if err != nil {
		return Signed{}, err
	}
	who, err := sshsig.Verify(data, signature, Namespace, trust.Signers, trust.Now)
	if err != nil {
		return Signed{}, fault.Wrap(fault.Config, err, "the policy at %s is not signed by anybody who may", path).
			WithHint("get the signed policy anew, or have it signed by one of policy_signers")
	}
	m, err := Decode(data)
	if err != nil {
		return Signed{}, err
	}
	if err := m.usable(path, p, trust); err != nil {
		return Signed{}, err
	}
	s := Signed{Manifest: m, Hash: Hash(data), Signer: who}
	return s, trust.remember(path, s)
}

func read(path string) ([]byte, error) {
	data, err := ownership.ReadFile(path, MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Config, "the policy is not signed: there is no %s", path).
			WithHint("policy_signers asks for a signed policy; whoever may signs it with jit policy sign")
	}
	return data, err
}

// usable refuses a manifest of other files, an old one, and one that has ended.
func (m Manifest) usable(path string, p *policy.Policy, trust Trust) error {
	if how := m.differs(p.Sums()); how != "" {
		return fault.New(fault.Config, "the policy at %s was changed after it was signed: %s", path, how).
			WithHint("get the signed policy anew, or have it signed again with jit policy sign")
	}
	if !trust.Now.Before(m.NotAfter) {
		return fault.New(fault.Config, "the signed policy ended at %s", m.NotAfter.UTC().Format(time.RFC3339)).
			WithHint("get the current policy, or have it signed again with jit policy sign")
	}
	if m.Serial < trust.MinSerial {
		return fault.New(fault.Config, "the policy has the serial %d, and policy_min_serial is %d: it is an old one", m.Serial, trust.MinSerial).
			WithHint("get the current policy")
	}
	return nil
}
