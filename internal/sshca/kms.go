package sshca

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/fault"
)

// KMS is the part of the AWS client that is used here.
type KMS interface {
	GetPublicKey(context.Context, *kms.GetPublicKeyInput, ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error)
	Sign(context.Context, *kms.SignInput, ...func(*kms.Options)) (*kms.SignOutput, error)
}

// kmsTimeout bounds a call, retries included: the SDK itself waits for ever.
const kmsTimeout = 20 * time.Second

// maxRawMessage is what KMS signs at most without a digest, which is how it
// signs with Ed25519, in bytes
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html).
const maxRawMessage = 4096

// kmsPlace is a CA's key that AWS KMS holds.
type kmsPlace struct {
	location Location
	dial     func(ctx context.Context, region string) (KMS, error)
	cache    Cache

	dialing sync.Mutex // held while the client is made

	mu     sync.Mutex
	client KMS
	fresh  *kmsPublic    // as KMS told this process
	flight chan struct{} // closed when the call under way has ended; nil for none
	notice string
}

// kmsPublic is the public half of a key, as the cache keeps it.
type kmsPublic struct {
	ARN  string `json:"arn"` // of the key, which an alias points at
	Spec string `json:"spec"`
	DER  []byte `json:"public_key"` // SubjectPublicKeyInfo

	public  crypto.PublicKey
	sshKey  ssh.PublicKey
	signing kmsSigning
}

// read derives the key from what the cache or KMS said.
func (p *kmsPublic) read() error {
	signing, ok := signingOf(p.Spec)
	if !ok {
		return fault.New(fault.Config, "the CA's key in KMS has the spec %s, with which SSH cannot sign", p.Spec).WithHint(kmsKeyHint)
	}
	public, err := x509.ParsePKIXPublicKey(p.DER)
	if err != nil {
		return fault.Wrap(fault.Issuer, err, "KMS sent a public key that does not parse")
	}
	sshKey, err := ssh.NewPublicKey(public)
	if err != nil {
		return fault.Wrap(fault.Issuer, err, "KMS sent a public key that SSH does not know")
	}
	if sshKey.Type() != signing.sshType {
		return fault.New(fault.Issuer, "KMS sent a public key of type %s for a key of spec %s", sshKey.Type(), p.Spec)
	}
	p.public, p.sshKey, p.signing = public, sshKey, signing
	return checkKeyType(sshKey)
}

func (p *kmsPlace) open(ctx context.Context) (*key, error) {
	public, err := p.public(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	k := &key{
		public:   public.sshKey,
		bind:     func(ctx context.Context) (ssh.Signer, error) { return newSigner(&kmsSigner{ctx, p, public}) },
		distrust: func() error { return p.forget(public) },
		notice:   p.notice,
	}
	if public.signing.raw {
		k.maxBody = maxRawMessage
	}
	p.notice = ""
	return k, nil
}

func (p *kmsPlace) inspect(ctx context.Context) (ssh.PublicKey, string, error) {
	public, err := p.fetch(ctx)
	if err != nil {
		return nil, "", err
	}
	return public.sshKey, "", nil
}

// warm opens the connection by asking for the public key, and so also learns
// whether an alias has moved since it was cached.
func (p *kmsPlace) warm(ctx context.Context) {
	_, _ = p.shared(ctx) // an error shows in the call that needs the key
}

// public returns the public key as KMS told this process, else from the cache,
// else from KMS.
func (p *kmsPlace) public(ctx context.Context) (*kmsPublic, error) {
	p.mu.Lock()
	fresh := p.fresh
	p.mu.Unlock()
	if fresh != nil {
		return fresh, nil
	}
	if cached := p.cached(); cached != nil {
		return cached, nil
	}
	return p.shared(ctx)
}

// shared fetches the public key unless another call is about to.
func (p *kmsPlace) shared(ctx context.Context) (*kmsPublic, error) {
	for {
		p.mu.Lock()
		fresh, flight := p.fresh, p.flight
		if fresh == nil && flight == nil {
			p.flight = make(chan struct{})
		}
		p.mu.Unlock()
		switch {
		case fresh != nil:
			return fresh, nil
		case flight == nil:
			return p.land(ctx)
		}
		select {
		case <-flight: // where it failed, it may have been for the other's context
		case <-ctx.Done():
			return nil, stopped(context.Cause(ctx))
		}
	}
}

func (p *kmsPlace) land(ctx context.Context) (*kmsPublic, error) {
	defer func() {
		p.mu.Lock()
		close(p.flight)
		p.flight = nil
		p.mu.Unlock()
	}()
	return p.fetch(ctx)
}

// fetch asks KMS and keeps what it says.
func (p *kmsPlace) fetch(ctx context.Context) (*kmsPublic, error) {
	ctx, cancel := context.WithTimeout(ctx, kmsTimeout)
	defer cancel()
	client, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	var sent sending
	out, err := client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &p.location.KeyID}, sent.watch)
	if err != nil {
		return nil, explain(ctx, err, &sent, "kms:GetPublicKey", p.location)
	}
	public, err := readPublic(out)
	if err != nil {
		return nil, err
	}
	cacheErr := p.store(public)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fresh = public
	if cacheErr != nil {
		p.notice = fmt.Sprintf("the CA's public key was not cached, so each request asks KMS for it: %v", cacheErr)
	}
	return public, nil
}

// connect makes the client at most once.
func (p *kmsPlace) connect(ctx context.Context) (KMS, error) {
	if p.dial == nil {
		return nil, fault.New(fault.Config, "the CA's key is in KMS, and no AWS client is configured")
	}
	p.dialing.Lock()
	defer p.dialing.Unlock()
	p.mu.Lock()
	client := p.client
	p.mu.Unlock()
	if client != nil {
		return client, nil
	}
	client, err := p.dial(ctx, p.location.Region)
	if err != nil {
		return nil, asIssuer(err, "the AWS client for the CA's key could not be made")
	}
	p.mu.Lock()
	p.client = client
	p.mu.Unlock()
	return client, nil
}

// cacheName is the file of a location; the same alias in another region is
// another key.
func (p *kmsPlace) cacheName() string {
	sum := sha256.Sum256([]byte(p.location.String()))
	return "ssh-ca-" + hex.EncodeToString(sum[:8]) + ".json"
}

// cached returns what an earlier process was told, or nil. Whatever is wrong
// with the entry, KMS is asked instead.
func (p *kmsPlace) cached() *kmsPublic {
	if p.cache == nil {
		return nil
	}
	data, err := p.cache.Load(p.cacheName())
	if err != nil {
		return nil
	}
	var public kmsPublic
	if json.Unmarshal(data, &public) != nil || public.read() != nil {
		return nil
	}
	return &public
}

func (p *kmsPlace) store(public *kmsPublic) error {
	if p.cache == nil {
		return nil
	}
	data, err := json.Marshal(public)
	if err != nil {
		return err
	}
	return p.cache.Store(p.cacheName(), data)
}

// forget drops a public key that a signature did not verify with.
func (p *kmsPlace) forget(public *kmsPublic) error {
	p.mu.Lock()
	if p.fresh == public {
		p.fresh = nil
	}
	p.mu.Unlock()
	if p.cache == nil {
		return nil
	}
	return p.cache.Store(p.cacheName(), nil)
}
