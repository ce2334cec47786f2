package sshca

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

func TestKMSRefusals(t *testing.T) {
	t.Parallel()
	api := func(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }
	said := aws.String("as AWS said")
	for _, c := range []struct {
		err   error
		class fault.Class
		words []string
	}{
		{api("AccessDeniedException", "User: arn:x is not authorized"), fault.Issuer, []string{"does not allow", "kms:Sign", "arn:x", "key's policy"}},
		{&types.NotFoundException{Message: said}, fault.Issuer, []string{"no key alias/jit-ssh-ca", "region"}},
		{&types.DisabledException{Message: said}, fault.Issuer, []string{"disabled", "enable it"}},
		{&types.InvalidKeyUsageException{Message: said}, fault.Issuer, []string{"SIGN_VERIFY"}},
		{&types.UnsupportedOperationException{Message: said}, fault.Issuer, []string{"SIGN_VERIFY"}},
		{&types.KMSInvalidStateException{Message: aws.String(fakeARN + " is pending deletion.")}, fault.Issuer, []string{"about to be deleted", "cancel the deletion"}},
		{&types.KMSInvalidStateException{Message: aws.String(fakeARN + " is pending import.")}, fault.Issuer, []string{"state", "describe-key"}},
		{api("ThrottlingException", "Rate exceeded"), fault.Issuer, []string{"quota", "moment"}},
		{&types.LimitExceededException{Message: said}, fault.Issuer, []string{"quota"}},
		{&types.KeyUnavailableException{Message: said}, fault.Issuer, []string{"trouble"}},
		{api("ValidationException", "1 validation error"), fault.Issuer, []string{"awskms:///alias/NAME"}},
		{&types.InvalidArnException{Message: said}, fault.Issuer, []string{"awskms:///alias/NAME"}},
		{api("ExpiredTokenException", "expired"), fault.Auth, []string{"credentials", "sign in"}},
		{api("UnrecognizedClientException", "invalid"), fault.Auth, []string{"credentials"}},
		{api("InvalidSignatureException", "Signature expired"), fault.Auth, []string{"clock"}},
		{api("BrandNewException", "of next year"), fault.Issuer, []string{"BrandNewException", "of next year"}},
		{api("X", "\x1b[2J\nboo"), fault.Issuer, []string{"boo"}},
	} {
		fake := newFakeKMS(t, "p256")
		issuer := kmsIssuer(fake, nil)
		m, err := issuer.Prepare(t.Context(), sshOrder(epoch, nil))
		if err != nil {
			t.Fatal(err)
		}
		fake.fail(c.err)
		_, err = m.Mint(t.Context())
		if credential.IsUnknown(err) {
			t.Errorf("%v came out as unknown", c.err)
		}
		wantFault(t, err, c.class, c.words...)
		if strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("the error would be obeyed by a terminal: %q", err)
		}
		_, err = kmsIssuer(fake, nil).Prepare(t.Context(), sshOrder(epoch, nil))
		wantFault(t, err, c.class)
	}
}

func TestKMSTroubleOfItsOwnIsUnknown(t *testing.T) {
	t.Parallel()
	for _, trouble := range []error{&types.KMSInternalException{}, &types.DependencyTimeoutException{}} {
		fake := newFakeKMS(t, "p256")
		m, err := kmsIssuer(fake, nil).Prepare(t.Context(), sshOrder(epoch, nil))
		if err != nil {
			t.Fatal(err)
		}
		fake.fail(trouble)
		if _, err = m.Mint(t.Context()); !credential.IsUnknown(err) {
			t.Errorf("%v: %v", trouble, err)
		}
		wantFault(t, err, fault.Issuer)
	}
}

// kmsServer is a KMS behind the real client; handle answers Sign in its place.
func kmsServer(t *testing.T, f *fakeKMS, handle http.HandlerFunc) (*httptest.Server, func(context.Context, string) (KMS, error)) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".Sign") && handle != nil {
			handle(w, r)
			return
		}
		answerKMS(w, r, f)
	}))
	t.Cleanup(server.Close)
	return server, dialKMS(server.URL, nil)
}

