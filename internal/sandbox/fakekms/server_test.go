package fakekms_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/jitaccess/jit/internal/sandbox/fakekms"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

func newClient(t *testing.T) (*fakekms.Server, *kms.Client) {
	t.Helper()
	keys := sigv4.NewKeyring()
	key := keys.NewUserKey("111122223333", "ada")
	server := fakekms.New(keys, "111122223333", "eu-west-1", time.Now)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	return server, kms.New(kms.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(web.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key.ID, key.Secret, ""),
	})
}

func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return "no code"
}

func publicKey(t *testing.T, client *kms.Client, name string) (crypto.PublicKey, *kms.GetPublicKeyOutput) {
	t.Helper()
	out, err := client.GetPublicKey(context.Background(), &kms.GetPublicKeyInput{KeyId: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.ParsePKIXPublicKey(out.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pub, out
}

func TestEd25519(t *testing.T) {
	t.Parallel()
	server, client := newClient(t)
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	arn, err := server.Add("alias/jit-ssh-ca", private)
	if err != nil {
		t.Fatal(err)
	}
	pub, out := publicKey(t, client, "alias/jit-ssh-ca")
	if out.KeySpec != types.KeySpecEccNistEdwards25519 || *out.KeyId != arn {
		t.Errorf("key is %s %s", out.KeySpec, *out.KeyId)
	}
	in := &kms.SignInput{
		KeyId: aws.String(arn), Message: []byte("certificate body"), MessageType: types.MessageTypeRaw,
		SigningAlgorithm: out.SigningAlgorithms[0],
	}
	sig, err := client.Sign(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(pub.(ed25519.PublicKey), in.Message, sig.Signature) {
		t.Error("the signature does not verify")
	}
	in.MessageType = types.MessageTypeDigest
	if _, err := client.Sign(context.Background(), in); code(err) != "ValidationException" {
		t.Errorf("a digest: %v", err)
	}
}

func TestP256(t *testing.T) {
	t.Parallel()
	server, client := newClient(t)
	private, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	arn, err := server.Add("", private)
	if err != nil {
		t.Fatal(err)
	}
	pub, out := publicKey(t, client, arn)
	sum := sha256.Sum256([]byte("certificate body"))
	for kind, message := range map[types.MessageType][]byte{
		types.MessageTypeRaw: []byte("certificate body"), types.MessageTypeDigest: sum[:],
	} {
		sig, err := client.Sign(context.Background(), &kms.SignInput{
			KeyId: aws.String(arn), Message: message, MessageType: kind, SigningAlgorithm: out.SigningAlgorithms[0],
		})
		if err != nil {
			t.Fatal(err)
		}
		if !ecdsa.VerifyASN1(pub.(*ecdsa.PublicKey), sum[:], sig.Signature) {
			t.Errorf("%s: the signature does not verify", kind)
		}
	}
	_, err = client.Sign(context.Background(), &kms.SignInput{
		KeyId: aws.String(arn), Message: []byte("short"), MessageType: types.MessageTypeDigest, SigningAlgorithm: out.SigningAlgorithms[0],
	})
	if code(err) != "ValidationException" {
		t.Errorf("a short digest: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	server, client := newClient(t)
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	arn, err := server.Add("alias/ca", private)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(name string, message []byte, algorithm types.SigningAlgorithmSpec) error {
		_, err := client.Sign(context.Background(), &kms.SignInput{
			KeyId: aws.String(name), Message: message, MessageType: types.MessageTypeRaw, SigningAlgorithm: algorithm,
		})
		return err
	}
	if got := code(sign("alias/none", []byte("x"), "ED25519_SHA_512")); got != "NotFoundException" {
		t.Errorf("a missing alias: %s", got)
	}
	if got := code(sign("no-key", []byte("x"), "ED25519_SHA_512")); got != "NotFoundException" {
		t.Errorf("a missing key: %s", got)
	}
	if got := code(sign(arn, []byte("x"), types.SigningAlgorithmSpecEcdsaSha256)); got != "InvalidKeyUsageException" {
		t.Errorf("another algorithm: %s", got)
	}
	if got := code(sign(arn, make([]byte, 4097), "ED25519_SHA_512")); got != "ValidationException" {
		t.Errorf("a long message: %s", got)
	}
	if err := server.SetEnabled("alias/ca", false); err != nil {
		t.Fatal(err)
	}
	if got := code(sign(arn, []byte("x"), "ED25519_SHA_512")); got != "DisabledException" {
		t.Errorf("a disabled key: %s", got)
	}
	_, err = client.ListKeys(context.Background(), &kms.ListKeysInput{})
	if got := code(err); got != "NotFoundException" {
		t.Errorf("another operation: %s", got)
	}
	_, err = client.GetPublicKey(context.Background(), &kms.GetPublicKeyInput{KeyId: aws.String(arn)}, func(o *kms.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("AKIAUNKNOWN", "s", "")
	})
	if got := code(err); got != "UnrecognizedClientException" {
		t.Errorf("a stranger: %s", got)
	}
	want := []string{"Sign", "Sign", "Sign", "Sign", "Sign", "ListKeys", "GetPublicKey"}
	if got := server.Calls(); !slices.Equal(got, want) {
		t.Errorf("calls are %v", got)
	}
}

func TestOtherKeys(t *testing.T) {
	t.Parallel()
	server, _ := newClient(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err == nil {
		if _, err := server.Add("", rsaKey); err == nil {
			t.Error("an RSA key was taken")
		}
	}
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if _, err := server.Add("", p384); err == nil {
		t.Error("a P-384 key was taken")
	}
	if err := server.SetEnabled("none", true); err == nil {
		t.Error("a missing key was enabled")
	}
}
