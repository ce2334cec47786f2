package sshsig_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/sshsig"
)

func newSigner(t testing.TB) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func keyLine(s ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey())))
}

func allow(t testing.TB, line string) []sshsig.Signer {
	t.Helper()
	s, err := sshsig.ParseSigner(line)
	if err != nil {
		t.Fatal(err)
	}
	return []sshsig.Signer{s}
}

func sign(t testing.TB, s ssh.Signer, message string) []byte {
	t.Helper()
	signature, err := sshsig.Sign(s, namespace, []byte(message))
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func TestVerifyTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	carol, bob := newSigner(t), newSigner(t)
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	good := sign(t, carol, "x")
	for name, tc := range map[string]struct {
		message   string
		signature []byte
		namespace string
		allowed   string
		want      error
	}{
		"all is well":          {"x", good, namespace, "carol " + keyLine(carol), nil},
		"a bare key":           {"x", good, namespace, keyLine(carol), nil},
		"white space around":   {"x", []byte("\n\n" + string(good) + "\n"), namespace, keyLine(carol), nil},
		"another message":      {"y", good, namespace, keyLine(carol), sshsig.ErrMismatch},
		"another namespace":    {"x", good, "jit-policy", keyLine(carol), sshsig.ErrNamespace},
		"another key":          {"x", good, namespace, keyLine(bob), sshsig.ErrNotAllowed},
		"not for the purpose":  {"x", good, namespace, `carol namespaces="git" ` + keyLine(carol), sshsig.ErrNotAllowed},
		"not yet":              {"x", good, namespace, `carol valid-after="20270101Z" ` + keyLine(carol), sshsig.ErrNotAllowed},
		"no longer":            {"x", good, namespace, `carol valid-before="20260304050607Z" ` + keyLine(carol), sshsig.ErrNotAllowed},
		"just still":           {"x", good, namespace, `carol valid-before="20260304050608Z" ` + keyLine(carol), nil},
		"nothing":              {"x", nil, namespace, keyLine(carol), sshsig.ErrMalformed},
		"cut":                  {"x", good[:len(good)/2], namespace, keyLine(carol), sshsig.ErrMalformed},
		"something before it":  {"x", append([]byte("x"), good...), namespace, keyLine(carol), sshsig.ErrMalformed},
		"two of them":          {"x", append(good, good...), namespace, keyLine(carol), sshsig.ErrMalformed},
		"no base64":            {"x", bytes.Replace(good, []byte("U1"), []byte("!!"), 1), namespace, keyLine(carol), sshsig.ErrMalformed},
		"very long":            {"x", bytes.Repeat(good, 1000), namespace, keyLine(carol), sshsig.ErrMalformed},
		"the text of a secret": {"x", pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: []byte("SSHSIG")}), namespace, keyLine(carol), sshsig.ErrMalformed},
	} {
		who, err := sshsig.Verify([]byte(tc.message), tc.signature, tc.namespace, allow(t, tc.allowed), now)
		if !errors.Is(err, tc.want) || (err == nil) != (who.Fingerprint() == ssh.FingerprintSHA256(carol.PublicKey())) {
			t.Errorf("%s: %v, %v", name, who, err)
		}
	}
}

// A key may be listed twice: for two purposes, or for two times.
func TestAnyLineOfAKeyCounts(t *testing.T) {
	t.Parallel()
	carol := newSigner(t)
	signature := sign(t, carol, "x")
	allowed, err := sshsig.ParseAllowed([]byte(`carol namespaces="git" ` + keyLine(carol) + "\n" + `carol-2 namespaces="jit-*" ` + keyLine(carol)))
	if err != nil {
		t.Fatal(err)
	}
	if who, err := sshsig.Verify([]byte("x"), signature, namespace, allowed, time.Now()); err != nil || who.Principals != "carol-2" {
		t.Errorf("%v, %v", who, err)
	}
	if _, err := sshsig.Verify([]byte("x"), signature, namespace, nil, time.Now()); !errors.Is(err, sshsig.ErrNotAllowed) {
		t.Errorf("nobody is allowed: %v", err)
	}
}

// Whatever byte of a signature is changed, it no longer holds.
func TestEveryByteOfASignatureCounts(t *testing.T) {
	t.Parallel()
	carol := newSigner(t)
	good, allowed := sign(t, carol, "x"), allow(t, keyLine(carol))
	block, _ := pem.Decode(good)
	for i := range block.Bytes {
		raw := bytes.Clone(block.Bytes)
		raw[i] ^= 1
		armored := pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: raw})
		if who, err := sshsig.Verify([]byte("x"), armored, namespace, allowed, time.Now()); err == nil {
			t.Errorf("byte %d does not count: %v", i, who)
		}
	}
}

// weak signs with RSA and SHA-1, whatever it is asked for.
type weak struct{ ssh.AlgorithmSigner }