func answerKMS(w http.ResponseWriter, r *http.Request, f *fakeKMS) {
	var in struct {
		KeyID            string `json:"KeyId"`
		Message          []byte
		MessageType      types.MessageType
		SigningAlgorithm types.SigningAlgorithmSpec
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		panic(err)
	}
	var out any
	var err error
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".Sign") {
		var signed *kms.SignOutput
		signed, err = f.Sign(r.Context(), &kms.SignInput{KeyId: &in.KeyID, Message: in.Message, MessageType: in.MessageType, SigningAlgorithm: in.SigningAlgorithm})
		if err == nil {
			out = map[string]any{"KeyId": signed.KeyId, "Signature": signed.Signature, "SigningAlgorithm": signed.SigningAlgorithm}
		}
	} else {
		var public *kms.GetPublicKeyOutput
		public, err = f.GetPublicKey(r.Context(), &kms.GetPublicKeyInput{KeyId: &in.KeyID})
		if err == nil {
			out = map[string]any{
				"KeyId": public.KeyId, "PublicKey": public.PublicKey, "KeySpec": public.KeySpec,
				"KeyUsage": public.KeyUsage, "SigningAlgorithms": public.SigningAlgorithms,
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"__type": api.ErrorCode(), "message": api.ErrorMessage()}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func dialKMS(url string, client kms.HTTPClient) func(context.Context, string) (KMS, error) {
	return func(_ context.Context, region string) (KMS, error) {
		return kms.New(kms.Options{
			Region: region, BaseEndpoint: &url, HTTPClient: client,
			Credentials: credentials.NewStaticCredentialsProvider("AKIAFAKE", "fake", ""),
			Retryer:     aws.NopRetryer{},
		}), nil
	}
}

func issuerOver(dial func(context.Context, string) (KMS, error)) *Issuer {
	l := Location{Scheme: AWSKMS, KeyID: "alias/jit-ssh-ca", Region: "eu-west-1"}
	return New(Options{CA: NewCA(l, CAOptions{KMS: dial}), Now: fixed(epoch), Random: zeroes{}})
}

// zeroes is a source of ones, which is random enough for a test.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 1
	}
	return len(p), nil
}

func TestKMSOverHTTP(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "p521"} {
		fake := newFakeKMS(t, kind)
		_, dial := kmsServer(t, fake, nil)
		cred, _ := mint(t, issuerOver(dial), sshOrder(epoch, nil))
		checkCert(t, certOf(t, cred), sshPublic(t, fake.private))
	}
}

func TestKMSAnswersThatAreLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handle  http.HandlerFunc
		unknown bool
		word    string
	}{
		"closed": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true, "did not answer"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"Signature":`)
			panic(http.ErrAbortHandler)
		}, true, "did not answer"},
		"not JSON":      {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, true, "did not answer"},
		"bad gateway":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, true, "UnknownError"},
		"out of memory": {refusal500, true, "trouble"},
		"refused": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"DisabledException","message":"it is disabled"}`)
		}, false, "enable it"},
		"wrong signature": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"Signature":"AAAA"}`)
		}, false, ""},
		"no signature": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }, false, ""},
	} {
		for _, kind := range []string{"ed25519", "p256"} {
			_, dial := kmsServer(t, newFakeKMS(t, kind), c.handle)
			m, err := issuerOver(dial).Prepare(t.Context(), sshOrder(epoch, nil))
			if err != nil {
				t.Fatal(err)
			}
			cred, err := m.Mint(t.Context())
			if cred.SSH != nil || credential.IsUnknown(err) != c.unknown {
				t.Errorf("%s: %v, unknown %t", name, err, credential.IsUnknown(err))
			}
			wantFault(t, err, fault.Issuer, c.word)
		}
	}
}

func refusal500(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w, `{"__type":"KMSInternalException","message":"try again"}`)
}

// A first try whose answer was lost leaves it open whether there is a
// signature, whatever the second is told.
func TestKMSLostThenRefusedIsUnknown(t *testing.T) {
	t.Parallel()
	tries := 0
	server, _ := kmsServer(t, newFakeKMS(t, "p256"), func(w http.ResponseWriter, _ *http.Request) {
		if tries++; tries == 1 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"DisabledException","message":"it is disabled"}`)
	})
	dial := func(_ context.Context, region string) (KMS, error) {
		return kms.New(kms.Options{
			Region: region, BaseEndpoint: &server.URL,
			Credentials: credentials.NewStaticCredentialsProvider("AKIAFAKE", "fake", ""),
			Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			}),
		}), nil
	}
	m, err := issuerOver(dial).Prepare(t.Context(), sshOrder(epoch, nil))
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Mint(t.Context())
	if !credential.IsUnknown(err) || tries != 2 {
		t.Errorf("after %d tries: %v", tries, err)
	}
	wantFault(t, err, fault.Issuer, "disabled")
}

