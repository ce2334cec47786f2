package sshca

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
)

func TestKMSSignsWithEverySpec(t *testing.T) {
	t.Parallel()
	for kind := range kmsSpecs {
		fake := newFakeKMS(t, kind)
		cred, facts := mint(t, kmsIssuer(fake, nil), sshOrder(epoch, nil))
		ca := sshPublic(t, fake.private)
		checkCert(t, certOf(t, cred), ca)
		if facts.SSH.CA != ssh.FingerprintSHA256(ca) || fake.region != "eu-west-1" || fake.dials != 1 {
			t.Errorf("%s: CA %s, region %q, %d dials", kind, facts.SSH.CA, fake.region, fake.dials)
		}
	}
}

func TestKMSKeysThatCannotSign(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*kms.GetPublicKeyOutput)
		class fault.Class
		word  string
	}{
		"encrypts":           {func(o *kms.GetPublicKeyOutput) { o.KeyUsage = types.KeyUsageTypeEncryptDecrypt }, fault.Config, "ENCRYPT_DECRYPT"},
		"agrees keys":        {func(o *kms.GetPublicKeyOutput) { o.KeyUsage = types.KeyUsageTypeKeyAgreement }, fault.Config, "KEY_AGREEMENT"},
		"Bitcoin's curve":    {func(o *kms.GetPublicKeyOutput) { o.KeySpec = types.KeySpecEccSecgP256k1 }, fault.Config, "ECC_SECG_P256K1"},
		"SM2":                {func(o *kms.GetPublicKeyOutput) { o.KeySpec = types.KeySpecSm2 }, fault.Config, "SM2"},
		"post-quantum":       {func(o *kms.GetPublicKeyOutput) { o.KeySpec = types.KeySpecMlDsa65 }, fault.Config, "ML_DSA_65"},
		"other algorithms":   {func(o *kms.GetPublicKeyOutput) { o.SigningAlgorithms = nil }, fault.Config, "ECDSA_SHA_256"},
		"a lie":              {func(o *kms.GetPublicKeyOutput) { o.KeySpec = types.KeySpecEccNistP384 }, fault.Issuer, "ecdsa-sha2-nistp256"},
		"no key":             {func(o *kms.GetPublicKeyOutput) { o.PublicKey = nil }, fault.Issuer, "does not parse"},
		"terminal escapes":   {func(o *kms.GetPublicKeyOutput) { o.KeyUsage = "\x1b[2J" }, fault.Config, "[2J"},
		"nothing whatsoever": {func(o *kms.GetPublicKeyOutput) { *o = kms.GetPublicKeyOutput{} }, fault.Config, "cannot sign"},
	} {
		fake := newFakeKMS(t, "p256")
		c.spoil(&fake.public)
		_, err := kmsIssuer(fake, nil).Prepare(t.Context(), sshOrder(epoch, nil))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		wantFault(t, err, c.class, c.word)
		if strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: the error would be obeyed by a terminal: %q", name, err)
		}
	}
}

func TestKMSWithoutAClient(t *testing.T) {
	t.Parallel()
	l := Location{Scheme: AWSKMS, KeyID: "alias/x"}
	_, err := NewCA(l, CAOptions{}).Check(t.Context())
	wantFault(t, err, fault.Config, "no AWS client")
	fail := func(err error) func(context.Context, string) (KMS, error) {
		return func(context.Context, string) (KMS, error) { return nil, err }
	}
	_, err = NewCA(l, CAOptions{KMS: fail(errors.New("no profile p"))}).Check(t.Context())
	wantFault(t, err, fault.Issuer, "no profile p")
	_, err = NewCA(l, CAOptions{KMS: fail(fault.New(fault.Auth, "signed out"))}).Check(t.Context())
	wantFault(t, err, fault.Auth, "signed out")
}

