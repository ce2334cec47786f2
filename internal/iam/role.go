package iam

import (
	"slices"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/policy"
)

// Callers say who may ask for sessions.
type Callers struct {
	// ARNs are the users and roles that jit runs as, or those of their accounts.
	ARNs []string
	// PrincipalTag is the tag on their identities that holds who they are, as the log
	// writes it; "" where there is none, and then each may name anybody.
	PrincipalTag string
}

// Role is what a role must have so that only sessions of jit's get in.
type Role struct {
	ARN          string   `json:"role_arn"`
	Entitlements []string `json:"entitlements"`
	// MaxSessionDuration is the longest session that an entitlement gives, in seconds.
	MaxSessionDuration int      `json:"max_session_duration"`
	Trust              Document `json:"trust_policy"`
	// NoChaining is an inline policy for the role: from a role that its session
	// assumed, no revocation would reach back.
	NoChaining Document `json:"no_chaining_policy"`
}

// minRoleDuration is the least that a role's maximum can be (API reference of
// CreateRole, MaxSessionDuration), in seconds.
const minRoleDuration = 3600

// grantPattern is the shape of a grant's id in a pattern of IAM: 26 characters.
const grantPattern = "??????????????????????????"

// Roles are the roles of a policy's AWS entitlements, by ARN.
func Roles(ents []policy.Entitlement, callers Callers) []Role {
	byARN := map[string][]policy.Entitlement{}
	for _, e := range ents {
		if e.AWS != nil {
			byARN[e.AWS.RoleARN] = append(byARN[e.AWS.RoleARN], e)
		}
	}
	roles := make([]Role, 0, len(byARN))
	for arn, of := range byARN {
		r := Role{ARN: arn, MaxSessionDuration: minRoleDuration, NoChaining: noChaining()}
		for _, e := range of {
			r.Entitlements = append(r.Entitlements, e.Name)
			r.MaxSessionDuration = max(r.MaxSessionDuration, int(e.Lease.Max/time.Second))
			r.Trust.Statement = append(r.Trust.Statement, trust(e, callers)...)
		}
		r.Trust.Version = Version
		roles = append(roles, r)
	}
	slices.SortFunc(roles, func(a, b Role) int { return strings.Compare(a.ARN, b.ARN) })
	return roles
}

// trust lets a session in that has the name, the tags and the source identity that
// jit gives one for this entitlement.
func trust(e policy.Entitlement, callers Callers) []Statement {
	assume, tagging := tagsOf(e), tagsOf(e)
	assume["StringLike"]["sts:RoleSessionName"] = []string{"*." + grantPattern}
	if e.AWS.ExternalID != "" {
		assume["StringEquals"]["sts:ExternalId"] = []string{e.AWS.ExternalID}
	}
	if e.AWS.MFASerial != "" {
		assume["Bool"] = map[string][]string{"aws:MultiFactorAuthPresent": {"true"}}
	}
	tagging["ForAllValues:StringEquals"] = map[string][]string{"aws:TagKeys": tagKeys(e)}
	who, sid := principals(callers.ARNs), sidOf(e.Name)
	statements := []Statement{
		{Sid: "Assume" + sid, Effect: allow, Principal: who, Action: []string{"sts:AssumeRole"}, Condition: assume},
		{Sid: "Tag" + sid, Effect: allow, Principal: who, Action: []string{"sts:TagSession"}, Condition: tagging},
	}
	if e.AWS.SourceIdentity == policy.SourceIdentityInherit {
		return statements
	}
	assume["StringLike"]["sts:SourceIdentity"] = []string{"?*"}
	named := Condition{"StringLike": {"sts:SourceIdentity": {"?*"}}}
	if callers.PrincipalTag != "" {
		named = Condition{"StringEquals": {"sts:SourceIdentity": {callers.variable()}}}
	}
	return append(statements, Statement{
		Sid: "Name" + sid, Effect: allow, Principal: who, Action: []string{"sts:SetSourceIdentity"}, Condition: named,
	})
}

// tagsOf are the tags that jit gives a session for an entitlement.
func tagsOf(e policy.Entitlement) Condition {
	tags := Condition{
		"StringEquals": {"aws:RequestTag/jit:entitlement": {e.Name}},
		"StringLike": {
			"aws:RequestTag/jit:grant":  {grantPattern},
			"aws:RequestTag/jit:ticket": {"?*"},
			"aws:RequestTag/jit:policy": {strings.Repeat("?", 64)},
		},
	}
	for key, value := range e.AWS.Tags {
		tags["StringEquals"]["aws:RequestTag/"+key] = []string{value}
	}
	return tags
}

// variable stands for who the caller is.
func (c Callers) variable() string { return "${aws:PrincipalTag/" + c.PrincipalTag + "}" }

// tagKeys are all that a session for an entitlement is tagged with.
func tagKeys(e policy.Entitlement) []string {
	keys := []string{"jit:entitlement", "jit:grant", "jit:policy", "jit:principal", "jit:ticket"}
	for key := range e.AWS.Tags {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func noChaining() Document {
	return document(Statement{
		Sid: "NoChaining", Effect: deny, Action: []string{"sts:AssumeRole"}, Resource: []string{"*"},
	})
}

// sidOf is an entitlement's name in a Sid, which takes letters and digits only.
func sidOf(name string) string {
	var b strings.Builder
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("._-", r) }) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
