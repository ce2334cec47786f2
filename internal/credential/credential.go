package credential

import (
	"time"

	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/pkg/audit"
)

// Order is what an issuer is asked to mint: a grant and the entitlement that
// it unlocks. Exactly one of Entitlement.AWS and Entitlement.SSH is set, and
// agrees with Grant.Kind.
type Order struct {
	Grant       grant.Grant
	Entitlement policy.Entitlement
	// NotAfter is when the ticket's window ends; the zero time where it has none.
	// The credential must be of no use from then on, however long the issuer's
	// shortest one holds.
	NotAfter time.Time
	// MFACode is the one-time code for an entitlement with an MFA serial, or "".
	MFACode string
}

// Facts are what is known about a credential before it is minted, so that the
// audit record can be written while the issuer works.
type Facts struct {
	// Lease is the order's lease after the issuer's own caps.
	Lease grant.Lease
	// Notices are sentences for the user, such as why the lease is shorter.
	Notices []string
	// AWS and SSH describe the credential in the record; one is set.
	AWS *audit.AWS
	SSH *audit.SSH
}

// Credential is what was minted. One of AWS and SSH is set.
type Credential struct {
	AWS *AWS
	SSH *SSH
}

// AWS is an STS session.
type AWS struct {
	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    Secret
	ExpiresAt       time.Time
	RoleARN         string
	AssumedRoleARN  string // as STS returned it
	Region          string // where the entitlement or the config names one
}

// SSH is a private key with its certificate.
type SSH struct {
	PrivateKey  Secret // OpenSSH private key PEM, not encrypted
	Certificate string // one authorized_keys line: type, base64, comment
	Logins      []string
	Hosts       []string // the entitlement's host patterns, for choosing
	Serial      uint64
	KeyID       string
	ExpiresAt   time.Time
}

// Held is a grant that the wallet keeps, without its secret.
type Held struct {
	Grant  grant.Grant `json:"grant"`
	Record audit.Ref   `json:"record"`
	// Log is the address of the audit log that has the record, so that the
	// record is not looked for in another; "" where it is not known.
	Log string `json:"log,omitempty"`
	// Hosts and Logins are those of an SSH grant, so that the grant for a host
	// is found without its key.
	Hosts  []string `json:"hosts,omitempty"`
	Logins []string `json:"logins,omitempty"`
}
