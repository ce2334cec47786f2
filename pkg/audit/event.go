package audit

import "time"

// Kind says what an event tells. The set is open: a reader must accept kinds
// that it does not know.
type Kind string

// The kinds that jit writes.
const (
	Issued  Kind = "issued"  // a credential may exist until its expiry
	Revoked Kind = "revoked" // a grant was ended early
	Denied  Kind = "denied"  // the policy said no
	Failed  Kind = "failed"  // the issuer definitely refused: no credential exists
	Unknown Kind = "unknown" // the issuer's answer was lost: a credential may exist
	Probe   Kind = "probe"   // a test of the log or of a bypass; no access was asked for
)

// Ref names a record that is durable: whose chain it is on, where, and the
// SHA-256 of its bytes in lower-case hex.
type Ref struct {
	Writer string `json:"writer"`
	Seq    uint64 `json:"seq"`
	Hash   string `json:"hash"`
}

// Person is a Jira account in a record.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"` // for people to read
}

// Reason is one condition of a decision.
type Reason struct {
	Entitlement string `json:"entitlement,omitempty"`
	Code        string `json:"code"`
	OK          bool   `json:"ok"`
	Text        string `json:"text"`
}

// Caller is the AWS identity that acted, as GetCallerIdentity tells it.
type Caller struct {
	ARN     string `json:"arn"`
	UserID  string `json:"user_id"`
	Account string `json:"account"`
}

// AWS describes an STS session in a record.
type AWS struct {
	RoleARN        string `json:"role_arn"`
	SessionName    string `json:"session_name"`
	SourceIdentity string `json:"source_identity,omitempty"`
}

// SSH describes a certificate in a record.
type SSH struct {
	KeyID       string   `json:"key_id"`
	Serial      uint64   `json:"serial,string"`
	Fingerprint string   `json:"fingerprint"` // of the certified key, SHA256:…
	CA          string   `json:"ca"`          // fingerprint of the CA's key, SHA256:…
	Principals  []string `json:"principals"`
}

// Event is one thing that happened, before it has a place on a chain.
type Event struct {
	Kind Kind
	Time time.Time // kept to the millisecond, in UTC
	// UID tells this event from every other, so that a writer whose reply was
	// lost knows its own record again. The log draws one where it is empty.
	UID         string
	Version     string // of the jit that wrote it; may be empty
	Grant       string // id; empty for a denial, which makes no grant
	Entitlement string // empty where a denial concerns several
	// Entitlements are all that a denial considered; for other kinds nil.
	Entitlements []string
	CredKind     string // "aws" or "ssh"; empty where none applies
	Ticket       string // key
	TicketID     string
	Site         string // base URL of the Jira site
	Principal    Person
	Policy       string // hash
	Reason       string // given by the user
	Reasons      []Reason
	NotBefore    time.Time
	ExpiresAt    time.Time
	Caller       *Caller // nil where nothing of AWS was used
	AWS          *AWS
	SSH          *SSH
	Error        string // for Failed and Unknown
	Of           *Ref   // the record that this one follows up, such as the issued one
	// Continues is set in the first record of WRITER.2 and its like: the last
	// good record of the chain that was spoiled. Seq 0 says that none was good.
	Continues *Ref
}