// Ed25519 has KMS sign the body itself, of which it takes 4,096 bytes.
func TestKMSBodyThatIsTooLong(t *testing.T) {
	t.Parallel()
	wide := func(p *policy.SSH) { p.ForceCommand = strings.Repeat("x", 4096) }
	_, err := kmsIssuer(newFakeKMS(t, "ed25519"), nil).Prepare(t.Context(), sshOrder(epoch, wide))
	wantFault(t, err, fault.Config, "4096", "ECDSA")
	fake := newFakeKMS(t, "p256")
	mint(t, kmsIssuer(fake, nil), sshOrder(epoch, wide))
}

func TestKMSRequestCostsOneCallWhenCached(t *testing.T) {
	t.Parallel()
	fake, cache := newFakeKMS(t, "ed25519"), DirCache{Dir: filepath.Join(t.TempDir(), "state")}
	mint(t, kmsIssuer(fake, cache), sshOrder(epoch, nil))
	if fake.count("GetPublicKey") != 1 || fake.count("Sign") != 1 {
		t.Errorf("the first request: %v", fake.calls)
	}
	cred, _ := mint(t, kmsIssuer(fake, cache), sshOrder(epoch, nil)) // another process
	checkCert(t, certOf(t, cred), sshPublic(t, fake.private))
	if fake.count("GetPublicKey") != 1 || fake.count("Sign") != 2 {
		t.Errorf("the second request: %v", fake.calls)
	}
	issuer := kmsIssuer(fake, nil)
	issuer.Warm(t.Context())
	issuer.Warm(t.Context())
	mint(t, issuer, sshOrder(epoch, nil))
	mint(t, issuer, sshOrder(epoch, nil))
	if fake.count("GetPublicKey") != 2 {
		t.Errorf("one process asked for the public key more than once: %v", fake.calls)
	}
	if _, err := issuer.Check(t.Context()); err != nil || fake.count("GetPublicKey") != 3 || fake.count("Sign") != 4 {
		t.Errorf("Check: %v, %v", err, fake.calls)
	}
}

// Warming and preparing at once costs one call, and an end of the warming's
// context does not end the request.
func TestKMSWarmIsShared(t *testing.T) {
	t.Parallel()
	fake := newFakeKMS(t, "p256")
	fake.asked, fake.answer = make(chan struct{}, 8), make(chan struct{})
	issuer := kmsIssuer(fake, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { issuer.Warm(ctx) })
	<-fake.asked
	for range 4 {
		wg.Go(func() {
			if _, err := issuer.Prepare(t.Context(), sshOrder(epoch, nil)); err != nil {
				t.Error(err)
			}
		})
	}
	cancel()
	<-fake.asked // one of the others asks instead
	close(fake.answer)
	wg.Wait()
	if n := fake.count("GetPublicKey"); n != 2 {
		t.Errorf("%d calls, want one that ended and one that answered", n)
	}

	stuck := newFakeKMS(t, "p256")
	stuck.asked, stuck.answer = make(chan struct{}, 8), make(chan struct{})
	issuer = kmsIssuer(stuck, nil)
	wg.Go(func() { issuer.Warm(t.Context()) })
	<-stuck.asked
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := issuer.ca.place.open(ctx); err == nil {
		t.Error("a cancelled request went on")
	} else {
		wantFault(t, err, fault.Cancelled)
	}
	close(stuck.answer)
	wg.Wait()
}

func TestKMSAliasThatMoved(t *testing.T) {
	t.Parallel()
	for name, arn := range map[string]string{"to another key": fakeARN + "2", "to new material": fakeARN} {
		fake, cache := newFakeKMS(t, "ed25519"), &memory{}
		mint(t, kmsIssuer(fake, cache), sshOrder(epoch, nil))
		fake.hold(t, "ed25519", arn)
		issuer := kmsIssuer(fake, cache)
		m, err := issuer.Prepare(t.Context(), sshOrder(epoch, nil))
		if err != nil {
			t.Fatal(err)
		}
		cred, err := m.Mint(t.Context())
		if cred.SSH != nil || credential.IsUnknown(err) {
			t.Errorf("%s: %v, %v", name, cred.SSH, err)
		}
		wantFault(t, err, fault.Issuer, "ask again")
		again, _ := mint(t, issuer, sshOrder(epoch, nil))
		checkCert(t, certOf(t, again), sshPublic(t, fake.private))
	}
}

