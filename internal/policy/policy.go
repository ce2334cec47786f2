// Package policy says which entitlements a ticket unlocks. Reading and
// compiling a policy find every mistake at once; Decide is pure, with no clock
// and no I/O, and gives every reason.
package policy

import (
	"time"

	"github.com/jitaccess/jit/internal/ticket"
)

// Policy is a compiled policy.
type Policy struct {
	// Hash is the SHA-256, in lower-case hex, over the names and contents of
	// all files that make up the policy, those that entitlements refer to
	// included. Whoever has verified a signed manifest of it puts the manifest's in
	// its place.
	Hash string
	// Files are the paths that were read, sorted.
	Files []string

	sums         []FileSum
	entitlements []*compiled // sorted by name
}

// Any, alone in a list of projects or states, says "any" on purpose.
const Any = "*"

// Entitlement is one named thing that the policy can unlock. Exactly one of
// AWS and SSH is set.
type Entitlement struct {
	Name        string
	Description string
	Ticket      Conditions
	When        string // CEL source, or ""
	Lease       Lease
	Limits      Limits
	AWS         *AWS
	SSH         *SSH
}

// Conditions are what must hold of the ticket; all of them must.
type Conditions struct {
	Projects         []string // keys, or ["*"]
	Types            []string // issue type ids or names
	Statuses         []string // ids or untranslated names, or ["*"]
	StatusCategories []string // category keys, or ["*"]
	Labels           []string // any of
	Components       []string // any of
	Assigned         bool     // to the principal
	Provenance       Provenance
	Window           *Window    // nil: at any time
	Approvals        *Approvals // nil: none
	Linked           *Linked    // nil: to nothing
}

// Lease limits how long a grant may be.
type Lease struct {
	Default time.Duration
	Max     time.Duration
}

// SourceIdentityInherit, as AWS.SourceIdentity, leaves the source identity out
// of the call because the base session already has one, which cannot change.
const SourceIdentityInherit = "inherit"

// AWS is a role and how it is assumed.
type AWS struct {
	RoleARN        string
	SessionPolicy  string            // inline JSON, whether given inline or by file; "" for none
	PolicyARNs     []string          // managed session policies, at most 10
	Tags           map[string]string // session tags beside jit's own; never "jit:…"
	ExternalID     string
	MFASerial      string
	SourceIdentity string // "" or SourceIdentityInherit
	Region         string
}

// PrincipalsScoped, as SSH.Principals, puts ENTITLEMENT:LOGIN in the
// certificate instead of LOGIN.
const PrincipalsScoped = "scoped"

// SSH is a set of logins and what a certificate allows.
type SSH struct {
	Logins          []string
	Extensions      []string // such as permit-pty
	SourceAddresses []string // CIDR
	ForceCommand    string
	Hosts           []string // glob patterns: they select, they do not enforce
	Principals      string   // "" or PrincipalsScoped
}

// Input is everything that a decision depends on.
type Input struct {
	Ticket    ticket.Ticket
	Principal ticket.Principal
	// StatusIDs resolves names of statuses to ids, for a ticket whose status
	// came without its untranslated name; nil where it was not needed. More
	// than one id for a name that a policy uses refuses.
	StatusIDs map[string][]string
	// AuthorGroups are the names of the Jira groups of those whom Authors names,
	// by their ids. Who is not in it is in no group that counts.
	AuthorGroups map[string][]string
	// Earlier are the principal's grants since the time that Since names, in any
	// order; nil where they are not known.
	Earlier []Earlier
	// Renewing is the grant that the new one takes the place of, "" for none.
	Renewing string
	// TTL is the lease asked for; zero takes each entitlement's default.
	TTL    time.Duration
	Reason string
	At     time.Time
}

// Reason is one condition of an entitlement and how it came out.
type Reason struct {
	Code string `json:"code"` // stable, such as "status" or "assignee"
	OK   bool   `json:"ok"`
	Text string `json:"text"`           // a sentence without a full stop
	Hint string `json:"hint,omitempty"` // what would change the outcome
}

// Decision is allow or deny for one entitlement, with every reason.
type Decision struct {
	Entitlement string        `json:"entitlement"`
	Allowed     bool          `json:"allowed"`
	Reasons     []Reason      `json:"reasons"`
	TTL         time.Duration `json:"-"` // of the lease, when allowed
	// NotAfter is when the window ends, which the lease must not outlive; the zero
	// time where there is no window.
	NotAfter time.Time `json:"-"`
}

// Needs is what must be asked of Jira before Decide can answer.
type Needs struct {
	Fields      []ticket.Field // sorted, without repeats; always project, status, assignee and summary; id and key come unasked
	Groups      bool           // an expression names principal.groups
	StatusNames []string       // statuses named by name instead of id
}
