package policy

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// Limits of STS, from the reference of AssumeRole.
const (
	maxPolicyARNs = 10
	maxTags       = 50 - ownTags
	ownTags       = 5 // jit:ticket, jit:grant, jit:entitlement, jit:policy, jit:principal
	maxTagKey     = 128
	maxTagValue   = 256
)

// aws reads aws.
func (f *file) aws(e entry) *AWS {
	out := &AWS{}
	o := f.Object(e.Value, e.Key, "aws", "role_arn", "session_policy", "session_policy_file", "policy_arns",
		"tags", "external_id", "mfa_serial", "source_identity", "region")
	if !o.OK {
		return out
	}
	if o.Get("role_arn") == nil {
		f.Problem(o.At, "aws must have role_arn")
	}
	out.RoleARN = f.matching(o, "role_arn", isRole, "the ARN of a role, such as arn:aws:iam::111122223333:role/jit-ro")
	out.ExternalID = f.matching(o, "external_id", isExternalID, "an external id: 2 to 1224 of letters, digits and _+=,.@:/-")
	out.MFASerial = f.matching(o, "mfa_serial", isMFASerial, "an MFA serial, such as arn:aws:iam::111122223333:mfa/ada")
	out.Region = f.matching(o, "region", isRegion, "a region, such as eu-west-1")
	if n := o.Get("source_identity"); n != nil {
		if it, ok := f.Text(n, "source_identity"); ok && it.Value != SourceIdentityInherit {
			f.Problem(it.Node, "source_identity is %q or left out, not %.80q", SourceIdentityInherit, it.Value)
		} else {
			out.SourceIdentity = it.Value
		}
	}
	if n := o.Get("policy_arns"); n != nil {
		out.PolicyARNs = f.policyARNs(n)
	}
	if n := o.Get("tags"); n != nil {
		out.Tags = f.tags(n)
	}
	f.sessionPolicy(o, out)
	return out
}

// matching reads an optional text of a shape.
func (f *file) matching(o object, key string, is func(string) bool, want string) string {
	n := o.Get(key)
	if n == nil {
		return ""
	}
	it, ok := f.Text(n, key)
	if ok && !is(it.Value) {
		f.Problem(it.Node, "%.200q is not %s", it.Value, want)
	}
	return it.Value
}

func (f *file) policyARNs(n *yaml.Node) []string {
	items := f.Texts(n, "policy_arns")
	if len(items) > maxPolicyARNs {
		f.Problem(items[maxPolicyARNs].Node, "policy_arns has %d values, and STS takes %d", len(items), maxPolicyARNs)
	}
	values := make([]string, 0, len(items))
	for _, it := range items {
		if !isManagedPolicy(it.Value) {
			f.Problem(it.Node, "%.200q is not the ARN of a managed policy, such as arn:aws:iam::aws:policy/ReadOnlyAccess", it.Value)
		}
		values = append(values, it.Value)
	}
	return values
}

func (f *file) tags(n *yaml.Node) map[string]string {
	entries, ok := f.Mapping(n, "tags")
	if !ok {
		return nil
	}
	if len(entries) > maxTags {
		f.Problem(entries[maxTags].Key, "there are %d tags, and STS takes 50 with the %d that jit sets", len(entries), ownTags)
	}
	tags := make(map[string]string, len(entries))
	first := map[string]*yaml.Node{}
	for _, e := range entries {
		f.tagKey(e)
		folded := strings.ToLower(e.Name)
		if before, dup := first[folded]; dup {
			f.Problem(e.Key, "tag %.80q differs only in case from the one at line %d, and STS compares without case", e.Name, before.Line)
		}
		first[folded] = e.Key
		tags[e.Name] = f.tagValue(e)
	}
	return tags
}

func (f *file) tagKey(e entry) {
	folded := strings.ToLower(e.Name)
	switch {
	case strings.HasPrefix(folded, "jit:"):
		f.Problem(e.Key, "tag %.80q: tags that begin with jit: are jit's own", e.Name)
	case strings.HasPrefix(folded, "aws:"):
		f.Problem(e.Key, "tag %.80q: tags that begin with aws: belong to AWS", e.Name)
	case !isTagText(e.Name, 1, maxTagKey):
		f.Problem(e.Key, "%.80q cannot be the key of a tag: STS takes 1 to %d letters, digits, blanks and _.:/=+-@", e.Name, maxTagKey)
	}
}

func (f *file) tagValue(e entry) string {
	it, ok := f.AnyText(e.Value, "the value of tag "+strings.TrimSpace(e.Name))
	if ok && !isTagText(it.Value, 0, maxTagValue) {
		f.Problem(it.Node, "%.80q cannot be the value of a tag: STS takes up to %d letters, digits, blanks and _.:/=+-@", it.Value, maxTagValue)
	}
	return it.Value
}
