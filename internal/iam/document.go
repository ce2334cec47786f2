// Package iam writes down what AWS and the hosts must have in place for a policy
// to hold: who may assume a role and how, what the log's bucket takes, and which
// certificates a host accepts. It decides nothing and calls nobody.
package iam

// Version is the version of AWS's policy language.
const Version = "2012-10-17"

// Document is a policy of AWS.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement is one statement of a Document. Principal, Resource and NotResource are
// left out where the kind of policy has none.
type Statement struct {
	Sid         string
	Effect      string
	Principal   any `json:",omitempty"` // "*", or a map of AWS to ARNs
	Action      []string
	Resource    []string  `json:",omitempty"`
	NotResource []string  `json:",omitempty"`
	Condition   Condition `json:",omitempty"`
}

// Condition has for each operator the keys and the values that it takes.
type Condition map[string]map[string][]string

// The effects of a statement.
const (
	allow = "Allow"
	deny  = "Deny"
)

// principals are accounts, users and roles by their ARNs.
func principals(arns []string) map[string][]string { return map[string][]string{"AWS": arns} }

func document(statements ...Statement) Document {
	return Document{Version: Version, Statement: statements}
}
