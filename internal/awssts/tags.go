package awssts

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/ticket"
	"github.com/jitaccess/jit/pkg/audit"
)

// The session tags that jit sets. Keys that begin with tagPrefix are jit's.
const (
	TagTicket      = "jit:ticket"
	TagGrant       = "jit:grant"
	TagEntitlement = "jit:entitlement"
	TagPolicy      = "jit:policy"
	TagPrincipal   = "jit:principal"
	tagPrefix      = "jit:"
)

// The limits of STS on session tags (API reference of AssumeRole, Tags).
const (
	maxTags     = 50
	maxTagValue = 256 // in characters, not bytes
	ownTags     = 5
)

// tags are jit's own followed by the entitlement's, sorted by key.
func tags(g grant.Grant, more map[string]string) []types.Tag {
	list := []types.Tag{
		tag(TagTicket, string(g.Ticket)),
		tag(TagGrant, string(g.ID)),
		tag(TagEntitlement, g.Entitlement),
		tag(TagPolicy, g.Policy),
		tag(TagPrincipal, readableTag(g.PrincipalName, g.Principal)),
	}
	for _, key := range slices.Sorted(maps.Keys(more)) {
		list = append(list, tag(key, more[key]))
	}
	return list
}

func tag(key, value string) types.Tag {
	return types.Tag{Key: aws.String(key), Value: aws.String(value)}
}

// checkTags refuses, with class Config, tags that would pass for jit's own. The
// policy refuses them too; here it is what keeps the audit trail true.
func checkTags(e policy.Entitlement) error {
	for key := range e.AWS.Tags {
		if len(key) >= len(tagPrefix) && strings.EqualFold(key[:len(tagPrefix)], tagPrefix) {
			return fault.New(fault.Config, "entitlement %s sets the session tag %s, which is jit's own", e.Name, oneLine(key)).
				WithHint("give the tag another name in the policy")
		}
	}
	if n := len(e.AWS.Tags); n > maxTags-ownTags {
		return fault.New(fault.Config, "entitlement %s has %d session tags, and STS takes %d beside jit's own", e.Name, n, maxTags-ownTags).
			WithHint("take some out of the policy")
	}
	return nil
}

// readableTag makes a person's name a tag value: STS takes letters, digits,
// spaces and _.:/=+-@ of any script, at most 256 of them. Marks that combine
// with a letter are dropped, anything else becomes an underscore. Where nothing
// is left, the escaped id stands in for the name.
func readableTag(name, id string) string {
	value := strings.Map(tagRune, ticket.Clean(name))
	value = strings.Join(strings.Fields(value), " ")
	if len(value) >= 4 && strings.EqualFold(value[:4], "aws:") {
		value = "_" + value // reserved, in values of tags too
	}
	if r := []rune(value); len(r) > maxTagValue {
		value = strings.TrimSpace(string(r[:maxTagValue]))
	}
	if strings.Trim(value, "_ ") == "" {
		return audit.EscapeID(id)
	}
	return value
}

func tagRune(r rune) rune {
	switch {
	case unicode.IsLetter(r), unicode.IsNumber(r), strings.ContainsRune("_.:/=+-@", r):
		return r
	case unicode.Is(unicode.Z, r):
		return ' '
	case unicode.IsMark(r):
		return -1
	}
	return '_'
}
