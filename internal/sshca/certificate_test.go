package sshca

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
)

func TestCertificateSaysWhatThePolicyDoes(t *testing.T) {
	t.Parallel()
	ca := newPrivate(t, "ed25519")
	order := sshOrder(epoch, func(p *policy.SSH) {
		p.Logins = []string{"ops", "deploy"}
		p.Extensions = []string{"permit-pty", "permit-port-forwarding"}
		p.SourceAddresses = []string{"10.0.0.0/8", "2001:db8::/32", "192.0.2.7"}
		p.ForceCommand = `/usr/bin/backup --to "there"`
		p.Hosts = []string{"bastion-*"}
	})
	cred, facts := mint(t, fileIssuer(t, fixed(epoch), ca), order)
	cert := certOf(t, cred)

	const keyID = "jit OPS-7 712020=3Aada abcdefghijklmnopqrstuvwx23"
	for what, pair := range map[string][2]any{
		"key id":           {cert.KeyId, keyID},
		"comment":          {cred.KeyID, keyID},
		"type":             {cert.Type(), ssh.CertAlgoED25519v01},
		"user certificate": {cert.CertType, uint32(ssh.UserCert)},
		"principals":       {strings.Join(cert.ValidPrincipals, " "), "ops deploy"},
		"valid after":      {cert.ValidAfter, uint64(epoch.Add(-time.Minute).Unix())},
		"valid before":     {cert.ValidBefore, uint64(epoch.Add(time.Hour).Unix())},
		"extensions":       {fmt.Sprint(cert.Extensions), "map[permit-port-forwarding: permit-pty:]"},
		"options": {
			fmt.Sprint(cert.CriticalOptions),
			`map[force-command:/usr/bin/backup --to "there" source-address:10.0.0.0/8,2001:db8::/32,192.0.2.7]`,
		},
		"serial":      {cred.Serial, cert.Serial},
		"logins":      {strings.Join(cred.Logins, " "), "ops deploy"},
		"hosts":       {strings.Join(cred.Hosts, " "), "bastion-*"},
		"expiry":      {cred.ExpiresAt, epoch.Add(time.Hour)},
		"lease":       {facts.Lease, order.Grant.Lease},
		"notices":     {len(facts.Notices), 0},
		"told key id": {facts.SSH.KeyID, keyID},
		"told serial": {facts.SSH.Serial, cert.Serial},
		"told key":    {facts.SSH.Fingerprint, ssh.FingerprintSHA256(cert.Key)},
		"told CA":     {facts.SSH.CA, ssh.FingerprintSHA256(sshPublic(t, ca))},
		"told logins": {strings.Join(facts.SSH.Principals, " "), "ops deploy"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
	if cert.Serial == 0 || facts.AWS != nil {
		t.Errorf("serial %d, AWS %v", cert.Serial, facts.AWS)
	}
	if signer := clientSigner(t, cred); signer.PublicKey().Type() != ssh.CertAlgoED25519v01 {
		t.Errorf("a client offers %s", signer.PublicKey().Type())
	}
}

func TestPlainCertificateHasNoExtras(t *testing.T) {
	t.Parallel()
	cred, _ := mint(t, fileIssuer(t, fixed(epoch), newPrivate(t, "p256")),
		sshOrder(epoch, func(p *policy.SSH) { p.Extensions = nil }))
	if cert := certOf(t, cred); len(cert.Extensions) != 0 || len(cert.CriticalOptions) != 0 {
		t.Errorf("extensions %v, options %v", cert.Extensions, cert.CriticalOptions)
	}
}

func TestScopedPrincipals(t *testing.T) {
	t.Parallel()
	cred, facts := mint(t, fileIssuer(t, fixed(epoch), newPrivate(t, "ed25519")), sshOrder(epoch, func(p *policy.SSH) {
		p.Logins, p.Principals = []string{"ops", "root"}, policy.PrincipalsScoped
	}))
	if got := certOf(t, cred).ValidPrincipals; !slices.Equal(got, []string{"bastion:ops", "bastion:root"}) ||
		!slices.Equal(facts.SSH.Principals, got) {
		t.Errorf("principals %v, told %v", got, facts.SSH.Principals)
	}
	if !slices.Equal(cred.Logins, []string{"ops", "root"}) {
		t.Errorf("logins %v are not those to log in with", cred.Logins)
	}
}

func TestEveryGrantHasItsOwnKeyAndSerial(t *testing.T) {
	t.Parallel()
	issuer := fileIssuer(t, fixed(epoch), newPrivate(t, "ed25519"))
	keys, serials, nonces := map[string]bool{}, map[uint64]bool{}, map[string]bool{}
	for range 20 {
		cred, _ := mint(t, issuer, sshOrder(epoch, nil))
		cert := certOf(t, cred)
		keys[string(cert.Key.Marshal())], serials[cert.Serial], nonces[string(cert.Nonce)] = true, true, true
	}
	if len(keys) != 20 || len(serials) != 20 || len(nonces) != 20 {
		t.Errorf("of 20: %d keys, %d serials, %d nonces", len(keys), len(serials), len(nonces))
	}
}

func TestSerialIsNeverZero(t *testing.T) {
	t.Parallel()
	i := &Issuer{random: bytes.NewReader(append(make([]byte, 8), 0, 0, 0, 0, 0, 0, 0, 7))}
	if n, err := i.newSerial(); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestOrdersThatAreRefused(t *testing.T) {
	t.Parallel()
	issuer := fileIssuer(t, fixed(epoch), newPrivate(t, "ed25519"))
	long := slices.Repeat([]string{"ops"}, maxPrincipals+1)
	for name, change := range map[string]func(*policy.SSH){
		"no login":            func(p *policy.SSH) { p.Logins = nil },
		"too many logins":     func(p *policy.SSH) { p.Logins = long },
		"empty login":         func(p *policy.SSH) { p.Logins = []string{"ops", ""} },
		"two logins in one":   func(p *policy.SSH) { p.Logins = []string{"ops,root"} },
		"login with a space":  func(p *policy.SSH) { p.Logins = []string{"ops root"} },
		"login with newline":  func(p *policy.SSH) { p.Logins = []string{"ops\nroot"} },
		"login with NUL":      func(p *policy.SSH) { p.Logins = []string{"ops\x00"} },
		"forged scope":        func(p *policy.SSH) { p.Logins = []string{"prod:root"} },
		"bad UTF-8":           func(p *policy.SSH) { p.Logins = []string{"\xff"} },
		"unknown principals":  func(p *policy.SSH) { p.Principals = "all" },
		"empty extension":     func(p *policy.SSH) { p.Extensions = []string{""} },
		"extension of two":    func(p *policy.SSH) { p.Extensions = []string{"permit-pty permit-x"} },
		"host bits":           func(p *policy.SSH) { p.SourceAddresses = []string{"10.1.2.3/8"} },
		"two in one address":  func(p *policy.SSH) { p.SourceAddresses = []string{"10.0.0.0/8,0.0.0.0/0"} },
		"negated address":     func(p *policy.SSH) { p.SourceAddresses = []string{"!10.0.0.0/8"} },
		"address with a zone": func(p *policy.SSH) { p.SourceAddresses = []string{"fe80::1%eth0"} },
		"mapped address":      func(p *policy.SSH) { p.SourceAddresses = []string{"::ffff:10.0.0.1"} },
		"empty address":       func(p *policy.SSH) { p.SourceAddresses = []string{""} },
		"blank command":       func(p *policy.SSH) { p.ForceCommand = " " },
		"command of two":      func(p *policy.SSH) { p.ForceCommand = "a\nb" },
	} {
		_, err := issuer.Prepare(t.Context(), sshOrder(epoch, change))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		wantFault(t, err, fault.Config, "bastion")
	}
	_, err := issuer.Prepare(t.Context(), sshOrder(epoch, func(p *policy.SSH) { p.SourceAddresses = []string{"10.1.2.3/8"} }))
	wantFault(t, err, fault.Config, "write 10.0.0.0/8")
	_, err = issuer.Prepare(t.Context(), sshOrder(epoch.Add(-2*time.Hour), nil))
	wantFault(t, err, fault.Issuer, "lease ended")
	backwards := sshOrder(epoch, nil)
	backwards.Grant.ExpiresAt = epoch.Add(-time.Second)
	_, err = issuer.Prepare(t.Context(), backwards)
	wantFault(t, err, fault.Internal)
	nameless := sshOrder(epoch, nil)
	nameless.Grant.Principal = ""
	_, err = issuer.Prepare(t.Context(), nameless)
	wantFault(t, err, fault.Internal)
}

func TestWithoutRandomnessNothingIsMade(t *testing.T) {
	t.Parallel()
	path := writeKey(t, newPrivate(t, "ed25519"), "")
	for n := range 40 + 32 { // a seed and a serial to prepare, then a nonce to mint
		source := io.MultiReader(bytes.NewReader(make([]byte, n)), iotest.ErrReader(errors.New("no entropy")))
		if n >= 40 {
			source = io.MultiReader(bytes.NewReader(bytes.Repeat([]byte{1}, n)), iotest.ErrReader(errors.New("no entropy")))
		}
		i := New(Options{CA: fileCA(path, nil), Now: fixed(epoch), Random: source})
		m, err := i.Prepare(t.Context(), sshOrder(epoch, nil))
		if err == nil {
			_, err = m.Mint(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), "no entropy") {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

// forger is a CA that signs something else than what it was asked to sign.
type forger struct {
	ssh.Signer
	as   ssh.PublicKey
	sign func([]byte) []byte
}

func (f forger) PublicKey() ssh.PublicKey { return f.as }

func (f forger) Sign(r io.Reader, data []byte) (*ssh.Signature, error) {
	return f.Signer.Sign(r, f.sign(data))
}

func TestMintChecksTheSignature(t *testing.T) {
	t.Parallel()
	honest, err := ssh.NewSignerFromSigner(newPrivate(t, "ed25519"))
	if err != nil {
		t.Fatal(err)
	}
	other := sshPublic(t, newPrivate(t, "ed25519"))
	same := func(b []byte) []byte { return b }
	for name, c := range map[string]struct {
		signer forger
		trust  error
	}{
		"of another key":  {forger{honest, other, same}, nil},
		"of another body": {forger{honest, honest.PublicKey(), func(b []byte) []byte { return b[1:] }}, errors.New("the cache\nis stuck")},
	} {
		distrusted := 0
		issuer := &Issuer{ca: &CA{place: fixedPlace{&key{
			public:   c.signer.as,
			bind:     func(context.Context) (ssh.Signer, error) { return c.signer, nil },
			distrust: func() error { distrusted++; return c.trust },
		}}}, now: fixed(epoch), random: rand.Reader}
		m, err := issuer.Prepare(t.Context(), sshOrder(epoch, nil))
		if err != nil {
			t.Fatal(err)
		}
		cred, err := m.Mint(t.Context())
		wantFault(t, err, fault.Issuer, "does not verify", "thrown away")
		if cred.SSH != nil || credential.IsUnknown(err) || distrusted != 1 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, %v, distrusted %d times", name, cred.SSH, err, distrusted)
		}
	}
}

// A signer that answers for another key than was told must not slip through,
// even where its signature is good.
func TestMintChecksTheSigningKey(t *testing.T) {
	t.Parallel()
	told := sshPublic(t, newPrivate(t, "ed25519"))
	signer, err := ssh.NewSignerFromSigner(newPrivate(t, "ed25519"))
	if err != nil {
		t.Fatal(err)
	}
	issuer := &Issuer{ca: &CA{place: fixedPlace{&key{
		public: told,
		bind:   func(context.Context) (ssh.Signer, error) { return signer, nil },
	}}}, now: fixed(epoch), random: rand.Reader}
	m, err := issuer.Prepare(t.Context(), sshOrder(epoch, nil))
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Mint(t.Context())
	wantFault(t, err, fault.Issuer, "does not say what was asked for")
}

type fixedPlace struct{ key *key }

func (p fixedPlace) open(context.Context) (*key, error) { return p.key, nil }

func (p fixedPlace) inspect(context.Context) (ssh.PublicKey, string, error) {
	return p.key.public, "", nil
}

func TestPublicKeyIsALineForServers(t *testing.T) {
	t.Parallel()
	ca := newPrivate(t, "p384")
	line, err := fileIssuer(t, fixed(epoch), ca).PublicKey(t.Context())
	if err != nil || strings.ContainsAny(line, "\r\n") {
		t.Fatalf("%q, %v", line, err)
	}
	public, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil || comment != "" || len(options) > 0 || string(public.Marshal()) != string(sshPublic(t, ca).Marshal()) {
		t.Errorf("%q: %v %q %q %v", line, public, comment, options, err)
	}
}

func TestSSHKeygenReadsTheCertificate(t *testing.T) {
	t.Parallel()
	keygen := tool(t, "ssh-keygen")
	for _, kind := range []string{"ed25519", "p256", "p384", "p521", "rsa"} {
		ca := newPrivate(t, kind)
		cred, _ := mint(t, fileIssuer(t, fixed(epoch), ca), sshOrder(epoch, func(p *policy.SSH) {
			p.SourceAddresses, p.ForceCommand = []string{"10.0.0.0/8"}, "/bin/true"
		}))
		path := filepath.Join(t.TempDir(), "id-cert.pub")
		if err := os.WriteFile(path, []byte(cred.Certificate+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(keygen, "-L", "-f", path)
		cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, want := range []string{
			"ssh-ed25519-cert-v01@openssh.com user certificate",
			`Key ID: "jit OPS-7 712020=3Aada abcdefghijklmnopqrstuvwx23"`,
			fmt.Sprintf("Serial: %d", cred.Serial),
			"Valid: from 2026-03-04T05:05:07 to 2026-03-04T06:06:07",
			"Signing CA: ", ssh.FingerprintSHA256(sshPublic(t, ca)),
			"force-command /bin/true", "source-address 10.0.0.0/8", "permit-pty", "ops",
		} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: %q is not in\n%s", kind, want, out)
			}
		}
	}
}

// The wallet keeps the key in the format that ssh itself reads.
func TestSSHKeygenReadsThePrivateKey(t *testing.T) {
	t.Parallel()
	keygen := tool(t, "ssh-keygen")
	cred, facts := mint(t, fileIssuer(t, fixed(epoch), newPrivate(t, "ed25519")), sshOrder(epoch, nil))
	out, err := exec.Command(keygen, "-y", "-f", writeFile(t, []byte(cred.PrivateKey.Reveal()), 0o600)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	public, comment, _, _, err := ssh.ParseAuthorizedKey(out)
	if err != nil || ssh.FingerprintSHA256(public) != facts.SSH.Fingerprint || comment != cred.KeyID {
		t.Errorf("%s: %v", out, err)
	}
}
