package sigv4

import "strings"

const algorithm = "AWS4-HMAC-SHA256"

// authorization is a parsed Authorization header.
type authorization struct {
	keyID, day, region, service string
	signed                      []string // lower case, sorted by the client
	signature                   string
}

// parseAuthorization reads "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…,
// Signature=…". Failures are of the kinds Missing and Incomplete.
func parseAuthorization(header string) (authorization, error) {
	if header == "" {
		return authorization{}, refuse(Missing, "Request is missing Authentication Token")
	}
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return authorization{}, refuse(Incomplete, "Unsupported Authorization type: only %s is taken", algorithm)
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if parts[name] == "" {
			return authorization{}, refuse(Incomplete, "Authorization header requires '%s' parameter.", name)
		}
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" {
		return authorization{}, refuse(Incomplete, "Credential must have exactly 5 slash-delimited elements")
	}
	return authorization{
		keyID: scope[0], day: scope[1], region: scope[2], service: scope[3],
		signed:    strings.Split(parts["SignedHeaders"], ";"),
		signature: parts["Signature"],
	}, nil
}
