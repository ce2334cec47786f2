package sshca

import (
	"crypto"
	"crypto/dsa"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

func pemOf(t testing.TB, kind string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func fileCA(path string, ask func(string) (credential.Secret, error)) *CA {
	return NewCA(Location{Scheme: File, Path: path}, CAOptions{Passphrase: ask})
}

func TestKeyFilesThatSign(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "p256", "p384", "p521", "rsa"} {
		key := newPrivate(t, kind)
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		files := map[string]string{
			"openssh": writeKey(t, key, ""),
			"pkcs8":   writeFile(t, pemOf(t, "PRIVATE KEY", pkcs8, err), 0o400),
		}
		switch k := key.(type) {
		case *ecdsa.PrivateKey:
			der, err := x509.MarshalECPrivateKey(k)
			files["sec1"] = writeFile(t, pemOf(t, "EC PRIVATE KEY", der, err), 0o600)
		case *rsa.PrivateKey:
			files["pkcs1"] = writeFile(t, pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k), nil), 0o600)
		}
		for format, path := range files {
			ca := fileCA(path, nil)
			health, err := ca.Check(t.Context())
			if err != nil || health.Fingerprint != ssh.FingerprintSHA256(sshPublic(t, key)) || health.Note != "" {
				t.Errorf("%s %s: %+v, %v", kind, format, health, err)
				continue
			}
			issuer := New(Options{CA: ca, Now: fixed(epoch), Random: rand.Reader})
			cred, _ := mint(t, issuer, sshOrder(epoch, nil))
			checkCert(t, certOf(t, cred), sshPublic(t, key))
		}
	}
}

// checkCert requires what a server requires of a certificate of the plain
// order at epoch.
func checkCert(t testing.TB, cert *ssh.Certificate, ca ssh.PublicKey) {
	t.Helper()
	checker := ssh.CertChecker{
		IsUserAuthority: func(k ssh.PublicKey) bool { return string(k.Marshal()) == string(ca.Marshal()) },
		Clock:           fixed(epoch),
	}
	if !checker.IsUserAuthority(cert.SignatureKey) {
		t.Errorf("signed by %s", ssh.FingerprintSHA256(cert.SignatureKey))
	}
	if err := checker.CheckCert("ops", cert); err != nil {
		t.Error(err)
	}
	if ca.Type() == ssh.KeyAlgoRSA && cert.Signature.Format != ssh.KeyAlgoRSASHA512 {
		t.Errorf("an RSA CA signed with %s", cert.Signature.Format)
	}
}

func TestKeyFilesThatCannotSign(t *testing.T) {
	t.Parallel()
	dsaKey := new(dsa.PrivateKey)
	if err := dsa.GenerateParameters(&dsaKey.Parameters, rand.Reader, dsa.L1024N160); err != nil {
		t.Fatal(err)
	}
	if err := dsa.GenerateKey(dsaKey, rand.Reader); err != nil {
		t.Fatal(err)
	}
	dsaDER, dsaErr := asn1.Marshal(struct {
		V             int
		P, Q, G, Y, X *big.Int
	}{0, dsaKey.P, dsaKey.Q, dsaKey.G, dsaKey.Y, dsaKey.X})
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p224DER, p224Err := x509.MarshalPKCS8PrivateKey(p224)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	xDER, xErr := x509.MarshalPKCS8PrivateKey(x25519)
	for name, c := range map[string]struct {
		data []byte
		word string
	}{
		"dsa":             {pemOf(t, "DSA PRIVATE KEY", dsaDER, dsaErr), "cannot sign"},
		"p224":            {pemOf(t, "PRIVATE KEY", p224DER, p224Err), "P-256"},
		"x25519":          {pemOf(t, "PRIVATE KEY", xDER, xErr), "cannot sign"},
		"encrypted pkcs8": {pemOf(t, "ENCRYPTED PRIVATE KEY", []byte("x"), nil), "ssh-keygen -p"},
		"public":          {ssh.MarshalAuthorizedKey(sshPublic(t, newPrivate(t, "ed25519"))), "no key found"},
		"empty":           {nil, "no key found"},
		"cut":             {[]byte("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n"), "not a private key"},
		"large":           {[]byte(strings.Repeat("x", maxKeyFile+1)), "larger"},
	} {
		ca := fileCA(writeFile(t, c.data, 0o600), nil)
		if _, err := ca.place.open(t.Context()); err == nil {
			t.Errorf("%s: opened", name)
		} else {
			wantFault(t, err, fault.Config, c.word)
		}
		if _, err := ca.Check(t.Context()); err == nil {
			t.Errorf("%s: checked", name)
		} else {
			wantFault(t, err, fault.Config, c.word)
		}
	}
}

func TestSmallRSAKey(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0") // Go makes no such key otherwise
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fileCA(writeKey(t, small, ""), nil).Check(t.Context())
	wantFault(t, err, fault.Config, "1024 bits", "2048")
}

func TestKeyFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows guards files by access lists")
	}
	t.Parallel()
	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o700: true, 0o640: false, 0o604: false, 0o620: false, 0o601: false, 0o666: false} {
		path := writeKey(t, newPrivate(t, "ed25519"), "")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := fileCA(path, nil).Check(t.Context())
		if ok != (err == nil) {
			t.Errorf("%04o: %v", mode, err)
		}
		if !ok {
			wantFault(t, err, fault.Config, "others", "chmod 600 "+path)
		}
	}
}

