package awssts

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// baseCredentials says in a sentence why the SDK has no credentials for us,
// whichever client asks.
type baseCredentials struct {
	inner   aws.CredentialsProvider
	profile string
}

// Retrieve returns the SDK's credentials, or a fault.Error, mostly of class
// Auth, that never repeats what a credential process printed.
func (b *baseCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := b.inner.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, credentialsFault(ctx, err, b.profile)
	}
	return creds, nil
}

// String keeps %v and %+v from walking into the cache of credentials.
func (b *baseCredentials) String() string { return "AWS credentials of profile " + b.profile }

// GoString does the same for %#v.
func (b *baseCredentials) GoString() string { return b.String() }
