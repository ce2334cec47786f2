package fakejira

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// clause is one condition of a query; all must hold. The part of JQL that is
// read here has AND, and the operators =, !=, in, not in, is and is not.
type clause struct {
	field  string // lower case
	negate bool
	values []string // of "in"; one for "="; EMPTY as ""
}

var jqlToken = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|!=|[=(),]|[^\s=!(),"']+(?:\(\))?)`)
})

// parseJQL reads a query; ORDER BY and what follows is left out.
func parseJQL(query string) ([]clause, error) {
	tokens, err := tokenize(query)
	if err != nil {
		return nil, err
	}
	p := &jqlParser{tokens: tokens}
	var out []clause
	for !p.done() {
		c, err := p.clause()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
		if !p.done() && !p.word("and") {
			return nil, fmt.Errorf("expecting AND but got '%s'", p.peek())
		} else if p.done() && p.last == "and" {
			return nil, fmt.Errorf("expecting a field after AND")
		}
	}
	return out, nil
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

func (p *jqlParser) clause() (clause, error) {
	field, err := p.value()
	if err != nil {
		return clause{}, err
	}
	c := clause{field: strings.ToLower(field)}
	known := []string{"id", "key", "issue", "issuekey", "project", "assignee", "status", "statuscategory", "labels"}
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

// missing returns the first issue that a query names and that the caller cannot
// see: one such spoils the whole search.
func (c *call) missing(query []clause) string {
	for _, cl := range query {
		if !cl.byKey() {
			continue
		}
		for _, v := range cl.values {
			if i := c.server.find(v); i == nil || !c.visible(i) {
				return v
			}
		}
	}
	return ""
}

func (c *call) satisfies(i *Issue, query []clause) bool {
	for _, cl := range query {
		if c.holds(i, cl) == cl.negate {
			return false
		}
	}
	return true
}

func (c *call) holds(i *Issue, cl clause) bool {
	st := c.server.status(i.Status)
	var actual []string
	switch cl.field {
	case "project":
		actual = []string{i.Project, c.server.project(i.Project).ID}
	case "status":
		actual = []string{st.ID, st.Name}
	case "statuscategory":
		actual = []string{st.Category, c.categoryName(st)}
	case "assignee":
		actual = []string{i.Assignee}
		if u := c.server.user(i.Assignee); u != nil && !c.cloud() {
			actual = append(actual, u.Name)
		}
	case "labels":
		if actual = i.Labels; len(actual) == 0 {
			actual = []string{""}
		}
	default:
		actual = append([]string{i.ID, i.Key}, i.Former...)
	}
	return slices.ContainsFunc(cl.values, func(v string) bool {
		if strings.EqualFold(v, "currentUser()") {
			return c.user != nil && slices.Contains(actual, c.user.ID)
		}
		return slices.ContainsFunc(actual, func(a string) bool { return strings.EqualFold(a, v) })
	})
}