func TestKeyFileOfSomebodyElse(t *testing.T) {
	path := writeKey(t, newPrivate(t, "ed25519"), "")
	if err := os.Chown(path, os.Geteuid()+4321, -1); err != nil {
		t.Skip("only root can give a file away")
	}
	_, err := fileCA(path, nil).Check(t.Context())
	wantFault(t, err, fault.Config, "somebody else", "chown")
}

func TestKeyFilesThatAreNoFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := fileCA(filepath.Join(dir, "none"), nil).Check(t.Context())
	wantFault(t, err, fault.Config, "cannot be read", "ssh-keygen -t ed25519")
	if strings.Count(err.Error(), dir) != 1 {
		t.Errorf("the path is there twice: %v", err)
	}
	_, err = fileCA(dir, nil).Check(t.Context())
	wantFault(t, err, fault.Config, dir)
	_, err = NewCA(Location{}, CAOptions{}).Check(t.Context())
	wantFault(t, err, fault.Config, "names no key")
	_, err = New(Options{CA: NewCA(Location{}, CAOptions{}), Now: fixed(epoch)}).Prepare(t.Context(), sshOrder(epoch, nil))
	wantFault(t, err, fault.Config, "names no key")
}

func TestPassphrase(t *testing.T) {
	t.Parallel()
	key := newPrivate(t, "ed25519")
	path := writeKey(t, key, "right")
	var prompts []string
	answer := func(answers ...string) func(string) (credential.Secret, error) {
		return func(prompt string) (credential.Secret, error) {
			prompts = append(prompts, prompt)
			next := answers[0]
			answers = answers[1:]
			return credential.NewSecret(next), nil
		}
	}
	ca := fileCA(path, answer("wrong", "", "right"))
	health, err := ca.Check(t.Context())
	if err != nil || len(prompts) != 0 || !strings.Contains(health.Note, "passphrase") ||
		health.Fingerprint != ssh.FingerprintSHA256(sshPublic(t, key)) {
		t.Errorf("Check: %+v %v; it asked %q", health, err, prompts)
	}
	issuer := New(Options{CA: ca, Now: fixed(epoch), Random: rand.Reader})
	cred, _ := mint(t, issuer, sshOrder(epoch, nil))
	checkCert(t, certOf(t, cred), sshPublic(t, key))
	if len(prompts) != 3 || !strings.Contains(prompts[0], path) {
		t.Errorf("it asked %q", prompts)
	}
	mint(t, issuer, sshOrder(epoch, nil))
	if len(prompts) != 3 {
		t.Error("the second request asked again")
	}

	_, err = fileCA(path, answer("a", "b", "c")).place.open(t.Context())
	wantFault(t, err, fault.Issuer, "does not open")
	for _, secret := range []string{"right", "wrong"} {
		if strings.Contains(err.Error()+fault.HintOf(err), secret) {
			t.Errorf("the error shows a passphrase: %v", err)
		}
	}
}

func TestPassphraseThatNobodyGives(t *testing.T) {
	t.Parallel()
	path := writeKey(t, newPrivate(t, "ed25519"), "right")
	_, err := fileCA(path, nil).place.open(t.Context())
	wantFault(t, err, fault.Config, "nobody can be asked", "ssh-add")
	if health, err := fileCA(path, nil).Check(t.Context()); err != nil || !strings.Contains(health.Note, "nobody") {
		t.Errorf("Check: %+v %v", health, err)
	}
	fail := func(err error) func(string) (credential.Secret, error) {
		return func(string) (credential.Secret, error) { return credential.Secret{}, err }
	}
	_, err = fileCA(path, fail(errors.New("no terminal"))).place.open(t.Context())
	wantFault(t, err, fault.Usage, "not given", "no terminal")
	_, err = fileCA(path, fail(fault.New(fault.Cancelled, "the user left"))).place.open(t.Context())
	wantFault(t, err, fault.Cancelled, "the user left")
}

func TestPassphraseOfOldFormat(t *testing.T) {
	t.Parallel()
	der, err := x509.MarshalECPrivateKey(newPrivate(t, "p256").(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	block, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", der, []byte("right"), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	path := writeFile(t, pem.EncodeToMemory(block), 0o600)
	ask := func(string) (credential.Secret, error) { return credential.NewSecret("right"), nil }
	if _, err := fileCA(path, ask).place.open(t.Context()); err != nil {
		t.Error(err)
	}
	_, err = fileCA(path, ask).Check(t.Context())
	wantFault(t, err, fault.Config, "hides its public half", "ssh-keygen -p")
}

func FuzzParseKey(f *testing.F) {
	ask := credential.NewSecret("right")
	for _, kind := range []string{"ed25519", "p256", "rsa"} {
		block, err := ssh.MarshalPrivateKey(newPrivate(f, kind), "ca")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(pem.EncodeToMemory(block))
	}
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----"))
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAA=\n-----END EC PRIVATE KEY-----"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, read := range []func() (any, error){
			func() (any, error) { return parseKey(data) },
			func() (any, error) { return parseKeyWith(data, ask) },
		} {
			raw, err := read()
			if err != nil {
				continue
			}
			signer, err := newSigner(mustSigner(t, raw))
			if err != nil {
				continue
			}
			if err := checkKeyType(signer.PublicKey()); err != nil {
				t.Errorf("a signer of a refused type: %v", err)
			}
		}
	})
}

func mustSigner(t *testing.T, raw any) crypto.Signer {
	t.Helper()
	signer, ok := raw.(crypto.Signer)
	if !ok {
		t.Fatalf("%T was taken for a signer", raw)
	}
	return signer
}