func (w weak) SignWithAlgorithm(random io.Reader, data []byte, _ string) (*ssh.Signature, error) {
	return w.AlgorithmSigner.SignWithAlgorithm(random, data, ssh.KeyAlgoRSA)
}

func TestSHA1CountsForNothing(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	signature := sign(t, weak{signer.(ssh.AlgorithmSigner)}, "x")
	_, err = sshsig.Verify([]byte("x"), signature, namespace, allow(t, keyLine(signer)), time.Now())
	if !errors.Is(err, sshsig.ErrMismatch) || !strings.Contains(err.Error(), "SHA-1") {
		t.Error(err)
	}
}

// other signs with a key that it does not say it has.
type other struct{ ssh.Signer }

func (o other) Sign(random io.Reader, data []byte) (*ssh.Signature, error) {
	return o.Signer.Sign(random, append(data, 'x'))
}

func TestSignNoticesABadSignature(t *testing.T) {
	t.Parallel()
	if _, err := sshsig.Sign(other{newSigner(t)}, namespace, []byte("x")); err == nil {
		t.Error("a signature that does not verify was returned")
	}
	if _, err := sshsig.Sign(newSigner(t), "", []byte("x")); err == nil {
		t.Error("signed for no namespace")
	}
}

func TestACertificateIsNoKey(t *testing.T) {
	t.Parallel()
	carol := newSigner(t)
	cert := &ssh.Certificate{Key: carol.PublicKey(), CertType: ssh.UserCert, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, newSigner(t)); err != nil {
		t.Fatal(err)
	}
	certified, err := ssh.NewCertSigner(cert, carol)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := sshsig.Sign(certified, namespace, []byte("x"))
	if err == nil {
		_, err = sshsig.Verify([]byte("x"), signature, namespace, allow(t, keyLine(carol)), time.Now())
	}
	if err == nil {
		t.Error("a certificate passes for the key in it")
	}
	if _, err := sshsig.ParseSigner("carol " + keyLine(certified)); err == nil {
		t.Error("a certificate can be allowed")
	}
}

func TestParseSignerRefuses(t *testing.T) {
	t.Parallel()
	key := keyLine(newSigner(t))
	for name, line := range map[string]string{
		"nothing":             "",
		"a name alone":        "carol",
		"no key":              "carol ssh-ed25519",
		"no base64":           "carol ssh-ed25519 AAAA!",
		"another type":        "carol ssh-rsa " + strings.Fields(key)[1],
		"an authority":        "carol cert-authority " + key,
		"an unknown option":   `carol only-on="monday" ` + key,
		"an empty namespace":  `carol namespaces="" ` + key,
		"a negated namespace": `carol namespaces="*,!jit-test" ` + key,
		"a range":             `carol namespaces="jit-[a-z]" ` + key,
		"no time":             `carol valid-after="soon" ` + key,
		"a date with dashes":  `carol valid-after="2026-01-01" ` + key,
		"an open quote":       `carol namespaces="jit-test ` + key,
		"nobody":              `"" ` + key,
	} {
		if s, err := sshsig.ParseSigner(line); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if _, err := sshsig.ParseAllowed([]byte("# x\n\ncarol " + key + "\nbob nonsense\n")); err == nil || !strings.HasPrefix(err.Error(), "line 4: ") {
		t.Error(err)
	}
}

func TestSignersSayWhoTheyAre(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	key := keyLine(signer)
	for line, want := range map[string]string{
		"carol,bob " + key: "carol,bob", `"carol jones" ` + key + " laptop": "carol jones",
		key + " carol@acme.com": "carol@acme.com", key: ssh.FingerprintSHA256(signer.PublicKey()),
	} {
		if got := allow(t, line)[0].String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if s := (sshsig.Signer{}); s.String() != "" || s.Fingerprint() != "" {
		t.Errorf("nobody is %q", s)
	}
}

func FuzzVerify(f *testing.F) {
	carol := newSigner(f)
	f.Add(sign(f, carol, "x"))
	f.Add([]byte("-----BEGIN SSH SIGNATURE-----\n" + base64.StdEncoding.EncodeToString([]byte("SSHSIG\x00\x00\x00\x01")) + "\n-----END SSH SIGNATURE-----\n"))
	allowed := allow(f, keyLine(newSigner(f)))
	f.Fuzz(func(t *testing.T, signature []byte) {
		if who, err := sshsig.Verify([]byte("x"), signature, namespace, allowed, time.Time{}); err == nil {
			t.Fatalf("somebody else's signature is %v's", who)
		}
	})
}

func FuzzParseSigner(f *testing.F) {
	key := keyLine(newSigner(f))
	for _, line := range []string{key, "carol " + key, `carol namespaces="a,b",valid-after="20260101" ` + key, `"a b" ` + key} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s, err := sshsig.ParseSigner(line)
		if err == nil && (s.Fingerprint() == "" || s.String() == "") {
			t.Fatalf("%q is %+v", line, s)
		}
	})
}
