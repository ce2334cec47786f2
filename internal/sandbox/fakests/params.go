package fakests

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// The sizes that STS takes.
const (
	maxTags       = 50
	maxTagKey     = 128
	maxTagValue   = 256
	maxPolicy     = 2048 // characters of the inline policy and all ARNs together
	maxPolicyARNs = 10
	// packedRoom is how many characters of tags and policies fit the packed
	// limit here. AWS does not publish its compression; this is a fixed one so
	// that a test can reach it.
	packedRoom = 5000
)

var (
	namePattern = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[\w+=,.@-]*$`)
	})
	tagPattern = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	})
	rolePattern = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+$`)
	})
)

// params are AssumeRole's parameters, checked as to their shape.
type params struct {
	roleARN, session, sourceIdentity string
	externalID, mfaSerial, mfaCode   string
	policy                           string
	policyARNs                       []string
	tags                             map[string]string
	duration                         time.Duration
	packed                           int // per cent of the packed limit
}

func parseParams(form url.Values) (params, error) {
	p := params{
		roleARN:        form.Get("RoleArn"),
		session:        form.Get("RoleSessionName"),
		sourceIdentity: form.Get("SourceIdentity"),
		externalID:     form.Get("ExternalId"),
		mfaSerial:      form.Get("SerialNumber"),
		mfaCode:        form.Get("TokenCode"),
		policy:         form.Get("Policy"),
		policyARNs:     members(form, "PolicyArns.member.", ".arn"),
	}
	if err := p.names(form); err != nil {
		return params{}, err
	}
	if err := p.length(form.Get("DurationSeconds")); err != nil {
		return params{}, err
	}
	if err := p.readTags(form); err != nil {
		return params{}, err
	}
	return p, p.policies()
}

func (p *params) names(form url.Values) error {
	if !rolePattern().MatchString(p.roleARN) {
		return errorf(http.StatusBadRequest, "ValidationError", "%s is invalid", p.roleARN)
	}
	if err := checkName("roleSessionName", p.session); err != nil {
		return err
	}
	if !form.Has("SourceIdentity") {
		return nil
	}
	if strings.HasPrefix(p.sourceIdentity, "aws:") {
		return invalid("Value '%s' at 'sourceIdentity' failed to satisfy constraint: "+
			"Member must not begin with the reserved prefix aws:", p.sourceIdentity)
	}
	return checkName("sourceIdentity", p.sourceIdentity)
}

func checkName(field, value string) error {
	const at = "Value '%s' at '%s' failed to satisfy constraint: "
	switch {
	case len(value) < 2:
		return invalid(at+"Member must have length greater than or equal to 2", value, field)
	case len(value) > 64:
		return invalid(at+"Member must have length less than or equal to 64", value, field)
	case !namePattern().MatchString(value):
		return invalid(at+`Member must satisfy regular expression pattern: [\w+=,.@-]*`, value, field)
	}
	return nil
}

func (p *params) length(seconds string) error {
	p.duration = ordinary
	if seconds == "" {
		return nil
	}
	const at = "Value '%s' at 'durationSeconds' failed to satisfy constraint: "
	n, err := strconv.Atoi(seconds)
	p.duration = time.Duration(n) * time.Second
	switch {
	case err != nil:
		return errorf(http.StatusBadRequest, "MalformedInput", "durationSeconds is not a number")
	case p.duration < shortest:
		return invalid(at+"Member must have value greater than or equal to 900", seconds)
	case p.duration > longest:
		return invalid(at+"Member must have value less than or equal to 43200", seconds)
	}
	return nil
}

func (p *params) readTags(form url.Values) error {
	keys, values := members(form, "Tags.member.", ".Key"), members(form, "Tags.member.", ".Value")
	if len(keys) > maxTags {
		return invalid("Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to %d", maxTags)
	}
	if len(keys) != len(values) {
		return errorf(http.StatusBadRequest, "ValidationError", "a tag has no value")
	}
	p.tags = map[string]string{}
	seen := map[string]bool{}
	for i, key := range keys {
		if err := checkTag(i+1, key, values[i]); err != nil {
			return err
		}
		if seen[strings.ToLower(key)] {
			return errorf(http.StatusBadRequest, "InvalidParameterValue",
				"Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[strings.ToLower(key)] = true
		p.tags[key] = values[i]
	}
	return nil
}

func checkTag(i int, key, value string) error {
	const at = "Value '%s' at 'tags.%d.member.%s' failed to satisfy constraint: "
	const pattern = `Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`
	switch {
	case key == "":
		return invalid(at+"Member must have length greater than or equal to 1", key, i, "key")
	case utf8.RuneCountInString(key) > maxTagKey:
		return invalid(at+"Member must have length less than or equal to 128", key, i, "key")
	case utf8.RuneCountInString(value) > maxTagValue:
		return invalid(at+"Member must have length less than or equal to 256", value, i, "value")
	case !tagPattern().MatchString(key):
		return invalid(at+pattern, key, i, "key")
	case !tagPattern().MatchString(value):
		return invalid(at+pattern, value, i, "value")
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return errorf(http.StatusBadRequest, "InvalidParameterValue", "Tag keys may not begin with aws:")
	}
	return nil
}

// policies checks the session policies and how much of the packed limit they
// and the tags take.
func (p *params) policies() error {
	if len(p.policyARNs) > maxPolicyARNs {
		return invalid("Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to %d", maxPolicyARNs)
	}
	size := utf8.RuneCountInString(p.policy)
	for _, arn := range p.policyARNs {
		size += len(arn)
	}
	if size > maxPolicy {
		return invalid("Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to %d", maxPolicy)
	}
	for k, v := range p.tags {
		size += len(k) + len(v)
	}
	p.packed = size * 100 / packedRoom
	if p.packed > 100 {
		return errorf(http.StatusBadRequest, "PackedPolicyTooLarge",
			"Packed size of session tags consumes %d%% of allotted space.", p.packed)
	}
	return checkPolicy(p.policy)
}

// checkPolicy reads as much of an IAM policy as decides whether it is one.
func checkPolicy(policy string) error {
	if policy == "" {
		return nil
	}
	var doc struct {
		Version   string
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(policy), &doc); err != nil {
		return errorf(http.StatusBadRequest, "MalformedPolicyDocument", "This policy contains invalid Json")
	}
	var statements []struct{ Effect string }
	if err := json.Unmarshal(doc.Statement, &statements); err != nil {
		statements = make([]struct{ Effect string }, 1)
		if json.Unmarshal(doc.Statement, &statements[0]) != nil {
			return errorf(http.StatusBadRequest, "MalformedPolicyDocument", "Syntax errors in policy.")
		}
	}
	for _, st := range statements {
		if st.Effect != "Allow" && st.Effect != "Deny" {
			return errorf(http.StatusBadRequest, "MalformedPolicyDocument", "Syntax errors in policy.")
		}
	}
	return nil
}

// members reads a list of the Query protocol: PREFIX1SUFFIX, PREFIX2SUFFIX, …
func members(form url.Values, prefix, suffix string) []string {
	var out []string
	for i := 1; ; i++ {
		name := prefix + strconv.Itoa(i) + suffix
		if !form.Has(name) {
			return out
		}
		out = append(out, form.Get(name))
	}
}
