package sshca

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const fakeARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"

// fakeKMS has one key, and signs with it as KMS would.
type fakeKMS struct {
	mu      sync.Mutex
	private crypto.Signer
	public  kms.GetPublicKeyOutput
	err     error // of whatever is asked next
	calls   []string
	signed  int
	region  string
	dials   int
	asked   chan struct{} // receives when GetPublicKey begins, where set
	answer  chan struct{} // holds GetPublicKey back, where set
}

// kmsSpecs are the key specs with which SSH can sign, by kind of key.
var kmsSpecs = map[string]types.KeySpec{
	"ed25519": types.KeySpecEccNistEdwards25519,
	"p256":    types.KeySpecEccNistP256,
	"p384":    types.KeySpecEccNistP384,
	"p521":    types.KeySpecEccNistP521,
	"rsa":     types.KeySpecRsa2048,
}

// algorithmsOf is what AWS documents for each spec, not what the code thinks.
var algorithmsOf = map[string][]types.SigningAlgorithmSpec{
	"ed25519": {"ED25519_SHA_512", "ED25519_PH_SHA_512"},
	"p256":    {"ECDSA_SHA_256"},
	"p384":    {"ECDSA_SHA_384"},
	"p521":    {"ECDSA_SHA_512"},
	"rsa": {
		"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
		"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
	},
}

func newFakeKMS(t testing.TB, kind string) *fakeKMS {
	t.Helper()
	f := &fakeKMS{}
	f.hold(t, kind, fakeARN)
	return f
}

// hold gives the alias a new key.
func (f *fakeKMS) hold(t testing.TB, kind, arn string) {
	t.Helper()
	private := newPrivate(t, kind)
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.private = private
	f.public = kms.GetPublicKeyOutput{
		KeyId: aws.String(arn), PublicKey: der, KeySpec: kmsSpecs[kind],
		KeyUsage: types.KeyUsageTypeSignVerify, SigningAlgorithms: algorithmsOf[kind],
	}
}

func (f *fakeKMS) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fakeKMS) count(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == op {
			n++
		}
	}
	return n
}

func (f *fakeKMS) signatures() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.signed
}

// dial is CAOptions.KMS.
func (f *fakeKMS) dial(_ context.Context, region string) (KMS, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.region = region
	f.dials++
	return f, nil
}

func (f *fakeKMS) begin(op, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, op)
	if id != "alias/jit-ssh-ca" {
		return &types.NotFoundException{Message: aws.String("Key '" + id + "' does not exist")}
	}
	return f.err
}

// GetPublicKey answers as KMS does.
func (f *fakeKMS) GetPublicKey(ctx context.Context, in *kms.GetPublicKeyInput, _ ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error) {
	if err := f.begin("GetPublicKey", *in.KeyId); err != nil {
		return nil, err
	}
	if f.asked != nil {
		f.asked <- struct{}{}
	}
	if f.answer != nil {
		select {
		case <-f.answer:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.public
	return &out, nil
}

// Sign answers as KMS does.
func (f *fakeKMS) Sign(_ context.Context, in *kms.SignInput, _ ...func(*kms.Options)) (*kms.SignOutput, error) {
	if err := f.begin("Sign", *in.KeyId); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	hash, ok := map[types.SigningAlgorithmSpec]crypto.Hash{
		"ED25519_SHA_512": 0, "ECDSA_SHA_256": crypto.SHA256, "ECDSA_SHA_384": crypto.SHA384,
		"ECDSA_SHA_512": crypto.SHA512, "RSASSA_PKCS1_V1_5_SHA_512": crypto.SHA512,
	}[in.SigningAlgorithm]
	raw := in.MessageType == types.MessageTypeRaw
	switch {
	case !ok:
		return nil, &types.InvalidKeyUsageException{Message: aws.String("algorithm")}
	case raw != (hash == 0), raw && len(in.Message) > 4096, !raw && len(in.Message) != hash.Size():
		return nil, fmt.Errorf("ValidationException: %s of %d bytes", in.MessageType, len(in.Message))
	}
	f.signed++
	sig, err := f.private.Sign(rand.Reader, in.Message, hash)
	return &kms.SignOutput{KeyId: f.public.KeyId, Signature: sig, SigningAlgorithm: in.SigningAlgorithm}, err
}

func kmsIssuer(f *fakeKMS, cache Cache) *Issuer {
	l := Location{Scheme: AWSKMS, KeyID: "alias/jit-ssh-ca", Region: "eu-west-1"}
	return New(Options{CA: NewCA(l, CAOptions{KMS: f.dial, Cache: cache}), Now: fixed(epoch), Random: rand.Reader})
}

// memory is a Cache that can fail.
type memory struct {
	mu    sync.Mutex
	kept  map[string][]byte
	store error
}

func (m *memory) Load(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if data, ok := m.kept[name]; ok {
		return data, nil
	}
	return nil, errors.New("nothing is kept")
}

func (m *memory) Store(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.store != nil {
		return m.store
	}
	if m.kept == nil {
		m.kept = map[string][]byte{}
	}
	m.kept[name] = data
	if data == nil {
		delete(m.kept, name)
	}
	return nil
}
