// Package schema holds the JSON Schemas of policies and of the cases that they
// are tested with, for editors. What decides is the parser: a schema refuses
// nothing that it takes, and as much of the rest as a schema can tell.
package schema

import _ "embed"

//go:embed policy.schema.json
var policy string

//go:embed tests.schema.json
var tests string

// Policy is the schema of a policy file.
func Policy() string { return policy }

// Tests is the schema of a file of cases.
func Tests() string { return tests }
