package sshca

import (
	"crypto"
	"encoding/json"
	"io"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
)

// oddKey is a public key of a type that is not for a CA.
type oddKey struct {
	ssh.PublicKey
	kind string
}

func (k oddKey) Type() string { return k.kind }

func TestKeyTypesOfACA(t *testing.T) {
	t.Parallel()
	plain := sshPublic(t, newPrivate(t, "ed25519"))
	for _, kind := range []string{"ed25519", "p256", "p384", "p521", "rsa"} {
		if err := checkKeyType(sshPublic(t, newPrivate(t, kind))); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, kind := range []string{ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256} {
		if err := checkKeyType(oddKey{plain, kind}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, kind := range []string{ssh.InsecureKeyAlgoDSA, ssh.KeyAlgoMLDSA65, "ssh-next-year"} {
		wantFault(t, checkKeyType(oddKey{plain, kind}), fault.Config, kind, "ssh-keygen")
	}
	wantFault(t, checkKeyType(oddKey{plain, ssh.KeyAlgoRSA}), fault.Config, "0 bits") // whose size it hides
	wantFault(t, checkKeyType(&ssh.Certificate{Key: plain}), fault.Config, "itself a certificate")
}

func TestSignersOfUnknownKeys(t *testing.T) {
	t.Parallel()
	_, err := newSigner(nobody{})
	wantFault(t, err, fault.Config, "SSH does not know")
}

// nobody signs with a key that has no public half.
type nobody struct{}

func (nobody) Public() crypto.PublicKey { return nil }

func (nobody) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }

func FuzzCachedKey(f *testing.F) {
	for kind, spec := range kmsSpecs {
		if kind == "rsa" {
			continue // slow to make, and read by the same code
		}
		fake := newFakeKMS(f, kind)
		data, err := json.Marshal(kmsPublic{ARN: fakeARN, Spec: string(spec), DER: fake.public.PublicKey})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"spec":"RSA_2048","public_key":"MAA="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		place := &kmsPlace{location: Location{Scheme: AWSKMS, KeyID: "alias/x"}, cache: &memory{}}
		if err := place.cache.Store(place.cacheName(), data); err != nil {
			t.Fatal(err)
		}
		public := place.cached()
		if public == nil {
			return
		}
		if signing, ok := signingOf(public.Spec); !ok || public.sshKey.Type() != signing.sshType {
			t.Errorf("%s was taken with a key of type %s", public.Spec, public.sshKey.Type())
		}
		if err := checkKeyType(public.sshKey); err != nil {
			t.Error(err)
		}
	})
}