func TestKMSCancelledWhileItSigns(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, dial := kmsServer(t, newFakeKMS(t, "p256"), func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see the client go
		cancel()
		<-r.Context().Done()
	})
	m, err := issuerOver(dial).Prepare(t.Context(), sshOrder(epoch, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = m.Mint(ctx); !credential.IsUnknown(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want unknown and cancelled", err)
	}
	if _, err = m.Mint(ctx); credential.IsUnknown(err) {
		t.Errorf("nothing was asked, and it is unknown: %v", err)
	} else {
		wantFault(t, err, fault.Cancelled)
	}
}

func TestKMSThatIsNotReached(t *testing.T) {
	t.Parallel()
	server, _ := kmsServer(t, newFakeKMS(t, "p256"), nil)
	// Without a connection that is kept: on one, the request would be lost.
	oneShot := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	m, err := issuerOver(dialKMS(server.URL, oneShot)).Prepare(t.Context(), sshOrder(epoch, nil))
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	_, err = m.Mint(t.Context())
	wantFault(t, err, fault.Issuer, "cannot be reached", "network")
	if credential.IsUnknown(err) {
		t.Errorf("nothing was sent, and it is unknown: %v", err)
	}

	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}}
	_, err = issuerOver(dialKMS(secure.URL, client)).Prepare(t.Context(), sshOrder(epoch, nil))
	wantFault(t, err, fault.Issuer, "cannot be reached", "certificate")
}

func TestKMSWithoutCredentials(t *testing.T) {
	t.Parallel()
	fake := newFakeKMS(t, "p256")
	server, _ := kmsServer(t, fake, nil)
	signedOut := false
	dial := func(_ context.Context, region string) (KMS, error) {
		good := credentials.NewStaticCredentialsProvider("AKIAFAKE", "fake", "")
		return kms.New(kms.Options{
			Region: region, BaseEndpoint: &server.URL,
			Credentials: aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
				if signedOut {
					return aws.Credentials{}, &smithy.OperationError{
						ServiceID: "SSO", OperationName: "GetRoleCredentials",
						Err: &smithy.GenericAPIError{Code: "UnauthorizedException", Message: "Session token not found or invalid"},
					}
				}
				return good.Retrieve(ctx)
			}),
		}), nil
	}
	m, err := issuerOver(dial).Prepare(t.Context(), sshOrder(epoch, nil))
	if err != nil {
		t.Fatal(err)
	}
	signedOut = true
	_, err = m.Mint(t.Context())
	wantFault(t, err, fault.Auth, "no AWS credentials", "Session token not found", "aws sso login")
	if credential.IsUnknown(err) || fake.count("Sign") != 0 {
		t.Errorf("KMS was asked %d times: %v", fake.count("Sign"), err)
	}
	_, err = issuerOver(dial).Prepare(t.Context(), sshOrder(epoch, nil))
	wantFault(t, err, fault.Auth, "no AWS credentials")
}