func TestKMSAliasThatMovedAndACacheThatIsStuck(t *testing.T) {
	t.Parallel()
	fake, cache := newFakeKMS(t, "ed25519"), &memory{}
	issuer := kmsIssuer(fake, cache)
	m, err := issuer.Prepare(t.Context(), sshOrder(epoch, nil))
	if err != nil {
		t.Fatal(err)
	}
	fake.hold(t, "ed25519", fakeARN+"2")
	cache.store = errors.New("read-only file system")
	_, err = m.Mint(t.Context())
	wantFault(t, err, fault.Issuer, "another key", "read-only file system")
}

func TestKMSCacheThatCannotBeWrittenIsTold(t *testing.T) {
	t.Parallel()
	fake, cache := newFakeKMS(t, "p256"), &memory{store: errors.New("disk full")}
	issuer := kmsIssuer(fake, cache)
	_, facts := mint(t, issuer, sshOrder(epoch, nil))
	if len(facts.Notices) != 1 || !strings.Contains(facts.Notices[0], "disk full") {
		t.Errorf("notices: %q", facts.Notices)
	}
	if _, facts = mint(t, issuer, sshOrder(epoch, nil)); len(facts.Notices) != 0 {
		t.Errorf("told again: %q", facts.Notices)
	}
}

// Whatever is in the cache, nothing worse happens than that KMS is asked.
func TestKMSCacheOfAnyContent(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty": "", "null": "null", "not JSON": "{", "no key": "{}",
		"unknown spec": `{"arn":"a","spec":"SM2","public_key":"AAAA"}`,
		"bad key":      `{"arn":"a","spec":"ECC_NIST_P256","public_key":"AAAA"}`,
		"large":        strings.Repeat(" ", maxCached+1),
	} {
		fake, cache := newFakeKMS(t, "p256"), DirCache{Dir: t.TempDir()}
		issuer := kmsIssuer(fake, cache)
		path := filepath.Join(cache.Dir, issuer.ca.place.(*kmsPlace).cacheName())
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		cred, _ := mint(t, issuer, sshOrder(epoch, nil))
		checkCert(t, certOf(t, cred), sshPublic(t, fake.private))
		if data, err := os.ReadFile(path); err != nil || string(data) == content {
			t.Errorf("%s: the entry was not mended: %v", name, err)
		}
	}
}

func TestDirCache(t *testing.T) {
	t.Parallel()
	cache := DirCache{Dir: filepath.Join(t.TempDir(), "a", "b")}
	if err := cache.Store("x", nil); err != nil {
		t.Errorf("forgetting what is not there: %v", err)
	}
	if _, err := cache.Load("x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of nothing: %v", err)
	}
	for _, want := range []string{"one", "two"} {
		if err := cache.Store("x", []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := cache.Load("x"); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := cache.Store("x", nil); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(cache.Dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	blocked := DirCache{Dir: filepath.Join(t.TempDir(), "file", "under")}
	if err := os.WriteFile(filepath.Dir(blocked.Dir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := blocked.Store("x", []byte("y")); err == nil {
		t.Error("stored below a file")
	}
}

func TestKMSLocationsDoNotShareAnEntry(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, l := range []Location{
		{Scheme: AWSKMS, KeyID: "alias/a"},
		{Scheme: AWSKMS, KeyID: "alias/b"},
		{Scheme: AWSKMS, KeyID: "alias/a", Region: "eu-west-1"},
		{Scheme: AWSKMS, KeyID: "alias/a", Region: "eu-west-2"},
	} {
		names[(&kmsPlace{location: l}).cacheName()] = true
	}
	if len(names) != 4 {
		t.Errorf("4 locations have %d names", len(names))
	}
}
