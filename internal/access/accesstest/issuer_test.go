package accesstest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/pkg/audit"
)

var epoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func fixedNow() time.Time { return epoch }

func TestFakeIssuerKeepsTheContract(t *testing.T) {
	for _, kind := range []grant.Kind{grant.AWS, grant.SSH} {
		t.Run(string(kind), func(t *testing.T) {
			IssuerContract(t, IssuerHarness{Kind: kind, New: func(*testing.T) IssuerRig {
				fake := NewIssuer(kind)
				return IssuerRig{
					Issuer: fake,
					Now:    fixedNow,
					Refuse: func() { fake.Refuse(fault.New(fault.Issuer, "the role does not trust us")) },
					Lose:   func() { fake.Lose(context.DeadlineExceeded) },
					Minted: func() int { return len(fake.Minted()) },
				}
			}})
		})
	}
}

func TestFakeIssuerCapKeepsTheContract(t *testing.T) {
	IssuerContract(t, IssuerHarness{Kind: grant.AWS, New: func(*testing.T) IssuerRig {
		fake := NewIssuer(grant.AWS)
		fake.Cap(20 * time.Minute)
		return IssuerRig{Issuer: fake, Now: fixedNow, Refuse: func() {
			fake.Refuse(fault.New(fault.Auth, "the base credentials have expired"))
		}}
	}})
}

func TestFakeIssuerFailsToPrepare(t *testing.T) {
	fake := NewIssuer(grant.SSH)
	want := fault.New(fault.Issuer, "the CA is not there")
	fake.FailPrepare(want)
	_, err := fake.Prepare(t.Context(), IssuerOrder(grant.SSH, epoch))
	if !errors.Is(err, want) {
		t.Errorf("Prepare: %v, want %v", err, want)
	}
	fake.FailPrepare(nil)
	if _, err := fake.Prepare(t.Context(), IssuerOrder(grant.SSH, epoch)); err != nil {
		t.Errorf("Prepare after the mend: %v", err)
	}
	if n := len(fake.Prepared()); n != 1 {
		t.Errorf("%d orders prepared, want 1", n)
	}
}

func TestFakeIssuerIsHeldUntilReleased(t *testing.T) {
	fake := NewIssuer(grant.SSH)
	release := fake.Hold()
	m, err := fake.Prepare(t.Context(), IssuerOrder(grant.SSH, epoch))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := m.Mint(t.Context())
		done <- err
	}()
	<-fake.Asked()
	select {
	case err := <-done:
		t.Fatalf("Mint returned while held: %v", err)
	default:
	}
	release()
	release()
	if err := <-done; err != nil {
		t.Errorf("Mint after the release: %v", err)
	}
}

func TestFakeIssuerCancelledWhileHeldIsUnknown(t *testing.T) {
	fake := NewIssuer(grant.AWS)
	defer fake.Hold()()
	m, err := fake.Prepare(t.Context(), IssuerOrder(grant.AWS, epoch))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := m.Mint(ctx)
		done <- err
	}()
	<-fake.Asked()
	cancel()
	if err := <-done; !credential.IsUnknown(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("Mint: %v, want unknown and cancelled", err)
	}
	if n := len(fake.Minted()); n != 1 {
		t.Errorf("%d credentials, want the one whose answer was lost", n)
	}
}

func TestFakeIssuerInheritsASourceIdentity(t *testing.T) {
	order := IssuerOrder(grant.AWS, epoch)
	order.Entitlement.AWS.SourceIdentity = policy.SourceIdentityInherit
	m, err := NewIssuer(grant.AWS).Prepare(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Facts().AWS.SourceIdentity; got != "" {
		t.Errorf("source identity %q, want none", got)
	}
}

func TestCallersAnswerWhatTheyHold(t *testing.T) {
	var c access.Callers = &Callers{Identity: audit.Caller{Account: "111122223333"}}
	if got, err := c.Caller(t.Context()); err != nil || got.Account != "111122223333" {
		t.Errorf("Caller: %v, %v", got, err)
	}
}
