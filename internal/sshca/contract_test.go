package sshca

import (
	"crypto/rand"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
	"github.com/jitaccess/jit/internal/grant"
)

var (
	_ access.Issuer   = (*Issuer)(nil)
	_ access.Warmer   = (*Issuer)(nil)
	_ access.KeyAgent = (*KeyAgent)(nil)
)

func TestIssuerContractWithKMS(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "p256"} {
		t.Run(kind, func(t *testing.T) {
			accesstest.IssuerContract(t, accesstest.IssuerHarness{Kind: grant.SSH, New: func(t *testing.T) accesstest.IssuerRig {
				fake := newFakeKMS(t, kind)
				var lose atomic.Bool
				_, dial := kmsServer(t, fake, func(w http.ResponseWriter, r *http.Request) {
					answerKMS(w, r, fake)
					if lose.Load() {
						panic(http.ErrAbortHandler) // before the answer was flushed
					}
				})
				l := Location{Scheme: AWSKMS, KeyID: "alias/jit-ssh-ca", Region: "eu-west-1"}
				return accesstest.IssuerRig{
					Issuer: New(Options{CA: NewCA(l, CAOptions{KMS: dial}), Now: fixed(epoch), Random: rand.Reader}),
					Now:    fixed(epoch),
					Refuse: func() { fake.fail(&types.DisabledException{Message: aws.String("it is disabled")}) },
					Lose:   func() { lose.Store(true) },
					Minted: fake.signatures,
				}
			}})
		})
	}
}

func TestIssuerContractWithAgent(t *testing.T) {
	t.Parallel()
	accesstest.IssuerContract(t, accesstest.IssuerHarness{Kind: grant.SSH, New: func(t *testing.T) accesstest.IssuerRig {
		key := newPrivate(t, "ed25519")
		ring := &countingAgent{Agent: agent.NewKeyring()}
		if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
			t.Fatal(err)
		}
		socket := serveSocket(t, func(c net.Conn) {
			ring.conn(c)
			_ = agent.ServeAgent(ring, c)
		})
		l := Location{Scheme: Agent, Fingerprint: ssh.FingerprintSHA256(sshPublic(t, key))}
		return accesstest.IssuerRig{
			Issuer: New(Options{CA: NewCA(l, CAOptions{AgentSocket: socket}), Now: fixed(epoch), Random: rand.Reader}),
			Now:    fixed(epoch),
			Refuse: func() { _ = ring.Lock([]byte("x")) },
			Lose:   func() { ring.lose.Store(true) },
			Minted: func() int { return int(ring.signed.Load()) },
		}
	}})
}
