package accesstest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
)

// expirySkew is how much later than its lease a credential may expire: an
// issuer that counts from its own clock and cannot mint for less than its
// minimum overruns by the time that the request took.
const expirySkew = 2 * time.Minute

// IssuerHarness brings an implementation of access.Issuer to its contract.
type IssuerHarness struct {
	Kind grant.Kind
	// New returns a fresh issuer; each subtest takes its own. It is required.
	New func(t *testing.T) IssuerRig
}

// IssuerRig is one issuer with the levers of the world behind it.
type IssuerRig struct {
	Issuer access.Issuer
	// Now is the clock of the issuer and of the world behind it. It is required.
	Now func() time.Time
	// Order returns an order that the issuer can carry out; nil takes
	// IssuerOrder(kind, now).
	Order func() credential.Order
	// Refuse makes the world refuse whatever is asked next. It is required.
	Refuse func()
	// Lose makes the world mint and then lose its answer; nil where the answer
	// cannot be lost because nothing leaves the process.
	Lose func()
	// Minted counts the credentials that the world has made; nil skips the
	// checks that need it.
	Minted func() int
}

func (r IssuerRig) order(kind grant.Kind) credential.Order {
	if r.Order != nil {
		return r.Order()
	}
	return IssuerOrder(kind, r.Now())
}

func (r IssuerRig) minted() int {
	if r.Minted == nil {
		return 0
	}
	return r.Minted()
}

// IssuerOrder returns a plain order of kind for an hour from now: ada, ticket
// OPS-7, an entitlement with nothing optional in it.
func IssuerOrder(kind grant.Kind, now time.Time) credential.Order {
	order := credential.Order{Grant: grant.Grant{
		ID:            "abcdefghijklmnopqrstuvwx23",
		Kind:          kind,
		Entitlement:   "prod-readonly",
		Ticket:        "OPS-7",
		TicketID:      "10007",
		Site:          "https://acme.atlassian.net",
		Principal:     "712020:ada",
		PrincipalName: "Ada Lovelace",
		Policy:        strings.Repeat("ab", 32),
		Lease:         grant.NewLease(now, time.Hour),
	}}
	order.Entitlement = policy.Entitlement{
		Name:  order.Grant.Entitlement,
		Lease: policy.Lease{Default: time.Hour, Max: 2 * time.Hour},
	}
	if kind == grant.AWS {
		order.Entitlement.AWS = &policy.AWS{RoleARN: "arn:aws:iam::111122223333:role/jit-ro"}
		return order
	}
	order.Entitlement.SSH = &policy.SSH{Logins: []string{"ops"}, Extensions: []string{"permit-pty"}}
	return order
}

// IssuerContract checks what every access.Issuer promises: Prepare mints
// nothing and its facts bound the credential, a refusal is definite, a lost
// answer is not, every error is fit for a person, and no secret prints.
func IssuerContract(t *testing.T, h IssuerHarness) {
	t.Helper()
	checks := []struct {
		name string
		run  func(*testing.T, IssuerHarness)
	}{
		{"prepare mints nothing", checkPrepareMintsNothing},
		{"the credential keeps to the facts", checkMint},
		{"a refusal is definite", checkRefusal},
		{"a lost answer is unknown", checkLost},
		{"an order of another kind is refused", checkOtherKind},
		{"a cancelled prepare or mint fails without a panic", checkCancelled},
		{"orders side by side stay apart", checkConcurrent},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, h) })
	}
}

func checkPrepareMintsNothing(t *testing.T, h IssuerHarness) {
	rig := h.New(t)
	order := rig.order(h.Kind)
	facts := prepare(t, rig, order).Facts()
	if n := rig.minted(); n != 0 {
		t.Errorf("Prepare minted %d credentials", n)
	}
	if facts.Lease.TTL() <= 0 || facts.Lease.TTL() > order.Grant.TTL() {
		t.Errorf("the lease is %s, of %s asked for", facts.Lease.TTL(), order.Grant.TTL())
	}
	if facts.Lease.TTL() < order.Grant.TTL() && len(facts.Notices) == 0 {
		t.Error("the lease was cut without a notice")
	}
	for _, notice := range facts.Notices {
		checkSentence(t, "notice", notice)
	}
	if (facts.AWS != nil) != (h.Kind == grant.AWS) || (facts.SSH != nil) != (h.Kind == grant.SSH) {
		t.Errorf("facts of an order of kind %q: AWS %v, SSH %v", h.Kind, facts.AWS, facts.SSH)
	}
	if facts.AWS != nil && facts.AWS.SessionName != order.Grant.SessionName() {
		t.Errorf("session name %q, want %q", facts.AWS.SessionName, order.Grant.SessionName())
	}
	if facts.SSH != nil && facts.SSH.KeyID != order.Grant.SSHKeyID() {
		t.Errorf("key id %q, want %q", facts.SSH.KeyID, order.Grant.SSHKeyID())
	}
}

