package sshca

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/jitaccess/jit/internal/fault"
)

// sessionToken is as long as the shortest that AWS gives, about.
var sessionToken = "IQoJb3JpZ2luX2VjEJr//////////wEaCWV1LXdlc3QtMSJ" + strings.Repeat("9aB+c/D", 30) + "=="

// echoes are ways in which KMS, or a proxy before it, may repeat the token.
func echoes() map[string]string {
	return map[string]string{
		"plain":      sessionToken,
		"in a query": url.QueryEscape(sessionToken),
		"JSON":       strings.ReplaceAll(sessionToken, "/", `\/`),
		"wrapped":    strings.Join(chunks(20), "\n"),
		"CRLF":       strings.Join(chunks(20), "\r\n "),
		"zero width": strings.Join(chunks(9), "\u200b"),
		"control":    strings.Join(chunks(9), "\x7f"),
	}
}

func chunks(size int) []string {
	var list []string
	for rest := sessionToken; rest != ""; rest = rest[min(size, len(rest)):] {
		list = append(list, rest[:min(size, len(rest))])
	}
	return list
}

// A signature that does not match makes AWS show the canonical request, in
// which the session token is.
func TestKMSErrorsShowNoSecret(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"InvalidSignatureException", "SignatureDoesNotMatch", "KMSInvalidStateException", "BrandNewException"} {
		for name, echo := range echoes() {
			fake := newFakeKMS(t, "p256")
			fake.fail(&smithy.GenericAPIError{Code: code, Message: "The Canonical String should have been\n'POST\n/\n\nx-amz-security-token:" + echo + "\n'"})
			_, err := kmsIssuer(fake, nil).Prepare(t.Context(), sshOrder(epoch, nil))
			checkHidden(t, code+", "+name, err)
		}
	}
}

// Those of the services that the SDK asks for credentials, and of the network.
func TestCredentialErrorsShowNoSecret(t *testing.T) {
	t.Parallel()
	for name, echo := range echoes() {
		for kind, cause := range map[string]error{
			"service": &smithy.OperationError{ServiceID: "SSO", OperationName: "X", Err: &smithy.GenericAPIError{Code: "X", Message: echo}},
			"other":   fmt.Errorf("cannot read %s", echo),
		} {
			dial := func(_ context.Context, region string) (KMS, error) {
				return kms.New(kms.Options{
					Region: region, Retryer: aws.NopRetryer{},
					Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, cause }),
				}), nil
			}
			_, err := issuerOver(dial).Prepare(t.Context(), sshOrder(epoch, nil))
			checkHidden(t, kind+", "+name, err)
		}
		dial := func(_ context.Context, region string) (KMS, error) {
			return kms.New(kms.Options{
				Region: region, Retryer: aws.NopRetryer{}, HTTPClient: failing{fmt.Errorf("proxy says %s", echo)},
				Credentials: credentials.NewStaticCredentialsProvider("AKIAFAKE", "fake", sessionToken),
			}), nil
		}
		_, err := issuerOver(dial).Prepare(t.Context(), sshOrder(epoch, nil))
		checkHidden(t, "network, "+name, err)
	}
}

type failing struct{ err error }

// Do fails.
func (f failing) Do(*http.Request) (*http.Response, error) { return nil, f.err }

func checkHidden(t *testing.T, name string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", name)
		return
	}
	wantFault(t, err, fault.ClassOf(err))
	shown := fmt.Sprintf("%v %+v %#v %s", err, err, err, fault.HintOf(err))
	for _, part := range append(chunks(9), chunks(7)...) {
		if len(part) > 6 && strings.Contains(shown, part) {
			t.Errorf("%s: %q is in: %s", name, part, shown)
		}
	}
	if !strings.Contains(err.Error(), "[redacted]") || len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\n\x7f") {
		t.Errorf("%s: not fit to show: %s", name, err)
	}
}
