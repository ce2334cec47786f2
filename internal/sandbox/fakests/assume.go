package fakests

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// The limits of a session's length.
const (
	shortest  = 15 * time.Minute
	longest   = 12 * time.Hour
	ordinary  = time.Hour // the default, and the most for a chained role
	chainMost = time.Hour
)

// assumeRole checks everything in the order in which AWS reports it: the shape
// of the parameters, then trust, then the limits of the role.
func (s *Server) assumeRole(who sigv4.Identity, form url.Values) (any, error) {
	p, err := parseParams(form)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	role, ok := s.roles[p.roleARN]
	if !ok || !role.trusts(who) {
		return nil, denied(who, "sts:AssumeRole", p.roleARN)
	}
	if err := role.admit(who, p); err != nil {
		return nil, err
	}
	if err := role.limit(who, p); err != nil {
		return nil, err
	}
	session := s.mint(who, role, p)
	s.sessions = append(s.sessions, session)
	return reply(session, p.packed), nil
}

func denied(who sigv4.Identity, action, resource string) *apiError {
	return errorf(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: %s on resource: %s",
		who.ARN, action, resource)
}

func (r Role) trusts(who sigv4.Identity) bool {
	if len(r.Trusted) == 0 {
		return account(r.ARN) == who.Account
	}
	return slices.Contains(r.Trusted, who.ARN) || slices.Contains(r.Trusted, roleOf(who.ARN))
}

// admit holds the request against the role's trust policy.
func (r Role) admit(who sigv4.Identity, p params) error {
	switch {
	case r.ExternalID != "" && r.ExternalID != p.externalID:
		return denied(who, "sts:AssumeRole", r.ARN)
	case r.MFASerial != "" && p.mfaSerial == "":
		return denied(who, "sts:AssumeRole", r.ARN)
	case r.MFASerial != "" && (p.mfaSerial != r.MFASerial || p.mfaCode != r.MFACode):
		return errorf(http.StatusForbidden, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	case len(p.tags) > 0 && r.DenyTags:
		return denied(who, "sts:TagSession", r.ARN)
	case p.sourceIdentity != "" && r.DenySourceIdentity:
		return denied(who, "sts:SetSourceIdentity", r.ARN)
	case p.sourceIdentity != "" && who.SourceIdentity != "" && p.sourceIdentity != who.SourceIdentity:
		return denied(who, "sts:SetSourceIdentity", r.ARN)
	}
	return nil
}

// limit holds the length asked for against the role's and against chaining's.
func (r Role) limit(who sigv4.Identity, p params) error {
	most := r.MaxSession
	if most == 0 {
		most = ordinary
	}
	switch {
	case who.Assumed && p.duration > chainMost:
		return errorf(http.StatusBadRequest, "ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	case p.duration > most:
		return errorf(http.StatusBadRequest, "ValidationError",
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

func (s *Server) mint(who sigv4.Identity, role Role, p params) Session {
	source := p.sourceIdentity
	if source == "" {
		source = who.SourceIdentity
	}
	name := role.ARN[strings.LastIndexByte(role.ARN, '/')+1:]
	key := s.keys.NewSessionKey(sigv4.Identity{
		ARN:            "arn:aws:sts::" + account(role.ARN) + ":assumed-role/" + name + "/" + p.session,
		UserID:         s.roleIDs[role.ARN] + ":" + p.session,
		Account:        account(role.ARN),
		Assumed:        true,
		SourceIdentity: source,
	}, s.now().UTC().Truncate(time.Second).Add(p.duration))
	return Session{
		Key: key, RoleARN: role.ARN, Name: p.session, SourceIdentity: source, Tags: p.tags,
		Policy: p.policy, PolicyARNs: p.policyARNs, Duration: p.duration, Chained: who.Assumed,
	}
}

func reply(s Session, packed int) assumedRole {
	r := assumedRole{XMLNS: namespace, Metadata: newMetadata()}
	r.Result.SourceIdentity = s.SourceIdentity
	r.Result.AssumedRoleUser.Arn = s.Key.ARN
	r.Result.AssumedRoleUser.AssumedRoleID = s.Key.UserID
	c := &r.Result.Credentials
	c.AccessKeyID, c.SecretAccessKey, c.SessionToken = s.Key.ID, s.Key.Secret, s.Key.Token
	c.Expiration = s.Key.Expires.UTC().Format(time.RFC3339)
	r.Result.PackedPolicySize = packed
	return r
}

// account is the fifth part of an ARN.
func account(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// roleOf turns the ARN of a session into that of its role.
func roleOf(arn string) string {
	head, rest, ok := strings.Cut(arn, ":assumed-role/")
	if !ok {
		return arn
	}
	name, _, _ := strings.Cut(rest, "/")
	return strings.Replace(head, ":sts:", ":iam:", 1) + ":role/" + name
}
