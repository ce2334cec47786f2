package fakejira

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// query is a condition of JQL: one clause, or others of which all or any hold.
// The part of JQL that is read here has AND, OR, parentheses, and the operators
// =, !=, in, not in, is and is not.
type query struct {
	clause *clause
	any    bool
	parts  []query
}

// clauses are all clauses of a query, wherever they stand.
func (q query) clauses() []clause {
	if q.clause != nil {
		return []clause{*q.clause}
	}
	var out []clause
	for _, p := range q.parts {
		out = append(out, p.clauses()...)
	}
	return out
}

// clause is one condition.
type clause struct {
	field  string // lower case
	negate bool
	values []string // of "in"; one for "="; EMPTY as ""
}

var jqlToken = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|!=|[=(),]|[^\s=!(),"']+(?:\(\))?)`)
})

// parseJQL reads a query; ORDER BY and what follows is left out. An empty one
// has no parts, and holds for every issue.
func parseJQL(text string) (query, error) {
	tokens, err := tokenize(text)
	if err != nil || len(tokens) == 0 {
		return query{}, err
	}
	p := &jqlParser{tokens: tokens}
	q, err := p.either()
	if err == nil && !p.done() {
		err = fmt.Errorf("expecting AND or OR but got '%s'", p.peek())
	}
	return q, err
}

func tokenize(query string) ([]string, error) {
	var tokens []string
	for strings.TrimSpace(query) != "" {
		m := jqlToken().FindStringSubmatch(query)
		if m == nil {
			return nil, fmt.Errorf("the character '%s' is reserved", strings.TrimSpace(query)[:1])
		}
		query = query[len(m[0]):]
		if strings.EqualFold(m[1], "order") {
			break
		}
		tokens = append(tokens, m[1])
	}
	return tokens, nil
}

type jqlParser struct {
	tokens []string
	last   string // the keyword that word took last
	nested int
}

func (p *jqlParser) done() bool { return len(p.tokens) == 0 }

func (p *jqlParser) peek() string {
	if p.done() {
		return "the end"
	}
	return p.tokens[0]
}

// word takes the next token where it is this keyword.
func (p *jqlParser) word(w string) bool {
	if p.done() || !strings.EqualFold(p.tokens[0], w) {
		return false
	}
	p.tokens, p.last = p.tokens[1:], w
	return true
}

// value takes the next token as a name or a string.
func (p *jqlParser) value() (string, error) {
	if p.done() || strings.ContainsAny(p.tokens[0][:1], "=!(),") {
		return "", fmt.Errorf("expecting a value but got '%s'", p.peek())
	}
	v := p.tokens[0]
	p.tokens, p.last = p.tokens[1:], ""
	if v[0] == '"' || v[0] == '\'' {
		return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`).Replace(v[1 : len(v)-1]), nil
	}
	if strings.EqualFold(v, "empty") || strings.EqualFold(v, "null") {
		return "", nil
	}
	return v, nil
}

// maxNested bounds parentheses, since each is a call of its own.
const maxNested = 20

// either reads conditions joined by OR, which binds less than AND.
func (p *jqlParser) either() (query, error) {
	return p.joined("or", func() (query, error) { return p.joined("and", p.condition) })
}

func (p *jqlParser) joined(word string, part func() (query, error)) (query, error) {
	q := query{any: word == "or"}
	for {
		one, err := part()
		if err != nil {
			return query{}, err
		}
		q.parts = append(q.parts, one)
		if !p.word(word) {
			return q, nil
		}
	}
}

// condition reads a clause, or a query in parentheses.
func (p *jqlParser) condition() (query, error) {
	if !p.word("(") {
		c, err := p.clause()
		return query{clause: &c}, err
	}
	if p.nested++; p.nested > maxNested {
		return query{}, fmt.Errorf("the query is nested too deep")
	}
	q, err := p.either()
	if err == nil && !p.word(")") {
		err = fmt.Errorf("expecting ')' but got '%s'", p.peek())
	}
	p.nested--
	return q, err
}

func (p *jqlParser) clause() (clause, error) {
	field, err := p.value()
	if err != nil {
		return clause{}, err
	}
	c := clause{field: strings.ToLower(field)}
	known := []string{"id", "key", "issue", "issuekey", "project", "assignee", "reporter", "status", "statuscategory", "labels"}
	if !slices.Contains(known, c.field) {
		return clause{}, fmt.Errorf("field '%s' does not exist or you do not have permission to view it", field)
	}
	many := false
	switch {
	case p.word("="), p.word("is") && !p.word("not"):
	case p.word("!="), p.last == "not":
		c.negate = true
	case p.word("in"):
		many = true
	case p.word("not") && p.word("in"):
		c.negate, many = true, true
	default:
		return clause{}, fmt.Errorf("expecting an operator but got '%s'", p.peek())
	}
	c.values, err = p.operand(many)
	return c, err
}

func (p *jqlParser) operand(many bool) ([]string, error) {
	if !many {
		v, err := p.value()
		return []string{v}, err
	}
	if !p.word("(") {
		return nil, fmt.Errorf("expecting '(' but got '%s'", p.peek())
	}
	var out []string
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if p.word(")") {
			return out, nil
		}
		if !p.word(",") {
			return nil, fmt.Errorf("expecting ',' or ')' but got '%s'", p.peek())
		}
	}
}

func (c clause) byKey() bool {
	return slices.Contains([]string{"id", "key", "issue", "issuekey"}, c.field)
}