func checkMint(t *testing.T, h IssuerHarness) {
	rig := h.New(t)
	m := prepare(t, rig, rig.order(h.Kind))
	facts := m.Facts()
	cred, err := m.Mint(t.Context())
	if err != nil {
		t.Fatalf("Mint: %v", err)
	}
	if rig.Minted != nil && rig.minted() != 1 {
		t.Errorf("%d credentials were minted, want 1", rig.minted())
	}
	if (cred.AWS != nil) != (h.Kind == grant.AWS) || (cred.SSH != nil) != (h.Kind == grant.SSH) {
		t.Fatalf("credential of an order of kind %q: AWS set: %t, SSH set: %t", h.Kind, cred.AWS != nil, cred.SSH != nil)
	}
	var expires time.Time
	if c := cred.AWS; c != nil {
		expires = c.ExpiresAt
		if c.AccessKeyID == "" || c.SecretAccessKey.Empty() || c.SessionToken.Empty() {
			t.Error("a part of the key is missing")
		}
		if c.RoleARN != facts.AWS.RoleARN {
			t.Errorf("role %q, want %q", c.RoleARN, facts.AWS.RoleARN)
		}
	} else {
		expires = cred.SSH.ExpiresAt
		if cred.SSH.PrivateKey.Empty() || cred.SSH.Certificate == "" {
			t.Error("the key or its certificate is missing")
		}
		if cred.SSH.KeyID != facts.SSH.KeyID || cred.SSH.Serial != facts.SSH.Serial {
			t.Errorf("key id and serial %q %d, want %q %d", cred.SSH.KeyID, cred.SSH.Serial, facts.SSH.KeyID, facts.SSH.Serial)
		}
	}
	if !expires.After(rig.Now()) || expires.After(facts.Lease.ExpiresAt.Add(expirySkew)) {
		t.Errorf("expires at %s; the lease ends at %s", expires, facts.Lease.ExpiresAt)
	}
	checkRedacted(t, cred, m, rig.Issuer)
}

func checkRefusal(t *testing.T, h IssuerHarness) {
	rig := h.New(t)
	order := rig.order(h.Kind)
	m := prepare(t, rig, order)
	before := rig.minted()
	rig.Refuse()
	cred, err := m.Mint(t.Context())
	if err == nil {
		t.Fatal("Mint succeeded after a refusal")
	}
	if credential.IsUnknown(err) {
		t.Errorf("a definite refusal came out as unknown: %v", err)
	}
	if class := fault.ClassOf(err); class != fault.Issuer && class != fault.Auth {
		t.Errorf("class %d, want Issuer or Auth", class)
	}
	checkFault(t, err)
	if cred.AWS != nil || cred.SSH != nil {
		t.Error("a refusal came with a credential")
	}
	if rig.minted() != before {
		t.Error("a refusal minted something")
	}
}

func checkLost(t *testing.T, h IssuerHarness) {
	rig := h.New(t)
	if rig.Lose == nil {
		t.Skip("nothing leaves the process, so no answer can be lost")
	}
	m := prepare(t, rig, rig.order(h.Kind))
	rig.Lose()
	cred, err := m.Mint(t.Context())
	if !credential.IsUnknown(err) {
		t.Fatalf("a lost answer is not unknown: %v", err)
	}
	checkFault(t, err)
	if cred.AWS != nil || cred.SSH != nil {
		t.Error("a lost answer came with a credential")
	}
}

