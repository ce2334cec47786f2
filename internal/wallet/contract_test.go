package wallet

import (
	"context"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/keyring"

	gokeyring "github.com/zalando/go-keyring"
)

var _ access.Wallet = (*Wallet)(nil)

func TestContractWithTheKeyInAFile(t *testing.T) {
	contract(t, KeyInFile)
}

func TestContractWithTheKeyInTheKeyring(t *testing.T) {
	gokeyring.MockInit()
	contract(t, func(dir string) KeySource {
		return KeyInKeyring(keyring.New(keyring.Options{SessionBus: "unix:path=/mock"}), dir)
	})
}

func contract(t *testing.T, keys func(dir string) KeySource) {
	accesstest.WalletContract(t, accesstest.WalletHarness{New: func(t *testing.T, now func() time.Time) accesstest.WalletRig {
		dir := stateDir(t)
		open := func(keys KeySource) access.Wallet {
			return mustOpen(t, Options{Dir: dir, Keys: keys, Now: now})
		}
		return accesstest.WalletRig{
			Wallet:  open(keys(dir)),
			Dir:     dir,
			Reopen:  func() access.Wallet { return open(keys(dir)) },
			Keyless: func() access.Wallet { return open(noKeys{}) },
		}
	}})
}

// noKeys is a keyring that was reset.
type noKeys struct{}

func (noKeys) Load(context.Context) (credential.Secret, error) { return credential.Secret{}, ErrNoKey }
func (noKeys) Store(context.Context, credential.Secret) error  { return nil }
func (noKeys) Where() string                                   { return "in the keyring" }
