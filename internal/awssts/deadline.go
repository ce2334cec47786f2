package awssts

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy"
)

// deadline is the entitlement's session policy with a statement that denies
// everything from a moment on. A session policy only narrows, so one that has
// nothing but this statement would allow nothing: where the entitlement has
// none, everything that the role may do is allowed beside it.
func deadline(role *policy.AWS, at time.Time) (*string, error) {
	deny := map[string]any{
		"Effect": "Deny", "Action": "*", "Resource": "*",
		"Condition": map[string]any{"DateGreaterThanEquals": map[string]string{"aws:CurrentTime": at.UTC().Format(time.RFC3339)}},
	}
	doc := map[string]any{"Version": "2012-10-17"}
	var statements []any
	switch {
	case role.SessionPolicy != "":
		if err := json.Unmarshal([]byte(role.SessionPolicy), &doc); err != nil {
			return nil, fault.Wrap(fault.Config, err, "the session policy does not read")
		}
		if list, ok := doc["Statement"].([]any); ok {
			statements = list
		} else {
			statements = []any{doc["Statement"]}
		}
	case len(role.PolicyARNs) == 0: // else the managed ones say what is allowed
		statements = []any{map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}}
	}
	doc["Statement"] = append(statements, deny)
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the session policy cannot be written")
	}
	if len(text) > policy.MaxSessionPolicy {
		return nil, fault.New(fault.Config, "the session policy with the end of the window has %d characters, and STS takes %d", len(text), policy.MaxSessionPolicy).
			WithHint("shorten the session policy, or ask where more than %s of the window is left", short(MinSession))
	}
	return aws.String(string(text)), nil
}