func checkOtherKind(t *testing.T, h IssuerHarness) {
	other := grant.SSH
	if h.Kind == grant.SSH {
		other = grant.AWS
	}
	rig := h.New(t)
	both, neither, wrongGrant := rig.order(h.Kind), rig.order(h.Kind), rig.order(h.Kind)
	foreign := IssuerOrder(other, rig.Now())
	both.Entitlement.AWS, both.Entitlement.SSH = &policy.AWS{RoleARN: "arn:aws:iam::111122223333:role/x"}, &policy.SSH{Logins: []string{"ops"}}
	neither.Entitlement.AWS, neither.Entitlement.SSH = nil, nil
	wrongGrant.Grant.Kind = other
	for name, order := range map[string]credential.Order{
		"foreign": foreign, "both": both, "neither": neither, "the grant disagrees": wrongGrant, "empty": {},
	} {
		if _, err := rig.Issuer.Prepare(t.Context(), order); err == nil {
			t.Errorf("%s: the order was accepted", name)
		} else {
			checkFault(t, err)
		}
	}
}

func checkCancelled(t *testing.T, h IssuerHarness) {
	rig := h.New(t)
	order := rig.order(h.Kind)
	m := prepare(t, rig, order)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Mint(ctx); err == nil {
		t.Error("Mint succeeded under a cancelled context")
	} else {
		checkFault(t, err)
		if rig.minted() > 0 && !credential.IsUnknown(err) {
			t.Errorf("a credential exists after an error that says there is none: %v", err)
		}
	}
	if _, err := h.New(t).Issuer.Prepare(ctx, order); err != nil {
		checkFault(t, err) // an issuer with nothing to ask may as well succeed
	}
}

func checkConcurrent(t *testing.T, h IssuerHarness) {
	rig := h.New(t)
	const orders = 8
	var wg sync.WaitGroup
	for n := range orders {
		wg.Go(func() {
			order := rig.order(h.Kind)
			order.Grant.ID = grant.ID(fmt.Sprintf("%026s", strings.Repeat(string(rune('a'+n)), grant.IDLength)))
			m, err := rig.Issuer.Prepare(t.Context(), order)
			if err != nil {
				t.Errorf("Prepare: %v", err)
				return
			}
			if f := m.Facts(); f.AWS != nil && f.AWS.SessionName != order.Grant.SessionName() ||
				f.SSH != nil && f.SSH.KeyID != order.Grant.SSHKeyID() {
				t.Errorf("order %s got the facts of another: %+v %+v", order.Grant.ID, f.AWS, f.SSH)
			}
			if _, err := m.Mint(t.Context()); err != nil {
				t.Errorf("Mint: %v", err)
			}
		})
	}
	wg.Wait()
	if rig.Minted != nil && rig.minted() != orders {
		t.Errorf("%d credentials for %d orders", rig.minted(), orders)
	}
}

func prepare(t *testing.T, rig IssuerRig, order credential.Order) credential.Minting {
	t.Helper()
	m, err := rig.Issuer.Prepare(t.Context(), order)
	if err != nil {
		t.Fatalf("Prepare: %v (hint: %s)", err, fault.HintOf(err))
	}
	return m
}

// checkFault holds an error to the form in which a person sees it.
func checkFault(t *testing.T, err error) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Errorf("not a fault.Error: %v", err)
		return
	}
	checkSentence(t, "message", f.Msg)
	if f.Hint != "" && strings.HasSuffix(f.Hint, ".") {
		t.Errorf("the hint ends with a full stop: %q", f.Hint)
	}
}

func checkSentence(t *testing.T, what, s string) {
	t.Helper()
	if s == "" || strings.HasSuffix(s, ".") || strings.ContainsAny(s, "\n\r\x1b") {
		t.Errorf("%s is not a sentence without a full stop: %q", what, s)
	}
}

// checkRedacted prints values in every way that a careless log line could, and
// looks for the secrets of cred.
func checkRedacted(t *testing.T, cred credential.Credential, values ...any) {
	t.Helper()
	var secrets []string
	if c := cred.AWS; c != nil {
		secrets = []string{c.SecretAccessKey.Reveal(), c.SessionToken.Reveal()}
		values = append(values, *c)
	}
	if c := cred.SSH; c != nil {
		secrets = []string{c.PrivateKey.Reveal()}
		values = append(values, *c)
	}
	for _, v := range append(values, cred) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			for _, secret := range secrets {
				if strings.Contains(fmt.Sprintf(verb, v), secret) {
					t.Errorf("%s of %T shows a secret", verb, v)
				}
			}
		}
	}
}
