package accesstest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/pkg/audit"
)

// WalletHarness brings an implementation of access.Wallet to its contract.
type WalletHarness struct {
	// New returns a fresh, empty wallet whose clock is now; each subtest takes
	// its own. It is required.
	New func(t *testing.T, now func() time.Time) WalletRig
}

// WalletRig is one wallet and ways to look at it from outside.
type WalletRig struct {
	Wallet access.Wallet // required
	// Dir is where the wallet writes; "" where it writes nothing.
	Dir string
	// Reopen returns the wallet as another process would open it; nil where it
	// does not outlive its process.
	Reopen func() access.Wallet
	// Keyless returns the wallet as opened where its key cannot be had; nil
	// where it needs none.
	Keyless func() access.Wallet
}

// WalletGrant returns a grant of kind that ends at expires, and a credential
// for it whose secrets are long random-looking text made from the id. N from 0
// to 675 tells grants apart.
func WalletGrant(kind grant.Kind, n int, expires time.Time) (credential.Held, credential.Credential) {
	id := grant.ID(strings.Repeat("a", grant.IDLength-2) + string(rune('a'+n/26)) + string(rune('a'+n%26)))
	held := credential.Held{
		Grant: grant.Grant{
			ID: id, Kind: kind, Entitlement: fmt.Sprintf("prod-%d", n), Ticket: "OPS-7", TicketID: "10007",
			Site: "https://acme.atlassian.net", Principal: "712020:ada", PrincipalName: "Ada Lovelace",
			Policy: strings.Repeat("ab", 32), Reason: "the disk of db-3 is full",
			Lease: grant.Lease{NotBefore: expires.Add(-time.Hour), ExpiresAt: expires},
		},
		Record: audit.Ref{Writer: "712020=3Aada", Seq: uint64(n + 1), Hash: strings.Repeat("cd", 32)},
	}
	secret := func(what string) credential.Secret {
		return credential.NewSecret(FakeSecretPrefix + "-" + what + "-" + string(id))
	}
	if kind == grant.AWS {
		return held, credential.Credential{AWS: &credential.AWS{
			AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret("key"), SessionToken: secret("token"), ExpiresAt: expires,
			RoleARN: "arn:aws:iam::111122223333:role/jit-ro", AssumedRoleARN: "arn:aws:sts::111122223333:assumed-role/jit-ro/x",
			Region: "eu-west-1",
		}}
	}
	return held, credential.Credential{SSH: &credential.SSH{
		PrivateKey: secret("pem\n\x00\xff"), Certificate: "ssh-ed25519-cert-v01@openssh.com ZmFrZQ== ada", Logins: []string{"ops"},
		Hosts: []string{"bastion-*"}, Serial: 1<<64 - 1, KeyID: held.Grant.SSHKeyID(), ExpiresAt: expires,
	}}
}

// walletEpoch is the moment at which a contract's clock begins.
var walletEpoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// walletRig is a rig whose clock the check can turn.
type walletRig struct {
	WalletRig
	mu  sync.Mutex
	now time.Time
}

func newWalletRig(t *testing.T, h WalletHarness) *walletRig {
	r := &walletRig{now: walletEpoch}
	r.WalletRig = h.New(t, func() time.Time {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.now
	})
	return r
}

func (r *walletRig) at(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = now
}

// views are the wallet itself and, where it outlives the process, as another
// process sees it.
func (r *walletRig) views() map[string]access.Wallet {
	v := map[string]access.Wallet{"the wallet": r.Wallet}
	if r.Reopen != nil {
		v["the wallet reopened"] = r.Reopen()
	}
	return v
}

func (r *walletRig) put(t *testing.T, kind grant.Kind, n int, expires time.Time) (credential.Held, credential.Credential) {
	t.Helper()
	held, cred := WalletGrant(kind, n, expires)
	if err := r.Wallet.Put(t.Context(), held, cred); err != nil {
		t.Fatalf("Put: %v (hint: %s)", err, fault.HintOf(err))
	}
	return held, cred
}
