package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// MaxSessionPolicy is how many characters STS takes for the inline session
// policy and the ARNs of managed ones together. The white space of the JSON is
// dropped first, since it counts.
const MaxSessionPolicy = 2048

// sessionPolicy reads session_policy or session_policy_file.
func (f *file) sessionPolicy(o object, out *AWS) {
	inline, hasInline := o.Find("session_policy")
	named, hasFile := o.Find("session_policy_file")
	at := inline.Value
	switch {
	case hasInline && hasFile:
		f.Problem(later(inline.Key, named.Key), "aws has both session_policy and session_policy_file; keep one")
		return
	case hasInline:
		if it, ok := f.AnyText(inline.Value, "session_policy"); ok {
			out.SessionPolicy = f.sessionJSON(it, f.Name, []byte(it.Value))
		}
	case hasFile:
		at = named.Value
		out.SessionPolicy = f.sessionFile(named.Value)
	default:
		return
	}
	total := utf8.RuneCountInString(out.SessionPolicy)
	for _, arn := range out.PolicyARNs {
		total += utf8.RuneCountInString(arn)
	}
	if total > MaxSessionPolicy {
		f.Problem(at, "the session policy and policy_arns have %d characters together, and STS takes %d", total, MaxSessionPolicy)
	}
}

func (f *file) sessionFile(n *yaml.Node) string {
	it, ok := f.Text(n, "session_policy_file")
	if !ok {
		return ""
	}
	path := filepath.FromSlash(it.Value)
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.dir, path)
	}
	data, err := f.c.open(path)
	if err != nil {
		f.Problem(it.Node, "session_policy_file %.200q: %s", it.Value, err.Error())
		return ""
	}
	return f.sessionJSON(it, path, data)
}

// sessionJSON checks a session policy and drops its white space. Mistakes in a
// file of its own are told with their place in that file.
func (f *file) sessionJSON(it item, path string, data []byte) string {
	var doc map[string]json.RawMessage // and no struct, which would take "statement" too
	tell := func(offset int64, msg string) string {
		if path == f.Name {
			f.Problem(it.Node, "session_policy %s", msg)
			return ""
		}
		line, col := lineColumn(data, offset)
		f.Problems.Add(path, line, col, "the session policy %s", msg)
		return ""
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		syntax, isSyntax := errors.AsType[*json.SyntaxError](err)
		if !isSyntax {
			return tell(1, "is not a JSON object")
		}
		return tell(syntax.Offset, "is not valid JSON: "+strings.TrimPrefix(err.Error(), "json: "))
	}
	if len(doc["Statement"]) == 0 {
		return tell(1, "has no Statement")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return tell(1, "is not valid JSON")
	}
	// STS takes tab, line ends and the characters from blank to U+00FF.
	if i := bytes.IndexFunc(data, func(r rune) bool { return r > 0xff }); i >= 0 {
		return tell(int64(i)+1, "has a character beyond U+00FF, which STS does not take; write it as \\uXXXX")
	}
	return b.String()
}

// lineColumn turns the offset of a byte, from 1, into a place, from 1.
func lineColumn(data []byte, offset int64) (int, int) {
	before := data[:min(max(offset-1, 0), int64(len(data)))]
	last := bytes.LastIndexByte(before, '\n')
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[last+1:]) + 1
}
